import type { IO, Resolver, ResolverClass } from "../ports.js";

/**
 * A resolver whose answers can be called off. Moddable's MQTT client throws when it is closed while a name is being
 * resolved and the answer comes after; a throw out of a callback restarts the device.
 *
 * @param dns the board's resolver
 * @param isWanted asked before an answer is handed on
 */
export function revocable(dns: IO<ResolverClass>, isWanted: () => boolean): IO<ResolverClass> {
  class RevocableResolver implements Resolver {
    resolve(options: Parameters<Resolver["resolve"]>[0]): void {
      new dns.io(dns).resolve({
        host: options.host,
        onResolved: (host, address) => {
          if (isWanted()) options.onResolved(host, address);
        },
        onError: (host) => {
          if (isWanted()) options.onError(host);
        },
      });
    }
  }
  return { ...dns, io: RevocableResolver };
}
