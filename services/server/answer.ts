/** How answers are written. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Refusal } from "./guard.js";

/** Of every answer. The page's scripts and styles are files of ours; nothing else is loaded, and nobody frames the page. */
const SECURITY: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-cache",
};

/** What is asked, and where the answer goes. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
}

/** Where an answer goes. */
type Reply = Pick<Exchange, "response">;

export function head(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
): ServerResponse {
  return response.writeHead(status, { ...SECURITY, ...headers });
}

export function answer(
  { response }: Reply,
  status: number,
  type: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): void {
  const length = String(Buffer.byteLength(body));
  head(response, status, { "Content-Type": type, "Content-Length": length, ...headers });
  // Node leaves it out of the answer to HEAD.
  response.end(body);
}

export function answerJSON(exchange: Reply, value: unknown, status = 200): void {
  answer(exchange, status, "application/json; charset=utf-8", JSON.stringify(value));
}

export function refuse(exchange: Reply, { status, error, headers }: Refusal): void {
  answer(exchange, status, "application/json; charset=utf-8", JSON.stringify({ error }), headers);
}

/** Thrown where a request cannot be served as it is. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, error: string) {
    super(error);
    this.status = status;
  }
}
