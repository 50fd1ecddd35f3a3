import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Handshake, HEADER, RECORD_LIMIT, recordLength } from "../../firmware/tls/handshake.js";
import { alertText, Client, closedText, sessionText } from "../../firmware/tls/reasons.js";
import { type Pair, selfSigned } from "../support/certificates.js";
import { hasProgram, temporaryDirectory } from "../support/peers.js";

const run = hasProgram("openssl") ? it : it.skip;
const directory = temporaryDirectory();

/** A record of a handshake, and who sent it. */
interface Sent {
  byServer: boolean;
  record: Uint8Array;
}

/** Records in the order in which they passed between Node's client and Node's server, which are OpenSSL both. */
async function recordHandshake(pair: Pair, asksForCertificate = false): Promise<Sent[]> {
  const server = tls.createServer({
    cert: readFileSync(pair.cert),
    key: readFileSync(pair.key),
    maxVersion: "TLSv1.2",
    requestCert: asksForCertificate,
    rejectUnauthorized: false,
  });
  server.on("secureConnection", (socket) => socket.on("error", () => {}).end("hello"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const chunks: { byServer: boolean; data: Buffer }[] = [];
  const sockets: net.Socket[] = [];
  const tap = net.createServer((client) => {
    const upstream = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1");
    client.on("data", (data) => chunks.push({ byServer: false, data })).pipe(upstream);
    upstream.on("data", (data) => chunks.push({ byServer: true, data })).pipe(client);
    for (const socket of [client, upstream]) {
      sockets.push(socket);
      socket.on("error", () => {});
    }
  });
  await new Promise<void>((resolve) => tap.listen(0, "127.0.0.1", resolve));
  const client = tls.connect({
    port: (tap.address() as net.AddressInfo).port,
    rejectUnauthorized: false,
    maxVersion: "TLSv1.2",
    ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256",
    ecdhCurve: "prime256v1",
    sigalgs: "ecdsa_secp256r1_sha256:rsa_pkcs1_sha256",
    // A resumed session has a handshake of its own; the firmware asks for none.
    secureOptions: (await import("node:constants")).default.SSL_OP_NO_TICKET,
  });
  client.resume();
  await once(client, "close");
  for (const socket of sockets) socket.destroy();
  await Promise.all([server, tap].map((one) => new Promise((resolve) => one.close(resolve))));
  return [true, false].flatMap((byServer) => split(chunks, byServer)).sort((a, b) => a.order - b.order);
}

/** The records of one side; each has the place of the chunk in which it ended. */
function split(chunks: readonly { byServer: boolean; data: Buffer }[], byServer: boolean) {
  const records: (Sent & { order: number })[] = [];
  let rest = new Uint8Array(0);
  for (const [order, chunk] of chunks.entries()) {
    if (chunk.byServer !== byServer) continue;
    rest = new Uint8Array(Buffer.concat([rest, chunk.data]));
    while (rest.length >= HEADER && rest.length >= recordLength(rest)) {
      const length = recordLength(rest);
      records.push({ byServer, record: rest.slice(0, length), order });
      rest = rest.slice(length);
    }
  }
  return records;
}

const SERVER_HELLO = 2;
const CERTIFICATE = 11;
const KEY_EXCHANGE = 12;
const REQUEST = 13;
const HELLO_DONE = 14;

/** The server's messages, each in a record of its own, and where the client's flight was. */
function messagesOf(all: readonly Sent[]): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (const { byServer, record } of all) {
    if (!byServer) continue;
    if (record[0] !== 22 || messages.some((message) => message[0] === 20)) {
      messages.push(record);
      continue;
    }
    for (let at = HEADER; at < record.length; ) {
      const end = at + 4 + ((record[at + 1] << 16) | (record[at + 2] << 8) | record[at + 3]);
      messages.push(recordOf(22, record.subarray(at, end)));
      at = end;
    }
  }
  return messages;
}

function recordOf(type: number, body: ArrayLike<number>): Uint8Array {
  return Uint8Array.of(type, 3, 3, body.length >> 8, body.length & 0xff, ...Array.from(body));
}

const typeOf = (record: Uint8Array) => record[HEADER];
const CLOSE_NOTIFY = recordOf(21, [1, 0]);
const CHANGE = recordOf(20, [1]);

let recorded: Sent[] = [];
/** ServerHello, Certificate, ServerKeyExchange, ServerHelloDone, ChangeCipherSpec, Finished. */
let messages: Uint8Array[] = [];

beforeAll(async () => {
  if (!hasProgram("openssl")) return;
  recorded = await recordHandshake(selfSigned(directory.path, "ec"));
  messages = messagesOf(recorded).slice(0, 6);
});
afterAll(() => directory.remove());

/** Feeds a server's records; the node's flight goes out where the server waits for it. */
function feed(records: readonly Uint8Array[], hasCertificate = false): Handshake {
  const handshake = new Handshake(hasCertificate);
  handshake.sent(recordOf(22, [1, 0, 0, 0]));
  for (const record of records) {
    expect(handshake.done).toBe(false);
    handshake.received(record);
    if (record[0] === 22 && typeOf(record) === HELLO_DONE) handshake.sent(CHANGE);
  }
  return handshake;
}

const message = (type: number) =>
  messages.find((record) => record[0] === 22 && typeOf(record) === type) as Uint8Array;

/** The recorded messages with one of them changed. */
const withChanged = (type: number, change: (record: Uint8Array) => Uint8Array) =>
  messages.map((record) => (record === message(type) ? change(record.slice()) : record));

describe("a handshake as OpenSSL's server does it (needs openssl)", () => {
  run("is done with the server's Finished, and not before", () => {
    const handshake = new Handshake(false);
    expect(handshake.started).toBe(false);
    let count = 0;
    for (const { byServer, record } of recorded) {
      if (handshake.done) break;
      if (byServer) {
        handshake.received(record);
        count += 1;
      } else handshake.sent(record);
    }
    expect([handshake.started, handshake.done, handshake.client]).toEqual([true, true, Client.NOT_ASKED]);
    expect(count).toBeGreaterThanOrEqual(3);
    expect(messages.map((record) => (record[0] === 22 ? typeOf(record) : record[0])).slice(0, 5)).toEqual([
      SERVER_HELLO,
      CERTIFICATE,
      KEY_EXCHANGE,
      HELLO_DONE,
      20,
    ]);
    expect(feed(messages).done).toBe(true);
  });

  run("is the same with an RSA key, and with several messages in one record", async () => {
    const rsa = messagesOf(await recordHandshake(selfSigned(directory.path, "rsa", { key: "rsa" }))).slice(
      0,
      6,
    );
    expect(feed(rsa).done).toBe(true);
    const bodies = rsa.slice(0, 4).flatMap((record) => Array.from(record.subarray(HEADER)));
    const handshake = new Handshake(false);
    handshake.received(recordOf(22, bodies));
    handshake.sent(CHANGE);
    for (const record of rsa.slice(4)) handshake.received(record);
    expect(handshake.done).toBe(true);
  });

  run("tells that the server asks for a certificate", async () => {
    const asking = messagesOf(await recordHandshake(selfSigned(directory.path, "asking"), true)).slice(0, 7);
    expect(asking.map(typeOf)).toContain(REQUEST);
    expect(feed(asking).client).toBe(Client.MISSING);
    expect(feed(asking, true).client).toBe(Client.SHOWN);
    const [request] = asking.filter((record) => typeOf(record) === REQUEST);
    expect(() => feed([...asking.slice(0, 4), request])).toThrow("out of its order");
  });
});

describe("a server that cheats (needs openssl)", () => {
  run("is refused when it leaves a message out, or sends one twice", () => {
    // Without ChangeCipherSpec, what is encrypted is taken for a message.
    const reason = /out of its order|refused the end|in pieces/;
    for (let left = 0; left < 5; left++) {
      expect(() => feed(messages.filter((_, i) => i !== left))).toThrow(reason);
      expect(() => feed(messages.flatMap((record, i) => (i === left ? [record, record] : [record])))).toThrow(
        reason,
      );
    }
  });

  run("is refused when it changes the order", () => {
    for (let i = 0; i < 4; i++) {
      const changed = messages.slice();
      [changed[i], changed[i + 1]] = [changed[i + 1], changed[i]];
      expect(() => feed(changed)).toThrow("out of its order");
    }
  });

  run("is refused when it begins to encrypt before the node has", () => {
    const handshake = new Handshake(false);
    for (const record of messages.slice(0, 4)) handshake.received(record);
    expect(() => handshake.received(CHANGE)).toThrow("out of its order");
  });

  run("is not done when it says goodbye in the clear, at whatever moment", () => {
    for (let i = 0; i < 5; i++) {
      expect(() => feed([...messages.slice(0, i), CLOSE_NOTIFY])).toThrow("the server ended the connection");
    }
    expect(() => feed([...messages.slice(0, 5), CLOSE_NOTIFY])).toThrow("refused the end");
  });

  run("is refused when it sends data before the handshake is done", () => {
    for (let i = 0; i <= 5; i++) {
      expect(() => feed([...messages.slice(0, i), recordOf(23, [1, 2, 3])])).toThrow();
    }
  });

  run("is refused when its key exchange is not signed, or not as was offered", () => {
    const at = HEADER + 4 + 4 + 65;
    const signedBy = (hash: number, kind: number) =>
      withChanged(KEY_EXCHANGE, (record) => {
        record[at] = hash;
        record[at + 1] = kind;
        return record;
      });
    for (const [hash, kind] of [
      [0, 3],
      [4, 0],
      [0, 0],
      [2, 3],
      [1, 1],
      [4, 2],
      [9, 3],
    ]) {
      expect(() => feed(signedBy(hash, kind))).toThrow("not signed as was offered");
    }
    expect(feed(signedBy(4, 3)).done).toBe(true);
  });

  run("is refused when a number of its signature is 0, or as large as the curve's order", () => {
    const at = HEADER + 4 + 4 + 65 + 4;
    const order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    const number = (hex: string) => {
      const bytes = Buffer.from(hex, "hex");
      const positive = bytes[0] >= 0x80 ? [0, ...bytes] : [...bytes];
      return [2, positive.length, ...positive];
    };
    const signed = (r: string, s: string) =>
      withChanged(KEY_EXCHANGE, (record) => {
        const numbers = [...number(r), ...number(s)];
        const signature = [0x30, numbers.length, ...numbers];
        const parameters = Array.from(record.subarray(HEADER + 4, at - 2));
        const body = [...parameters, 0, signature.length, ...signature];
        return recordOf(22, [KEY_EXCHANGE, 0, body.length >> 8, body.length & 0xff, ...body]);
      });
    expect(feed(signed("01", "01")).done).toBe(true);
    expect(feed(signed(`${order.slice(0, -1)}0`, "7f")).done).toBe(true);
    for (const [r, s] of [
      ["00", "01"],
      ["01", "00"],
      [order, "01"],
      ["01", order],
      [`${order.slice(0, -1)}2`, "01"],
      ["01".repeat(33), "01"],
    ]) {
      expect(() => feed(signed(r, s))).toThrow("malformed");
    }
  });

  run("is refused when it chooses a curve, a cipher suite or a version that was not offered", () => {
    const changed = (type: number, at: number, value: number) =>
      withChanged(type, (record) => {
        record[HEADER + 4 + at] = value;
        return record;
      });
    expect(() => feed(changed(KEY_EXCHANGE, 0, 1))).toThrow("a curve that was not offered");
    expect(() => feed(changed(KEY_EXCHANGE, 2, 24))).toThrow("a curve that was not offered");
    expect(() => feed(changed(KEY_EXCHANGE, 3, 66))).toThrow("a curve that was not offered");
    for (const version of [1, 2, 4])
      expect(() => feed(changed(SERVER_HELLO, 1, version))).toThrow("no TLS 1.2");
    const suiteAt = 35 + message(SERVER_HELLO)[HEADER + 4 + 34];
    expect(() => feed(changed(SERVER_HELLO, suiteAt, 0))).toThrow("cipher suite that was not offered");
    expect(() => feed(changed(SERVER_HELLO, suiteAt + 1, 0x30))).toThrow("cipher suite that was not offered");
    expect(() => feed(changed(SERVER_HELLO, suiteAt + 2, 1))).toThrow("cipher suite that was not offered");
    expect(() => feed(changed(SERVER_HELLO, 34, 250))).toThrow("cut short");
  });

  run("is refused when a message is longer than its record", () => {
    for (const type of [SERVER_HELLO, CERTIFICATE, KEY_EXCHANGE]) {
      const longer = withChanged(type, (record) => {
        record[HEADER + 3] += 1;
        return record;
      });
      expect(() => feed(longer)).toThrow("in pieces");
    }
    expect(() => feed([recordOf(22, [2, 0])])).toThrow("in pieces");
  });

  run("is refused when its ServerHelloDone holds something", () => {
    const longer = withChanged(HELLO_DONE, () => recordOf(22, [HELLO_DONE, 0, 0, 1, 0]));
    expect(() => feed(longer)).toThrow("out of its order");
  });

  run("is refused when it breaks ChangeCipherSpec", () => {
    for (const record of [recordOf(20, [2]), recordOf(20, [1, 1]), recordOf(20, [])]) {
      expect(() => feed([...messages.slice(0, 4), record])).toThrow("out of its order");
    }
  });

  it("is refused with its own reason where it sends an alert", () => {
    const alert = (description: number) => () => feed([recordOf(21, [2, description])]);
    expect(alert(40)).toThrow("shares no method of encryption");
    expect(alert(70)).toThrow("no version of TLS that the node speaks");
    expect(alert(200)).toThrow("TLS alert 200");
    expect(() => feed([recordOf(21, [])])).toThrow("ended the connection");
  });
});

describe("the reason of an end", () => {
  it("depends on whether the broker has asked for a certificate, and whether the node has one", () => {
    const of = (description: number) =>
      [Client.NONE, Client.NOT_ASKED, Client.MISSING, Client.SHOWN].map((one) => alertText(description, one));
    const [unknown, notAsked, missing, shown] = of(40);
    expect(unknown).toMatch(/no method of encryption .*, or demands a client certificate: set cert and key/);
    expect(notAsked).toMatch(/^the server shares no method of encryption with the node$/);
    expect(missing).toMatch(/^the server demands a client certificate: set cert and key$/);
    expect(shown).toMatch(/does not take its certificate/);
    expect(of(116)[0]).toBe(missing);
    expect(of(116)[3]).toMatch(/does not take the node's certificate/);
    expect(of(48)[3]).toMatch(/does not know the authority of the node's certificate/);
  });

  it("is put into words where Moddable's session has found it", () => {
    expect(sessionText("serverKeyExchange: failed to verify signature")).toMatch(/could not prove/);
    expect(sessionText("recordProtocol auth failed")).toMatch(/changed on its way/);
    expect(sessionText("finished: auth err")).toMatch(/changed on its way/);
    expect(sessionText("the server has no certificate")).toBe("the server has no certificate");
    expect(sessionText("")).toBe("the TLS session failed");
  });

  it("is guessed where the broker closes without a word", () => {
    expect(closedText(Client.NOT_ASKED)).toBe("closed by the server in the TLS handshake");
    expect(closedText(Client.MISSING)).toMatch(/set cert and key/);
    expect(closedText(Client.SHOWN)).toMatch(/perhaps it does not take the node's certificate/);
  });
});

describe("the header of a record", () => {
  const header = (...bytes: number[]) => recordLength(Uint8Array.from(bytes));

  it("tells the length, up to the limit", () => {
    expect(header(22, 3, 3, 0, 0)).toBe(HEADER);
    expect(header(23, 3, 1, 1, 2)).toBe(HEADER + 258);
    const most = RECORD_LIMIT - HEADER;
    expect(header(22, 3, 3, most >> 8, most & 0xff)).toBe(RECORD_LIMIT);
    expect(() => header(22, 3, 3, (most + 1) >> 8, (most + 1) & 0xff)).toThrow(`${RECORD_LIMIT} are taken`);
  });

  it("is none where a server speaks something else", () => {
    const of = (text: string) => () => recordLength(new Uint8Array(Buffer.from(text)));
    for (const text of ["HTTP/", "\x20\x02\x00\x05\x00", "220 s", "\x16\x02\x00\x00\x05"]) {
      expect(of(text)).toThrow("no TLS 1.2 on this port");
    }
    expect(() => header(24, 3, 3, 0, 1)).toThrow("no TLS 1.2 on this port");
    expect(() => header(19, 3, 3, 0, 1)).toThrow("no TLS 1.2 on this port");
  });
});
