/** Serves one image to the devices, over HTTP with ranges, for as long as it is published. */

import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import send from "send";
import type { Image } from "./image.js";

/** Milliseconds: between two blocks a device erases flash, writes, and takes its readings. */
const KEEP_ALIVE = 60_000;

/** Milliseconds that a request's headers may take. */
const HEADERS_TIMEOUT = 30_000;

export interface ImageServer {
  readonly port: number;
  /** Where it is below `http://host:port`. */
  readonly path: string;
  /** Ends what is under way, too. Harmless when called again. */
  close(): Promise<void>;
}

/**
 * Starts it.
 * @param listen port 0 takes any that is free
 * @throws the operating system's error where it cannot listen
 */
export async function serveImage(
  image: Pick<Image, "bytes" | "sha256">,
  listen: { host: string; port: number },
): Promise<ImageServer> {
  // A copy: what is built meanwhile must not change what devices have half of.
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "hearth-image-"));
  const name = `${image.sha256}.bin`;
  const server = http.createServer((request, response) => {
    const { method } = request;
    if (request.url !== `/${name}`) {
      end(response, 404, "there is one image here, and this is not its path");
    } else if (method !== "GET" && method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      end(response, 405, "allowed is GET and HEAD");
    } else {
      response.setHeader("Content-Type", "application/octet-stream");
      send(request, name, { root, dotfiles: "deny", index: false, immutable: true, maxAge: "1d" }).pipe(
        response,
      );
    }
  });
  server.keepAliveTimeout = KEEP_ALIVE;
  server.headersTimeout = HEADERS_TIMEOUT;
  const remove = () => fs.rmSync(root, { recursive: true, force: true });
  try {
    fs.writeFileSync(path.join(root, name), image.bytes, { mode: 0o600 });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(listen.port, listen.host, () => {
        // Of a connection that could not be accepted, the device makes another one.
        server.off("error", reject).on("error", () => {});
        resolve();
      });
    });
  } catch (error) {
    remove();
    throw error;
  }
  let closing: Promise<void> | undefined;
  const close = async () => {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    remove();
  };
  return {
    port: (server.address() as AddressInfo).port,
    path: `/${name}`,
    close: () => (closing ??= close()),
  };
}

function end(response: http.ServerResponse, status: number, text: string): void {
  const body = `${text}\n`;
  response.writeHead(status, { "Content-Type": "text/plain", "Content-Length": Buffer.byteLength(body) });
  // Node leaves the body out of the answer to HEAD.
  response.end(body);
}
