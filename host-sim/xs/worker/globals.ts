/**
 * The globals of a device, on the `xsnap-worker`: what that has besides is taken away, and what it lacks is added. Moddable's
 * `xs` documentation ("ArrayBuffer", "String", "trace") says what these do.
 */

/** Of XS's own test program, of Agoric's, and of browsers; XS's `trace` stays. */
const FOREIGN = [
  "Base64",
  "TextDecoder",
  "TextEncoder",
  "currentMeterLimit",
  "gc",
  "harden",
  "issueCommand",
  "performance",
  "print",
  "resetMeter",
  "setImmediate",
] as const;

/** Whoever needs what goes has to have taken it before. */
export function becomeDevice(): void {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  define(ArrayBuffer, "fromString", (text: string) => encoder.encode(String(text)).buffer);
  define(String, "fromArrayBuffer", (bytes: ArrayBuffer) => decoder.decode(new Uint8Array(bytes)));
  for (const name of FOREIGN) delete (globalThis as Record<string, unknown>)[name];
}

function define(of: object, name: string, value: unknown): void {
  Object.defineProperty(of, name, { value, writable: true, configurable: true, enumerable: false });
}
