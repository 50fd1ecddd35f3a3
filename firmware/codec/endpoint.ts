/** Where a server is, and as whom to speak to it: `mqtt://user:password@host:port` and `host:port` as text. */
export interface Endpoint {
  /** The URL's scheme is `mqtts`. */
  secure: boolean;
  user: string | undefined;
  password: string | undefined;
  host: string;
  port: number;
}

/**
 * Parses `mqtt[s]://[user[:password]@]host[:port]`. User and password may be percent-encoded, an IPv6 address stands
 * in brackets.
 * @returns `undefined` where it is no such URL
 */
export function parseBroker(text: string): Endpoint | undefined {
  const end = text.indexOf("://");
  const scheme = text.slice(0, Math.max(end, 0)).toLowerCase();
  const secure = scheme === "mqtts";
  if (!secure && scheme !== "mqtt") return undefined;
  let rest = text.slice(end + 3);
  if (rest.endsWith("/")) rest = rest.slice(0, -1);
  const at = rest.lastIndexOf("@");
  let user: string | undefined;
  let password: string | undefined;
  if (at >= 0) {
    const colon = rest.indexOf(":");
    const userEnd = colon >= 0 && colon < at ? colon : at;
    try {
      user = decodeURIComponent(rest.slice(0, userEnd));
      if (userEnd < at) password = decodeURIComponent(rest.slice(userEnd + 1, at));
    } catch {
      return undefined;
    }
    if (user === "" || user.indexOf("\0") >= 0 || (password ?? "").indexOf("\0") >= 0) return undefined;
  }
  const endpoint = parseHostPort(rest.slice(at + 1), secure ? 8883 : 1883);
  if (endpoint === undefined) return undefined;
  return { secure, user, password, host: endpoint.host, port: endpoint.port };
}

/** As it is written in a URL: an IPv6 address in brackets. */
export function hostPort(host: string, port: number): string {
  return host.indexOf(":") < 0 ? `${host}:${port}` : `[${host}]:${port}`;
}

/** Parses `host:port`; the port may be missing where there is a default. */
export function parseHostPort(
  text: string,
  defaultPort?: number,
): { host: string; port: number } | undefined {
  let host = text;
  let port: string | undefined;
  if (text.startsWith("[")) {
    const end = text.indexOf("]");
    if (end < 0) return undefined;
    host = text.slice(1, end);
    if (end + 1 < text.length) {
      if (text.charAt(end + 1) !== ":") return undefined;
      port = text.slice(end + 2);
    }
    if (!isAddress6(host)) return undefined;
  } else {
    const colon = text.indexOf(":");
    if (colon >= 0) {
      host = text.slice(0, colon);
      port = text.slice(colon + 1);
    }
    if (!isHost(host)) return undefined;
  }
  if (port === undefined) return defaultPort === undefined ? undefined : { host, port: defaultPort };
  if (port === "" || port.length > 5 || !isOf(port, isDigit)) return undefined;
  const number = Number(port);
  return number >= 1 && number <= 65_535 ? { host, port: number } : undefined;
}

/**
 * Parses `host[:port],host[:port]...`, with a space behind a comma or not. No IPv6 addresses: the UDP sockets of Moddable
 * are IPv4's.
 * @param maximum how many there may be
 */
export function parseHosts(
  text: string,
  maximum: number,
  defaultPort: number,
): { host: string; port: number }[] | undefined {
  const parts = text.split(",");
  if (parts.length > maximum) return undefined;
  const hosts: { host: string; port: number }[] = [];
  for (let i = 0; i < parts.length; i++) {
    const host = parseHostPort(parts[i].trim(), defaultPort);
    if (host === undefined || host.host.indexOf(":") >= 0) return undefined;
    hosts.push(host);
  }
  return hosts;
}

function isHost(text: string): boolean {
  return text !== "" && text.length <= 253 && isOf(text, isHostCharacter);
}

function isAddress6(text: string): boolean {
  return (
    text.indexOf(":") >= 0 &&
    text.length <= 45 &&
    isOf(text, (unit) => isHexDigit(unit) || unit === 0x3a || unit === 0x2e)
  );
}

function isOf(text: string, test: (unit: number) => boolean): boolean {
  for (let i = 0; i < text.length; i++) if (!test(text.charCodeAt(i))) return false;
  return true;
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

function isHexDigit(unit: number): boolean {
  return isDigit(unit) || ((unit | 0x20) >= 0x61 && (unit | 0x20) <= 0x66);
}

/** Letters, digits, hyphen, point and, as many home routers allow, underscore. */
function isHostCharacter(unit: number): boolean {
  const lower = unit | 0x20;
  return isDigit(unit) || (lower >= 0x61 && lower <= 0x7a) || unit === 0x2d || unit === 0x2e || unit === 0x5f;
}
