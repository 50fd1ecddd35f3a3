/** The HTTP server: who may ask, which route it is, and what goes wrong. */

import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Refused, refuse } from "./answer.js";
import type { Guard } from "./guard.js";
import type { Route } from "./routes.js";

/** Connections at once; a browser holds six and one for events. */
const CONNECTION_LIMIT = 256;

/** Milliseconds in which a request must have come whole, and without a byte either way after which a connection ends. */
const REQUEST_TIMEOUT = 15_000;
const SILENCE = 60_000;

export interface Web {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Listens.
 * @param isFallback another port is taken where this one is
 * @throws the operating system's error where the port is taken or the address is not of this machine
 */
export async function startHTTP(
  where: { host: string; port: number; isFallback: boolean },
  guard: Guard,
  routes: ReadonlyMap<string, Route>,
  onWarning: (text: string) => void,
): Promise<Web> {
  const server = http.createServer(
    { requestTimeout: REQUEST_TIMEOUT, headersTimeout: REQUEST_TIMEOUT, maxHeaderSize: 16_384 },
    (request, response) => void serve(request, response, guard, routes, onWarning),
  );
  server.maxConnections = CONNECTION_LIMIT;
  server.timeout = SILENCE;
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, where.host, () => {
        server.off("error", reject);
        resolve();
      });
    });
  await listen(where.port).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE" || !where.isFallback) throw error;
    return listen(0);
  });
  // No descriptor left for a connection, for one: it is not made, and the server goes on.
  server.on("error", () => {});
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  guard: Guard,
  routes: ReadonlyMap<string, Route>,
  onWarning: (text: string) => void,
): Promise<void> {
  try {
    const refusal = guard.check(request);
    if (refusal) {
      refuse({ response }, refusal);
      return;
    }
    const [path, query] = split(request.url ?? "");
    const route = routes.get(path);
    if (!route) throw new Refused(404, "there is nothing here");
    if (!route.methods.includes(request.method ?? "")) {
      const headers = { Allow: route.methods.join(", ") };
      refuse({ response }, { status: 405, error: "this cannot be done here", headers });
      return;
    }
    await route.serve({ request, response, query: new URLSearchParams(query) });
  } catch (error) {
    if (!(error instanceof Refused) && !isGone(error, response))
      onWarning(`a request could not be answered: ${(error as Error).message}`);
    // In the middle of an answer there is no other way to say that it is not whole.
    if (response.headersSent || response.destroyed) response.destroy();
    else if (error instanceof Refused) {
      // What of the body has not been read would be taken for the next request.
      const headers = request.complete ? {} : { Connection: "close" };
      refuse({ response }, { status: error.status, error: error.message, headers });
    } else refuse({ response }, { status: 500, error: "the server could not do this" });
  }
}

function split(url: string): [path: string, query: string] {
  const mark = url.indexOf("?");
  return mark < 0 ? [url, ""] : [url.slice(0, mark), url.slice(mark + 1)];
}

/** The other side has ended the connection: no fault of anything here. */
function isGone(error: unknown, response: ServerResponse): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return response.destroyed || code === "ERR_STREAM_PREMATURE_CLOSE" || code === "ECONNRESET";
}
