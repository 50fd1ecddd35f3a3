/**
 * A watch over the handshake of TLS 1.2 (RFC 5246), beside the SDK's session that does it.
 *
 * Moddable's session (8.2.3) takes the server's messages in whatever order they come, counts an alert as the end of the
 * handshake and then sends what the application writes without encryption, and takes a key exchange that is not signed.
 * So each record is looked at here before the session sees it: the messages in their one order, TLS 1.2, a cipher suite
 * that was offered, a signed key exchange. Only after the server's Finished is the connection `done`.
 */

import { KeyKind } from "./certificate.js";
import { ecdsaNumbers } from "./ecdsa.js";
import { alertText, Client, NO_TLS } from "./reasons.js";

/** Record types. */
const enum Type {
  CHANGE_CIPHER_SPEC = 20,
  ALERT = 21,
  HANDSHAKE = 22,
  APPLICATION_DATA = 23,
}

/** Bytes in front of each record: type, version, length. */
export const HEADER = 5;

/**
 * The most bytes of a record that are taken. The node asks for 4,096 of contents (RFC 6066); a server that does not know
 * the extension may send a chain of certificates that is longer, and beyond this a device's memory is in danger.
 */
export const RECORD_LIMIT = 8_192;

/**
 * How long a record is, header included.
 * @throws Error where it is none, or too long
 */
export function recordLength(header: Uint8Array): number {
  const type = header[0];
  if (type < Type.CHANGE_CIPHER_SPEC || type > Type.APPLICATION_DATA || header[1] !== 3)
    throw new Error(NO_TLS);
  const length = HEADER + ((header[3] << 8) | header[4]);
  if (length > RECORD_LIMIT) {
    throw new Error(`the server sends ${length} bytes in one TLS record; ${RECORD_LIMIT} are taken`);
  }
  return length;
}

/** Handshake messages. */
const enum Message {
  SERVER_HELLO = 2,
  CERTIFICATE = 11,
  SERVER_KEY_EXCHANGE = 12,
  CERTIFICATE_REQUEST = 13,
  SERVER_HELLO_DONE = 14,
}

/** What the server has to send next. */
const enum Expect {
  SERVER_HELLO,
  CERTIFICATE,
  SERVER_KEY_EXCHANGE,
  /** CertificateRequest or ServerHelloDone. */
  SERVER_HELLO_DONE,
  /** ChangeCipherSpec, after the node's own Finished. */
  CHANGE_CIPHER_SPEC,
  FINISHED,
  NOTHING,
}

/** TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 and TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256. */
const SUITES: readonly number[] = Object.freeze([0xc02f, 0xc02b]);

const TLS_1_2 = 0x0303;
const NAMED_CURVE = 3;
const SECP256R1 = 23;
/** An uncompressed point of that curve. */
const POINT_LENGTH = 65;
const HASH_SHA256 = 4;
const SIGN_RSA = 1;
const SIGN_ECDSA = 3;

export class Handshake {
  #expect = Expect.SERVER_HELLO;
  #started = false;
  #hasFinished = false;
  #wantsCertificate = false;
  #hasCertificate: boolean;

  /** @param hasCertificate the node has a client certificate to show */
  constructor(hasCertificate: boolean) {
    this.#hasCertificate = hasCertificate;
  }

  /** The server has proved who it is, and all that follows is encrypted. */
  get done(): boolean {
    return this.#expect === Expect.NOTHING;
  }

  /** The node has sent its ClientHello. */
  get started(): boolean {
    return this.#started;
  }

  /** What the client certificate may have to do with an end. */
  get client(): Client {
    if (!this.#wantsCertificate) return Client.NOT_ASKED;
    return this.#hasCertificate ? Client.SHOWN : Client.MISSING;
  }

  /** Looks at a record that is sent: the node's own ChangeCipherSpec comes with its Finished. */
  sent(record: Uint8Array): void {
    this.#started = true;
    if (record[0] === Type.CHANGE_CIPHER_SPEC) this.#hasFinished = true;
  }

  /**
   * Looks at a record that has arrived, whole and with its header, until `done`.
   * @throws Error with the reason for which the session must not see it
   */
  received(record: Uint8Array): void {
    const type = record[0];
    // Whoever answers before ServerHello may say so with an older version.
    if (type !== Type.ALERT && ((record[1] << 8) | record[2]) !== TLS_1_2) throw new Error(NO_TLS);
    if (this.#expect === Expect.FINISHED) {
      // Encrypted from here on, so that nothing else can be seen of it; its contents are the session's to check.
      if (type !== Type.HANDSHAKE) throw new Error("the server refused the end of the TLS handshake");
      this.#expect = Expect.NOTHING;
      return;
    }
    switch (type) {
      case Type.ALERT:
        throw new Error(alertText(record[6] ?? 0, this.client));
      case Type.CHANGE_CIPHER_SPEC:
        if (this.#expect !== Expect.CHANGE_CIPHER_SPEC || !this.#hasFinished) throw new Error(DISORDER);
        if (record.length !== 6 || record[5] !== 1) throw new Error(DISORDER);
        this.#expect = Expect.FINISHED;
        return;
      case Type.HANDSHAKE:
        break;
      default:
        throw new Error(NO_TLS);
    }
    let at = HEADER;
    while (at < record.length) {
      const end = at + 4 + ((record[at + 1] << 16) | (record[at + 2] << 8) | record[at + 3]);
      // The session takes whole messages only.
      if (!(end <= record.length))
        throw new Error(
          "the server sends a TLS message in pieces: a shorter chain of certificates is needed",
        );
      this.message(record[at], record.subarray(at + 4, end));
      at = end;
    }
  }

  private message(type: number, body: Uint8Array): void {
    switch (this.#expect) {
      case Expect.SERVER_HELLO:
        if (type !== Message.SERVER_HELLO) break;
        checkServerHello(body);
        this.#expect = Expect.CERTIFICATE;
        return;
      case Expect.CERTIFICATE:
        if (type !== Message.CERTIFICATE) break;
        this.#expect = Expect.SERVER_KEY_EXCHANGE;
        return;
      case Expect.SERVER_KEY_EXCHANGE:
        if (type !== Message.SERVER_KEY_EXCHANGE) break;
        checkKeyExchange(body);
        this.#expect = Expect.SERVER_HELLO_DONE;
        return;
      case Expect.SERVER_HELLO_DONE:
        if (type === Message.CERTIFICATE_REQUEST && !this.#wantsCertificate) {
          this.#wantsCertificate = true;
          return;
        }
        if (type !== Message.SERVER_HELLO_DONE || body.length > 0) break;
        this.#expect = Expect.CHANGE_CIPHER_SPEC;
        return;
      default:
        break;
    }
    throw new Error(DISORDER);
  }
}

const DISORDER = "the server broke the TLS protocol: a message out of its order";

/** ServerHello: version, 32 random bytes, session identifier, cipher suite, compression. */
function checkServerHello(body: Uint8Array): void {
  if (((body[0] << 8) | body[1]) !== TLS_1_2) throw new Error(NO_TLS);
  const at = 35 + body[34];
  if (!(at + 3 <= body.length))
    throw new Error("the server broke the TLS protocol: ServerHello is cut short");
  const suite = (body[at] << 8) | body[at + 1];
  if (SUITES.indexOf(suite) < 0 || body[at + 2] !== 0) {
    throw new Error("the server broke the TLS protocol: it chose a cipher suite that was not offered");
  }
}

/** ServerKeyExchange of ECDHE (RFC 8422, 5.4): curve, point, hash and kind of the signature, signature. */
function checkKeyExchange(body: Uint8Array): void {
  const isCurve = body[0] === NAMED_CURVE && ((body[1] << 8) | body[2]) === SECP256R1;
  if (!isCurve || body[3] !== POINT_LENGTH) {
    throw new Error("the server broke the TLS protocol: it chose a curve that was not offered");
  }
  const at = 4 + POINT_LENGTH;
  const kind = body[at + 1];
  if (body[at] !== HASH_SHA256 || (kind !== SIGN_RSA && kind !== SIGN_ECDSA)) {
    throw new Error("the server broke the TLS protocol: its key exchange is not signed as was offered");
  }
  const length = (body[at + 2] << 8) | body[at + 3];
  if (at + 4 + length !== body.length)
    throw new Error("the server broke the TLS protocol: ServerKeyExchange is cut short");
  if (kind === SIGN_ECDSA) ecdsaNumbers(body.subarray(at + 4), KeyKind.P256);
}
