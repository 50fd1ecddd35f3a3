import dns from "node:dns";

export interface ResolveOptions {
  host: string;
  onResolved?: (host: string, address: string) => void;
  onError?: (host: string) => void;
}

/** ECMA-419's DNS resolver on the operating system's: hosts file, mDNS and all. */
export class Resolver {
  resolve(options: ResolveOptions): void {
    const { host, onResolved, onError } = options;
    dns.lookup(host, { order: "ipv4first" }, (error, address) => {
      if (error) onError?.(host);
      else onResolved?.(host, address);
    });
  }

  close(): void {}
}
