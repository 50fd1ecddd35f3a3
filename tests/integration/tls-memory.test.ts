import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type net from "node:net";
import tls from "node:tls";
import { afterAll, describe, expect, it } from "@jest/globals";
import { Authority } from "../support/certificates.js";
import { hasProgram, loopbackServer, temporaryDirectory } from "../support/peers.js";

const run = hasProgram("openssl") ? it : it.skip;
const directory = temporaryDirectory();
afterAll(() => directory.remove());

const PROGRAM = new URL("../support/failing-handshakes.js", import.meta.url).pathname;

interface Use {
  bytes: number;
  resources: string[];
}

describe("a TLS socket", () => {
  run(
    "leaves nothing behind when a thousand handshakes fail, each in its own way (needs openssl)",
    async () => {
      const home = new Authority(directory.path, "home");
      const stranger = new Authority(directory.path, "stranger");
      const pair = home.issue("server");
      const text = (file: string) => readFileSync(file, "utf8");
      const servers = [{}, { requestCert: true, ca: text(home.cert), maxVersion: "TLSv1.2" as const }].map(
        (options) =>
          tls.createServer({ cert: text(pair.cert), key: text(pair.key), ...options }, (socket) => {
            socket.on("error", () => {});
          }),
      );
      const ports: number[] = [];
      for (const server of servers) {
        server.on("tlsClientError", () => {});
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        ports.push((server.address() as net.AddressInfo).port);
      }
      const closing = await loopbackServer((socket) => socket.end());
      const plain = await loopbackServer((socket) => socket.end("220 mail.lan\r\n"));
      const at = (port: number, host: string, secure: object) => ({
        address: "127.0.0.1",
        port,
        host,
        secure,
      });
      const known = { certificate: text(home.cert) };
      const options = [
        at(ports[0], "localhost", { certificate: text(stranger.cert) }),
        at(ports[0], "elsewhere", known),
        at(ports[0], "localhost", { pin: "00".repeat(32) }),
        at(ports[1], "localhost", known),
        at(closing.port, "localhost", known),
        at(plain.port, "localhost", known),
      ];
      const child = spawn(process.execPath, ["--expose-gc", PROGRAM, JSON.stringify(options)]);
      let output = "";
      let errors = "";
      child.stdout.on("data", (data) => {
        output += data;
      });
      child.stderr.on("data", (data) => {
        errors += data;
      });
      await once(child, "close");
      await Promise.all([closing.close(), plain.close()]);
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      expect(errors).toBe("");
      const { before, after, reasons } = JSON.parse(output) as {
        before: Use;
        after: Use;
        reasons: [string, number][];
      };
      expect(reasons.reduce((sum, [, count]) => sum + count, 0)).toBe(1_200);
      expect(reasons.map(([reason]) => reason)).toEqual(
        expect.arrayContaining([
          expect.stringContaining("authority that is not trusted"),
          expect.stringContaining("not for elsewhere"),
          expect.stringContaining("not the one that is pinned"),
          expect.stringContaining("demands a client certificate: set cert and key"),
          expect.stringContaining("closed by the other end in the TLS handshake"),
          expect.stringContaining("speaks no TLS"),
        ]),
      );
      expect(after.resources).toEqual(before.resources);
      // A handshake that stayed would keep some 50 KB; what the engine itself keeps and gives back is some hundred bytes each.
      expect((after.bytes - before.bytes) / 1_000).toBeLessThan(1_000);
    },
    120_000,
  );
});
