import { parseHostPort } from "./endpoint.js";

/** Where something is that is fetched by HTTP. */
export interface HTTPAddress {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** As the host is named in the request: with the port where it is not the scheme's own. */
  readonly authority: string;
  /** Path and query, as they stand in the request. */
  readonly target: string;
}

/**
 * Parses `http[s]://host[:port][/path][?query]` (RFC 9110, 4.2). No user, no fragment, nothing but printable ASCII.
 * @returns `undefined` where it is no such URL
 */
export function parseHTTPAddress(text: string): HTTPAddress | undefined {
  const secure = text.startsWith("https://");
  if (!secure && !text.startsWith("http://")) return undefined;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit <= 0x20 || unit >= 0x7f || unit === 0x23) return undefined;
  }
  const start = secure ? 8 : 7;
  let end = start;
  while (end < text.length && text.charCodeAt(end) !== 0x2f && text.charCodeAt(end) !== 0x3f) end += 1;
  const authority = text.slice(start, end);
  const place = parseHostPort(authority, secure ? 443 : 80);
  if (!place) return undefined;
  const rest = text.slice(end);
  const target = rest.startsWith("/") ? rest : `/${rest}`;
  return { secure, host: place.host, port: place.port, authority, target };
}
