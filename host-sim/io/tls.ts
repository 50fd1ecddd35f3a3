import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import net from "node:net";
import tls from "node:tls";
import { Content, contentOf } from "../../firmware/codec/pem.js";
import {
  alertText,
  Client,
  expired,
  NO_TLS,
  NOT_AN_AUTHORITY,
  NOT_FOR_SERVERS,
  NOT_PINNED,
  notYetValid,
  UNKNOWN_AUTHORITY,
  wrongName,
} from "../../firmware/tls/reasons.js";
import { bytesOf } from "../chips/options.js";
import { TCP, type TCPOptions } from "./tcp.js";

type Bytes = string | Uint8Array | ArrayBuffer;

export interface Secure {
  /** Certificates of the authorities to trust, PEM or DER; the system's without it. */
  certificate?: Bytes;
  /** SHA-256 of the server's public key (SubjectPublicKeyInfo in DER): who has it is trusted, and nobody else. */
  pin?: Uint8Array;
  /** The client's certificate, PEM or DER, then those of authorities between it and one that the server knows. */
  clientCertificates?: readonly Bytes[];
  /** Its private key, PEM or DER: PKCS #8, PKCS #1 or SEC 1. */
  clientKey?: Bytes;
  /** False trusts whoever answers. Moddable's option. */
  verify?: boolean;
  /** Names of protocols, of which the server chooses one (RFC 7301). Moddable's option. */
  applicationLayerProtocolNegotiation?: string | readonly string[];
}

export interface TLSOptions extends TCPOptions {
  /** The name that the certificate must be for. */
  host?: string;
  secure?: Secure;
}

/** Made once for each set of credentials: it is large, and a link may try for days. */
const contexts = new WeakMap<Secure, tls.SecureContext>();

/**
 * What Node makes of credentials.
 * @throws Error where a certificate or the key cannot be read, or the key is not the certificate's
 */
export function secureContext(secure: Secure): tls.SecureContext {
  let context = contexts.get(secure);
  if (!context) {
    const { certificate, clientCertificates, clientKey } = secure;
    const chain = clientCertificates?.map(pemOf).join("\n");
    const key = clientKey && keyOf(clientKey);
    // OpenSSL does not compare a key with a certificate for another kind of key.
    if (chain && key && !new X509Certificate(chain).checkPrivateKey(createPrivateKey(key)))
      throw new Error("key mismatch");
    context = tls.createSecureContext({
      minVersion: "TLSv1.2",
      // An authority in the middle of a chain may be the one that is trusted, as on a device.
      ...{ allowPartialTrustChain: true },
      ...(certificate !== undefined && { ca: pemOf(certificate) }),
      ...(chain && { cert: chain }),
      ...(key && { key }),
    });
    contexts.set(secure, context);
  }
  return context;
}

/**
 * Opens a connection. Nothing may be written to it before `onSecure` is called: only then the server has been found to be
 * the one that is trusted.
 */
export function connectSecurely(
  to: { address: string; port: number; host: string | undefined; secure: Secure },
  onSecure: () => void,
): tls.TLSSocket {
  const { address, port, host, secure } = to;
  const { pin, verify = true, applicationLayerProtocolNegotiation: protocols } = secure;
  const socket = tls.connect({
    host: address,
    port,
    secureContext: secureContext(secure),
    // With a pin nothing but the key counts, which is looked at below.
    rejectUnauthorized: pin === undefined && verify,
    ...(protocols !== undefined && { ALPNProtocols: [protocols].flat() }),
    ...(host !== undefined && net.isIP(host) === 0 && { servername: host }),
    checkServerIdentity: (_name, peer) => tls.checkServerIdentity(host ?? address, peer),
  });
  return socket.on("secureConnect", () => {
    if (pin && !hasKey(socket, pin)) socket.destroy(new Error(NOT_PINNED));
    else onSecure();
  });
}

/** A TCP socket inside TLS, on `node:tls`. It is writable once the server has been found to be the one that is trusted. */
export class TLS extends TCP {
  // Set while the constructor of TCP runs, before this class could have initialised anything.
  declare private hasCertificate?: boolean;
  declare private isSecure?: boolean;

  protected override connect(address: string, port: number, options: TLSOptions): net.Socket {
    const { host, secure = {} } = options;
    this.hasCertificate = secure.clientKey !== undefined;
    return connectSecurely({ address, port, host, secure }, () => {
      this.isSecure = true;
      this.onTransportConnected();
    });
  }

  protected override get ended(): string {
    return this.isSecure ? super.ended : `${super.ended} in the TLS handshake`;
  }

  protected override explain(error: NodeJS.ErrnoException): string {
    if (error.code === "ECONNRESET" && !this.isSecure) return this.ended;
    return explainTLS(error, this.hasCertificate ?? false) ?? super.explain(error);
  }
}

/** What is wrong with TLS, in one line that says what to do; `undefined` where the error is none of TLS. */
export function explainTLS(error: NodeJS.ErrnoException, hasCertificate: boolean): string | undefined {
  const { code = "", message } = error;
  const alert = /SSL alert number (\d+)/.exec(message);
  if (alert) return alertText(Number(alert[1]), hasCertificate ? Client.SHOWN : Client.NONE);
  switch (code) {
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "CERT_SIGNATURE_FAILURE":
    case "CERT_UNTRUSTED":
      return UNKNOWN_AUTHORITY;
    case "CERT_HAS_EXPIRED":
      return expired("server's, or its authority's,");
    case "CERT_NOT_YET_VALID":
      return notYetValid("server's, or its authority's,");
    case "INVALID_PURPOSE":
      // OpenSSL does not say whose: the server's own, or one that vouches for it.
      return `${NOT_FOR_SERVERS}; or ${NOT_AN_AUTHORITY}`;
    case "INVALID_CA":
    case "PATH_LENGTH_EXCEEDED":
      return NOT_AN_AUTHORITY;
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return wrongNameText(error as AltNameError);
    case "ERR_SSL_WRONG_VERSION_NUMBER":
    case "ERR_SSL_PACKET_LENGTH_TOO_LONG":
    case "ERR_SSL_UNSUPPORTED_PROTOCOL":
      return NO_TLS;
    default:
      // OpenSSL's own line begins with the number of a thread and ends with a line of its source.
      return code.startsWith("ERR_SSL_")
        ? `TLS failed: ${(error as { reason?: string }).reason ?? code}`
        : undefined;
  }
}

/** Whether the server's key has this digest. */
function hasKey(socket: tls.TLSSocket, pin: Uint8Array): boolean {
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: "spki", format: "der" });
  return key !== undefined && createHash("sha256").update(key).digest().equals(pin);
}

type AltNameError = NodeJS.ErrnoException & { host?: string; cert?: { subjectaltname?: string } };

function wrongNameText({ host = "", cert }: AltNameError): string {
  return wrongName(host, cert?.subjectaltname?.replace(/\b(DNS|IP Address):/g, "") ?? "");
}

/** Node's `ca` and `cert` take PEM alone, and pass over anything else without a word. */
function pemOf(certificate: Bytes): string {
  if (typeof certificate === "string") return certificate;
  const bytes = Buffer.from(bytesOf(certificate));
  if (bytes.includes("-----BEGIN")) return bytes.toString();
  // One after the other, as a setting has them.
  let all = "";
  for (let at = 0; at < bytes.length; ) {
    const one = new X509Certificate(bytes.subarray(at));
    all += one.toString();
    at += one.raw.length;
  }
  return all;
}

function keyOf(key: Bytes): string {
  if (typeof key === "string") return key;
  const bytes = Buffer.from(bytesOf(key));
  if (bytes.includes("-----BEGIN")) return bytes.toString();
  const content = contentOf(bytes);
  const type = content === Content.PKCS1 ? "pkcs1" : content === Content.SEC1 ? "sec1" : "pkcs8";
  return createPrivateKey({ key: bytes, format: "der", type })
    .export({ type: "pkcs8", format: "pem" })
    .toString();
}
