/** ECMA-419's DNS resolver on the platform's own, which knows the name servers that DHCP gave. */
export class SystemResolver {
  resolve(options: {
    host: string;
    onResolved(host: string, address: string): void;
    onError(host: string): void;
  }): void {
    const { host } = options;
    // A desktop may answer "localhost" with an IPv6 address, which the simulator's sockets do not speak.
    System.resolve(host === "localhost" ? "127.0.0.1" : host, (_name, address) => {
      if (address === undefined) options.onError(host);
      else options.onResolved(host, address);
    });
  }
}
