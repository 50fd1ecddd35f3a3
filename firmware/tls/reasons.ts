/** Why a TLS connection was refused, in words that tell what to do. The same on every board. */

export const NOT_PINNED =
  "the server's key is not the one that is pinned: if it has a new key, set pin to that key's digest; if it has none, this is not your server";

export const UNKNOWN_AUTHORITY =
  "the server's certificate is from an authority that is not trusted: set ca to the certificate of its authority";

export const NOT_FOR_SERVERS =
  "the server's certificate is not one for a server: make it one with extendedKeyUsage serverAuth";

export const NOT_AN_AUTHORITY =
  "the server's certificate is vouched for by one that is not an authority's, or not allowed to";

export const NO_TLS = "the server speaks no TLS 1.2 on this port: is it the one for mqtts://?";

export const NO_CLOCK = "the clock is not set, and the dates of a certificate cannot be checked without it";

export function wrongName(host: string, names: string): string {
  const whom = names === "" ? "no host (its subjectAltName is missing)" : names;
  return `the server's certificate is not for ${host}, it is for ${whom}: use a name of its in the setting or URL, or give it a certificate with the subjectAltName ${host}`;
}

/**
 * @param whose `server's`, `authority's`
 * @param date milliseconds since 1970, where it is known
 */
export function expired(whose: string, date?: number): string {
  return `the ${whose} certificate has expired${dateText(date)}: it has to be renewed`;
}

/** As `expired`. */
export function notYetValid(whose: string, date?: number): string {
  return `the ${whose} certificate is not valid yet${dateText(date)}: is the clock right?`;
}

function dateText(date: number | undefined): string {
  return date === undefined ? "" : ` (${new Date(date).toISOString().slice(0, 10)})`;
}

const DEMANDED = "the server demands a client certificate: set cert and key";
const NOT_TAKEN = "the server does not take the node's certificate (cert)";
const NOTHING_SHARED = "the server shares no method of encryption with the node";

/** What the client certificate has to do with it that a server ends the handshake. */
export const enum Client {
  /** The node has none, and whether the server wants one is not known. */
  NONE,
  /** The server has not asked for one. */
  NOT_ASKED,
  /** It has asked, and the node has none. */
  MISSING,
  /** The node has one. */
  SHOWN,
}

/**
 * What the server says by an alert of TLS (RFC 5246, 7.2; RFC 8446, 6).
 * @param description its number
 */
export function alertText(description: number, client: Client): string {
  switch (description) {
    case 0:
      return "the server ended the connection";
    case 40:
      if (client === Client.MISSING) return DEMANDED;
      if (client === Client.NOT_ASKED) return NOTHING_SHARED;
      return `${NOTHING_SHARED}, or ${client === Client.SHOWN ? "does not take its certificate" : "demands a client certificate: set cert and key"}`;
    case 116:
      return client === Client.SHOWN ? NOT_TAKEN : DEMANDED;
    case 42:
    case 43:
    case 46:
    case 49:
      return NOT_TAKEN;
    case 44:
      return "the server says that the node's certificate (cert) is revoked";
    case 45:
      return "the server says that the node's certificate (cert) has expired";
    case 48:
      return "the server does not know the authority of the node's certificate (cert)";
    case 51:
      return "the server says that the node's key does not belong to its certificate";
    case 70:
      return "the server speaks no version of TLS that the node speaks";
    case 71:
      return "the server wants stronger encryption than the node has";
    case 112:
      return "the server does not know the name by which it was called";
    default:
      return `the server ended the connection with TLS alert ${description}`;
  }
}

/** A handshake that ended without a word. */
export function closedText(client: Client): string {
  const closed = "closed by the server in the TLS handshake";
  if (client === Client.MISSING) return `${closed}: ${DEMANDED}`;
  return client === Client.SHOWN
    ? `${closed}: perhaps it does not take the node's certificate (cert)`
    : closed;
}

/** What Moddable's session throws, in words for a person. */
export function sessionText(message: string): string {
  if (message.startsWith("serverKeyExchange")) {
    return "the server could not prove that the key of its certificate is its own";
  }
  if (message.startsWith("recordProtocol") || message.startsWith("finished")) {
    return "what the server sent was changed on its way, or encrypted with another key";
  }
  return message === "" ? "the TLS session failed" : message;
}
