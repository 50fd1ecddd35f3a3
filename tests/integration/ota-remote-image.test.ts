import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "@jest/globals";
import { serveImage } from "../../services/ota/image-server.js";
import { checkRemoteImage } from "../../services/ota/remote-image.js";
import { freePort } from "../support/peers.js";

const bytes = randomBytes(50_000);
const facts = { size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A server that answers everything in one way. */
async function serve(answer: (response: http.ServerResponse) => void): Promise<string> {
  const server = http.createServer((_, response) => answer(response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.bin`;
}

describe("an image that is served elsewhere", () => {
  it("is as it should be where it comes in ranges, and is the one that is published", async () => {
    const server = await serveImage({ bytes, sha256: facts.sha256 }, { host: "127.0.0.1", port: 0 });
    closers.push(() => server.close());
    const url = `http://127.0.0.1:${server.port}${server.path}`;
    expect(await checkRemoteImage(url, facts)).toBeUndefined();
  });

  it.each<[string, (response: http.ServerResponse) => void]>([
    ["is another one of the same length", (response) => response.end(randomBytes(50_000))],
    ["is shorter", (response) => response.end(bytes.subarray(1))],
    ["is longer", (response) => response.end(Buffer.concat([bytes, bytes]))],
    [
      "never ends",
      (response) => {
        const more = () => {
          while (response.write(bytes));
        };
        response.on("drain", more);
        more();
      },
    ],
  ])("is refused where it %s", async (_, answer) => {
    const url = await serve(answer);
    await expect(checkRemoteImage(url, facts)).rejects.toThrow(
      `at ${url} is another image than the one to be published: put that one there`,
    );
  });

  it("is refused where its server knows no ranges", async () => {
    const url = await serve((response) => response.end(bytes));
    await expect(checkRemoteImage(url, facts)).rejects.toThrow(/does not know ranges.*use another/);
  });

  it.each([404, 302, 500])("is refused where its server answers with status %i", async (status) => {
    const url = await serve((response) => response.writeHead(status, { Location: "/b.bin" }).end());
    await expect(checkRemoteImage(url, facts)).rejects.toThrow(
      `${url} answers with status ${status}: devices want the image itself there`,
    );
  });

  it("comes with a warning where its server cannot be reached from here", async () => {
    const url = `http://127.0.0.1:${await freePort()}/a.bin`;
    expect(await checkRemoteImage(url, facts)).toBe(
      `${url} cannot be reached from here (ECONNREFUSED): can devices?`,
    );
    const broken = await serve((response) => {
      response.writeHead(206, { "Content-Length": "50000" });
      response.write(bytes.subarray(0, 10));
      setImmediate(() => response.destroy());
    });
    expect(await checkRemoteImage(broken, facts)).toMatch(/cannot be reached from here/);
  });
});
