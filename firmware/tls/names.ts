/** Whether a certificate is for a host: RFC 9525. Only subjectAltName counts; the common name is a label. */

import { type Certificate, equal } from "./certificate.js";

/** @param host a name, or an IP address in text form */
export function isFor(certificate: Certificate, host: string): boolean {
  const address = parseAddress(host);
  if (address) {
    for (let i = 0; i < certificate.addresses.length; i++) {
      if (equal(certificate.addresses[i], address)) return true;
    }
    return false;
  }
  const wanted = host.toLowerCase();
  for (let i = 0; i < certificate.names.length; i++) {
    if (matches(certificate.names[i], wanted)) return true;
  }
  return false;
}

/** What a certificate is for, for a person; empty where it is for nothing. */
export function whomFor(certificate: Certificate): string {
  return certificate.names.concat(certificate.addresses.map(addressText)).join(", ");
}

/** `*.` in front stands for exactly one label, and only below a domain of two or more. */
function matches(name: string, host: string): boolean {
  if (!name.startsWith("*.")) return name === host;
  const dot = host.indexOf(".");
  const domain = name.slice(1);
  return dot > 0 && host.slice(dot) === domain && domain.indexOf(".", 1) > 0 && domain.indexOf("*") < 0;
}

function addressText(address: Uint8Array): string {
  if (address.length === 4) return address.join(".");
  const groups: string[] = [];
  for (let i = 0; i + 1 < address.length; i += 2) {
    groups.push(((address[i] << 8) | address[i + 1]).toString(16));
  }
  return groups.join(":");
}

/** The bytes of an IPv4 or IPv6 address; `undefined` where it is a name. */
export function parseAddress(text: string): Uint8Array | undefined {
  return text.indexOf(":") >= 0 ? parseAddress6(text) : parseAddress4(text);
}

function parseAddress4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const part = parts[i];
    const value = Number(part);
    if (part === "" || part.length > 3 || !(value >= 0 && value <= 255) || String(value) !== part)
      return undefined;
    bytes[i] = value;
  }
  return bytes;
}

function parseAddress6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const front = parseGroups(halves[0]);
  const back = halves.length === 2 ? parseGroups(halves[1]) : [];
  if (!front || !back) return undefined;
  const missing = 16 - front.length - back.length;
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(front, 0);
  bytes.set(back, 16 - back.length);
  return bytes;
}

function parseGroups(text: string): number[] | undefined {
  const bytes: number[] = [];
  if (text === "") return bytes;
  const groups = text.split(":");
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i];
    if (group.indexOf(".") >= 0) {
      const address = i === groups.length - 1 ? parseAddress4(group) : undefined;
      if (!address) return undefined;
      bytes.push(address[0], address[1], address[2], address[3]);
      continue;
    }
    const value = Number(`0x${group}`);
    if (group === "" || group.length > 4 || !(value >= 0)) return undefined;
    bytes.push(value >> 8, value & 0xff);
  }
  return bytes;
}
