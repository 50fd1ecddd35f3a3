import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import http, { type IncomingHttpHeaders } from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type ImageServer, serveImage } from "../../services/ota/image-server.js";
import { until } from "../support/peers.js";

const bytes = randomBytes(100_003);
const sha256 = createHash("sha256").update(bytes).digest("hex");

let server: ImageServer;
let agent: http.Agent;
beforeEach(async () => {
  server = await serveImage({ bytes, sha256 }, { host: "127.0.0.1", port: 0 });
  agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
});
afterEach(async () => {
  agent.destroy();
  await server.close();
});

interface Answer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** The client's port: the same on the same connection. */
  from: number | undefined;
}

function ask(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: "127.0.0.1", port: server.port, path, method, headers, agent });
    request.on("error", reject);
    request.on("response", (response) => {
      const parts: Buffer[] = [];
      const from = response.socket.localPort;
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts), from }),
      );
    });
    request.end();
  });
}

/** Folders that have a copy of this image. */
function copies(): string[] {
  return fs
    .readdirSync(os.tmpdir())
    .filter((name) => name.startsWith("hearth-image-"))
    .filter((name) => fs.existsSync(path.join(os.tmpdir(), name, `${sha256}.bin`)));
}

describe("the server of an image", () => {
  it("gives all of it, whose length it says, at the path that its digest makes", async () => {
    expect(server.path).toBe(`/${sha256}.bin`);
    const { status, headers, body } = await ask(server.path);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-length": "100003",
      "content-type": "application/octet-stream",
      "accept-ranges": "bytes",
    });
    expect(body.equals(bytes)).toBe(true);
  });

  it.each([
    ["bytes=0-4095", 0, 4_096],
    ["bytes=4096-8191", 4_096, 8_192],
    ["bytes=98304-102399", 98_304, 100_003],
    ["bytes=98304-", 98_304, 100_003],
    ["bytes=-3", 100_000, 100_003],
  ])("gives the range %s", async (range, from, to) => {
    const { status, headers, body } = await ask(server.path, { Range: range });
    expect(status).toBe(206);
    expect(headers["content-range"]).toBe(`bytes ${from}-${to - 1}/100003`);
    expect(headers["content-length"]).toBe(String(to - from));
    expect(body.equals(bytes.subarray(from, to))).toBe(true);
  });

  it("gives block after block on one connection until all of it is there", async () => {
    const parts: Buffer[] = [];
    const ports = new Set<number | undefined>();
    for (let at = 0; at < bytes.length; at += 16_384) {
      const { status, body, from } = await ask(server.path, { Range: `bytes=${at}-${at + 16_383}` });
      expect(status).toBe(206);
      parts.push(body);
      ports.add(from);
    }
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
    expect(ports.size).toBe(1);
  });

  it("refuses a range behind its end, and says where that is", async () => {
    const { status, headers } = await ask(server.path, { Range: "bytes=100003-100010" });
    expect([status, headers["content-range"]]).toEqual([416, "bytes */100003"]);
  });

  it("says what there is to those who ask for the head alone", async () => {
    const { status, headers, body } = await ask(server.path, {}, "HEAD");
    expect([status, headers["content-length"], body.length]).toEqual([200, "100003", 0]);
  });

  it.each([
    "/",
    "/index.html",
    `/${sha256}`,
    `/${sha256}.bin/`,
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
  ])("has nothing at %s", async (path) => {
    const { status, body } = await ask(path);
    expect(status).toBe(404);
    expect(body.toString()).toBe("there is one image here, and this is not its path\n");
  });

  it.each(["POST", "PUT", "DELETE"])("does not take %s", async (method) => {
    const { status, headers } = await ask(server.path, {}, method);
    expect([status, headers.allow]).toEqual([405, "GET, HEAD"]);
  });

  it("has nothing left of itself when it is closed, with connections open and a download under way", async () => {
    expect(copies()).toHaveLength(1);
    const idle = net.connect(server.port, "127.0.0.1");
    let closed = false;
    idle.on("close", () => {
      closed = true;
    });
    idle.on("error", () => {});
    await ask(server.path);
    await Promise.all([server.close(), server.close()]);
    await until(() => closed);
    expect(copies()).toEqual([]);
    await expect(ask(server.path)).rejects.toThrow(/ECONNREFUSED/);
  });

  it("leaves nothing behind where its port is taken", async () => {
    await expect(serveImage({ bytes, sha256 }, { host: "127.0.0.1", port: server.port })).rejects.toThrow(
      /EADDRINUSE/,
    );
    expect(copies()).toHaveLength(1);
  });
});
