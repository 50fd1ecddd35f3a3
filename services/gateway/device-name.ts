/** Names of devices: one level of a topic, so that no name reaches another topic than its own. */

/** Bytes of UTF-8. */
const NAME_LIMIT = 64;

/** The gateway's own level under the base. */
export const OWN_NAME = "gateway";

/** Line separators, what turns the direction of text, and what was no text: the server does not take such names. */
const UNSHOWABLE = /[\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufffd]/u;

/** What is wrong with a name, for the error line; `undefined` where it is good. */
export function nameProblem(name: string): string | undefined {
  const length = Buffer.byteLength(name);
  if (length === 0 || length > NAME_LIMIT) return `a device's name has 1 to ${NAME_LIMIT} bytes`;
  if (Buffer.from(name).toString() !== name) return "a device's name is no text"; // half of a surrogate pair
  for (const character of name) {
    const code = character.codePointAt(0) as number;
    // MQTT 3.1.1 section 1.5.3: brokers may refuse control characters and non-characters.
    const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0);
    const isNone = (code & 0xfffe) === 0xfffe || (code >= 0xfdd0 && code <= 0xfdef);
    if (isControl || isNone) return "a device's name has no control characters";
    if (character === "/" || character === "+" || character === "#")
      return "a device's name has no / + or # in it";
  }
  if (UNSHOWABLE.test(name)) return "a device's name has nothing in it that turns text, or ends a line";
  if (name.startsWith("$")) return "a device's name does not begin with $"; // section 4.7.2
  if (name === OWN_NAME) return `"${OWN_NAME}" is the gateway's own name`;
  return undefined;
}

/** An address as it is written in options: an IPv4 address also where it came in by IPv6. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "").toLowerCase();
}

/** The name of a client that gives none: `tcp-192-168-1-7`. */
export function nameOfAddress(address: string): string {
  return `tcp-${levelOf(plainAddress(address))}`;
}

/** The name of a port that was given none: `serial-ttyUSB0`. */
export function nameOfPort(device: string): string {
  return `serial-${levelOf(device.split(/[/\\]/).pop() ?? "")}`;
}

function levelOf(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, "-").slice(0, 50);
}
