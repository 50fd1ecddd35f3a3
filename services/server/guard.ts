/** Who may ask: checks of a request before anything of it is done. */

import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface Credentials {
  user: string;
  password: string;
}

const LOOPBACK: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** An answer other than what was asked for. */
export interface Refusal {
  status: number;
  error: string;
  headers?: Record<string, string>;
}

export class Guard {
  #names: ReadonlySet<string>;
  #digest: Buffer | undefined;

  /** @param host that the server listens at */
  constructor(host: string, credentials: Credentials | undefined) {
    this.#names = new Set([...LOOPBACK, host.includes(":") ? `[${host}]` : host.toLowerCase()]);
    this.#digest = credentials && digest(`${credentials.user}:${credentials.password}`);
  }

  /** @returns `undefined` where the request may go on */
  check(request: IncomingMessage): Refusal | undefined {
    return this.#checkHost(request) ?? this.#checkCredentials(request) ?? this.#checkOrigin(request);
  }

  /**
   * A page of another site whose name was made to point here (DNS rebinding) has that name in Host. With credentials it has not got
   * those, and any name will do: the server may stand behind a proxy.
   */
  #checkHost({ headers: { host } }: IncomingMessage): Refusal | undefined {
    const name = (host ?? "").replace(/:\d+$/, "").toLowerCase();
    if (this.#digest || this.#names.has(name)) return undefined;
    return { status: 421, error: "this server does not go by that name" };
  }

  #checkCredentials({ headers: { authorization } }: IncomingMessage): Refusal | undefined {
    if (!this.#digest) return undefined;
    const given = /^Basic +([\w+/=]+)$/i.exec(authorization ?? "")?.[1] ?? "";
    // Digests are of one length, so that the comparison takes one time.
    if (timingSafeEqual(digest(Buffer.from(given, "base64").toString("utf8")), this.#digest))
      return undefined;
    return {
      status: 401,
      error: "user and password are needed",
      headers: { "WWW-Authenticate": 'Basic realm="Hearth", charset="UTF-8"' },
    };
  }

  /** A page of another site may post with the user's credentials, but not without saying where it is from (Fetch, 3.2). */
  #checkOrigin({ method, headers }: IncomingMessage): Refusal | undefined {
    if (method === "GET" || method === "HEAD") return undefined;
    const { origin, host } = headers;
    const site = headers["sec-fetch-site"];
    const isOwn = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
    if (isOwn && (site === undefined || site === "same-origin" || site === "none")) return undefined;
    return { status: 403, error: "a page of another site may not do this" };
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
