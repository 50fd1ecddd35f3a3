import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type net from "node:net";
import { join } from "node:path";
import tls from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { TLS, type TLSOptions } from "../../host-sim/io/tls.js";
import { hasProgram, loopbackServer, runProgram, temporaryDirectory, until } from "../support/peers.js";

const run = hasProgram("openssl") ? it : it.skip;
const directory = temporaryDirectory();
const file = (name: string) => readFileSync(join(directory.path, name));
const cleanups: (() => unknown)[] = [];
let server: tls.Server;

/** A certificate that signs itself, for `name` on 127.0.0.1. */
function makeCertificate(name: string): void {
  const key = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-keyout",
    `${name}.key`,
  ];
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name},IP:127.0.0.1`];
  runProgram(
    "openssl",
    ["req", "-x509", "-days", "2", ...key, ...subject, "-out", `${name}.pem`],
    directory.path,
  );
  runProgram(
    "openssl",
    ["x509", "-in", `${name}.pem`, "-outform", "der", "-out", `${name}.der`],
    directory.path,
  );
}

beforeAll(async () => {
  if (!hasProgram("openssl")) return;
  makeCertificate("node.test");
  makeCertificate("other.test");
  const identity = { key: file("node.test.key"), cert: file("node.test.pem") };
  server = tls.createServer({ ...identity, ALPNProtocols: ["mqtt", "http/1.1"] }, (socket) => {
    socket.on("error", () => {}).pipe(socket);
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

afterAll(async () => {
  if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  directory.remove();
});

function connect(options: Partial<TLSOptions>) {
  const events: string[] = [];
  let text = "";
  const socket: TLS = new TLS({
    address: "127.0.0.1",
    port: (server.address() as net.AddressInfo).port,
    host: "node.test",
    onReadable: () => {
      text += Buffer.from(socket.read() as ArrayBuffer).toString();
    },
    onWritable: () => events.push("writable"),
    onError: (reason) => events.push(`error ${reason?.message}`),
    ...options,
  } as TLSOptions);
  cleanups.push(() => socket.close());
  return { socket, events, text: () => text };
}

describe("TLS", () => {
  run(
    "connects to a server whose certificate it trusts, in PEM or DER, and carries bytes (needs openssl)",
    async () => {
      const der = file("node.test.der");
      const trusted = [
        file("node.test.pem").toString(),
        new Uint8Array(file("node.test.pem")),
        new Uint8Array(der),
        new Uint8Array(der).buffer,
      ];
      for (const certificate of trusted) {
        const { socket, events, text } = connect({ secure: { certificate } });
        await until(() => events.length > 0);
        expect(events[0]).toBe("writable");
        socket.write(Buffer.from("secret"));
        await until(() => text() === "secret");
      }
    },
  );

  run("is not writable to a server that another authority vouches for (needs openssl)", async () => {
    for (const secure of [{ certificate: file("other.test.pem").toString() }, {}]) {
      const { socket, events } = connect({ secure });
      await until(() => events.length > 0);
      expect(events).toEqual([
        expect.stringContaining("error the server's certificate is from an authority that is not trusted"),
      ]);
      expect(socket.write(Uint8Array.of(1))).toBeUndefined();
    }
  });

  run("trusts whoever answers where it is told not to verify (needs openssl)", async () => {
    const { events } = connect({ host: "any.test", secure: { verify: false } });
    await until(() => events.length > 0);
    expect(events).toEqual(["writable"]);
  });

  run("offers the names of protocols that it is given (needs openssl)", async () => {
    for (const offered of ["http/1.1", ["mqtt", "http/1.1"]]) {
      let chosen: unknown;
      const listen = (peer: tls.TLSSocket) => {
        chosen = peer.alpnProtocol;
      };
      server.once("secureConnection", listen);
      const secure = { certificate: file("node.test.pem"), applicationLayerProtocolNegotiation: offered };
      const { events } = connect({ secure });
      await until(() => events.length > 0 && chosen !== undefined);
      expect([events, chosen]).toEqual([["writable"], [offered].flat()[0]]);
    }
  });

  run("is not writable to a server of another name (needs openssl)", async () => {
    const { events } = connect({
      host: "other.test",
      secure: { certificate: file("node.test.pem").toString() },
    });
    await until(() => events.length > 0);
    expect(events).toEqual([expect.stringContaining("other.test")]);
    expect(events[0]).toMatch(/^error /);
  });

  run(
    "is not writable to a server whose key is not the one pinned, and sends it nothing (needs openssl)",
    async () => {
      let received = "";
      const listen = (socket: tls.TLSSocket) =>
        socket.on("data", (data) => {
          received += data.toString();
        });
      server.on("secureConnection", listen);
      cleanups.push(() => server.off("secureConnection", listen));
      const { publicKey } = new X509Certificate(file("node.test.pem"));
      const pin = createHash("sha256")
        .update(publicKey.export({ type: "spki", format: "der" }))
        .digest();
      const wrong = connect({ host: "any.test", secure: { pin: new Uint8Array(32) } });
      await until(() => wrong.events.length > 0);
      expect(wrong.events).toEqual([
        expect.stringContaining("error the server's key is not the one that is pinned"),
      ]);
      expect(wrong.socket.write(Uint8Array.of(1))).toBeUndefined();
      const right = connect({ host: "any.test", secure: { pin: new Uint8Array(pin) } });
      await until(() => right.events.length > 0);
      right.socket.write(Buffer.from("for the right one"));
      await until(() => right.text() !== "");
      expect([right.events[0], received]).toEqual(["writable", "for the right one"]);
    },
  );

  run("checks the address where there is no name (needs openssl)", async () => {
    const { events } = connect({
      host: "127.0.0.1",
      secure: { certificate: new Uint8Array(file("node.test.der")) },
    });
    await until(() => events.length > 0);
    expect(events).toEqual(["writable"]);
  });

  run("refuses a certificate that is none at once (needs openssl)", () => {
    expect(() => connect({ secure: { certificate: new Uint8Array(20) } })).toThrow();
  });

  it("can be closed while the server has not answered the handshake", async () => {
    let ended = false;
    const silent = await loopbackServer((socket) => {
      socket.resume().on("close", () => {
        ended = true;
      });
    });
    cleanups.push(() => silent.close());
    const socket = new TLS({ address: "127.0.0.1", port: silent.port });
    await until(() => silent.sockets.length > 0);
    socket.close();
    await until(() => ended);
    expect(ended).toBe(true);
  });
});
