/**
 * Whether a server is the one that the settings trust: by its key alone, or by its certificate, the authority behind it
 * (RFC 5280), its name (RFC 9525) and its dates. Pure: cryptography and the time are handed in.
 */

import { elementsOf } from "../codec/pem.js";
import {
  type Certificate,
  equal,
  KeyKind,
  type Method,
  type PublicKey,
  parseCertificate,
} from "./certificate.js";
import { isFor, whomFor } from "./names.js";
import {
  expired,
  NO_CLOCK,
  NOT_AN_AUTHORITY,
  NOT_FOR_SERVERS,
  NOT_PINNED,
  notYetValid,
  UNKNOWN_AUTHORITY,
  wrongName,
} from "./reasons.js";

export interface Cryptography {
  /** SHA-256 of `data`. */
  digest(data: Uint8Array): Uint8Array;
  /** Whether `signature` is that of `data` by the owner of `key`. The key's kind goes with the method's. */
  verify(method: Method, key: PublicKey, data: Uint8Array, signature: Uint8Array): boolean;
}

export interface Trust {
  /** SHA-256 of the key that is trusted whatever its certificate says. */
  readonly pin: Uint8Array | undefined;
  /** DER of the certificates of authorities, one after the other; not looked at where there is a pin. */
  readonly authorities: Uint8Array | undefined;
  /** As whom the server was called. */
  readonly host: string;
  /** Milliseconds since 1970, or `undefined` while the clock has not been set. */
  readonly now: number | undefined;
}

/** Certificates between the server's and the authority's: two are common, more are an attempt to keep us busy. */
const INTERMEDIATES = 3;

/**
 * Checks what a server has shown.
 * @param chain its own certificate first, then those of the authorities on the way up, in any order
 * @returns the key that the server has to prove to own
 * @throws Error with the reason, in words that tell what to do
 */
export function checkServer(
  chain: readonly Uint8Array[],
  trust: Trust,
  cryptography: Cryptography,
): PublicKey {
  if (chain.length === 0) throw new Error("the server has no certificate");
  const server = parseCertificate(chain[0]);
  checkKey(server.key, "the server's key");
  // Moddable's TLS does its key exchange on P-256 alone.
  if (server.key.kind === KeyKind.P384) throw new Error("the server's key is on P-384: use RSA or P-256");
  const { pin, authorities, host, now } = trust;
  if (pin) {
    if (!equal(cryptography.digest(server.key.info), pin)) throw new Error(NOT_PINNED);
    return server.key;
  }
  if (!authorities) throw new Error(UNKNOWN_AUTHORITY);
  if (now === undefined) throw new Error(NO_CLOCK);
  checkAuthority(server, chain, elementsOf(authorities).map(parseCertificate), now, cryptography);
  checkDates(server, "server's", now);
  if (server.hasUnknownDemand) {
    throw new Error("the server's certificate has a critical extension that the node does not know");
  }
  if (!server.isForServers) throw new Error(NOT_FOR_SERVERS);
  if (!isFor(server, host)) throw new Error(wrongName(host, whomFor(server)));
  return server.key;
}

/** From the server's certificate up to one that is trusted. The signatures are checked from the top down: no key is used before it is vouched for. */
function checkAuthority(
  server: Certificate,
  chain: readonly Uint8Array[],
  authorities: readonly Certificate[],
  now: number,
  cryptography: Cryptography,
): void {
  for (let i = 0; i < authorities.length; i++) {
    // A server that is its own authority, or one that was trusted by itself.
    if (equal(authorities[i].der, server.der)) return;
  }
  const path = [server];
  for (;;) {
    const lowest = path[path.length - 1];
    const authority = issuerAmong(authorities, lowest);
    if (authority) {
      if (!authority.isAuthority) {
        throw new Error("the certificate in ca is not one of an authority: CA:TRUE is missing in it");
      }
      checkDates(authority, "authority's", now);
      checkPath(path, authority, now, cryptography);
      return;
    }
    if (path.length > INTERMEDIATES) throw new Error(UNKNOWN_AUTHORITY);
    const next = nextAbove(chain, path);
    if (!next) throw new Error(UNKNOWN_AUTHORITY);
    path.push(next);
  }
}

function issuerAmong(authorities: readonly Certificate[], certificate: Certificate): Certificate | undefined {
  for (let i = 0; i < authorities.length; i++) {
    if (equal(authorities[i].subject, certificate.issuer)) return authorities[i];
  }
  return undefined;
}

/** The certificate in the chain that is the issuer of the path's last, and not in the path yet. */
function nextAbove(chain: readonly Uint8Array[], path: readonly Certificate[]): Certificate | undefined {
  const { issuer } = path[path.length - 1];
  for (let i = 1; i < chain.length && i <= 2 * INTERMEDIATES; i++) {
    const candidate = parseCertificate(chain[i]);
    if (!equal(candidate.subject, issuer)) continue;
    if (path.every((other) => !equal(other.der, candidate.der))) return candidate;
  }
  return undefined;
}

/** @param path the server's certificate, then its issuer and so on; the last is the authority's to vouch for */
function checkPath(
  path: readonly Certificate[],
  authority: Certificate,
  now: number,
  cryptography: Cryptography,
): void {
  let issuer = authority;
  for (let i = path.length - 1; i >= 0; i--) {
    const certificate = path[i];
    checkKey(issuer.key, "an authority's key");
    // `i` authorities stand between this one's issuer and the server.
    if (i > issuer.pathLength) throw new Error(NOT_AN_AUTHORITY);
    checkSignature(certificate, issuer.key, cryptography);
    if (i === 0) return;
    if (!certificate.isAuthority || !certificate.isForServers || certificate.hasUnknownDemand) {
      throw new Error(NOT_AN_AUTHORITY);
    }
    checkDates(certificate, "authority's", now);
    issuer = certificate;
  }
}

function checkSignature(certificate: Certificate, key: PublicKey, cryptography: Cryptography): void {
  const { method, signed, signature } = certificate;
  if (!method)
    throw new Error("a certificate is signed in an outdated or unknown way: use SHA-256 and RSA or ECDSA");
  const fits = method.rsa === (key.kind === KeyKind.RSA);
  if (!fits || !cryptography.verify(method, key, signed, signature)) throw new Error(UNKNOWN_AUTHORITY);
}

/** Key sizes that are safe, and that the SDK's arithmetic can be trusted with. */
function checkKey({ kind, value, exponent }: PublicKey, what: string): void {
  if (kind === KeyKind.OTHER)
    throw new Error(`${what} is of a kind that the node does not know: use RSA or P-256`);
  if (kind !== KeyKind.RSA) return;
  const isOdd = (value[value.length - 1] & 1) === 1;
  // 65,537 or more: with 3 a lax reader of signatures can be cheated (Bleichenbacher, 2006).
  const isSafe = exponent.length >= 3 && exponent.length <= 4 && (exponent[exponent.length - 1] & 1) === 1;
  if (value.length < 256 || value.length > 512 || !isOdd || !isSafe) {
    throw new Error(
      `${what} is an RSA key of ${value.length * 8} bits: 2048 to 4096 with the exponent 65537 are needed`,
    );
  }
}

function checkDates({ notBefore, notAfter }: Certificate, whose: string, now: number): void {
  if (now < notBefore) throw new Error(notYetValid(whose, notBefore));
  if (now > notAfter) throw new Error(expired(whose, notAfter));
}
