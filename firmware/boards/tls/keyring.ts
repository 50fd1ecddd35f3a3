/** The certificate manager of a TLS session: what the session asks for of certificates and keys. */

import type { PublicKey } from "../../tls/certificate.js";
import { type Credentials, parseRSAKey } from "../../tls/credentials.js";
import { checkServer } from "../../tls/trust.js";
import { cryptography, sdkKey, sdkPrivateKey } from "./cryptography.js";

export class Keyring {
  #credentials: Credentials;
  #host: string;
  #now: () => number | undefined;
  #serverKey: object | undefined;

  /** @param host as whom the server is called */
  constructor(credentials: Credentials, host: string, now: () => number | undefined) {
    this.#credentials = credentials;
    this.#host = host;
    this.#now = now;
  }

  /** @throws Error with the reason where the server is not trusted */
  verify(chain: readonly Uint8Array[]): boolean {
    const { pin, authorities } = this.#credentials;
    const key: PublicKey = checkServer(
      chain,
      { pin, authorities, host: this.#host, now: this.#now() },
      cryptography,
    );
    this.#serverKey = sdkKey(key);
    return true;
  }

  /** The session shows the server's certificate once more; its key is known from `verify`. */
  register(): void {}

  /** The private key of the node's own certificate, or the public one of the server's. */
  getKey(certificate: object): object {
    const { chain, key } = this.#credentials;
    if (key && certificate === chain[0]) return sdkPrivateKey(parseRSAKey(key));
    if (!this.#serverKey) throw new Error("the server has shown no certificate");
    return this.#serverKey;
  }

  /** What the node shows to a server that asks for a certificate. */
  findPreferredCert(): readonly Uint8Array[] {
    return this.#credentials.chain;
  }
}
