/** Globals that XS has and Node has not ("XS in C" and `xs.d.ts` of the Moddable SDK). */

import { deepFreeze } from "./freeze.js";
import System from "./modules/system.js";
import device from "./provider.js";

type Method = (...args: never[]) => unknown;

/** Makes the globals of this process those that a program for Moddable finds. What Node has of its own is left. */
export function installGlobals(): void {
  define(globalThis, { trace });
  // Assigned, for examples put another in its place, with more of a network.
  Object.assign(globalThis, { device, System });
  define(ArrayBuffer, { fromString, fromBigInt });
  define(ArrayBuffer.prototype, { concat });
  define(String, { fromArrayBuffer });
  define(BigInt, { fromArrayBuffer: bigIntFromArrayBuffer, bitLength });
  define(Math, { idiv, imod, imuldiv, irandom, irem, mod });
  define(Object, { freeze });
  defineMissing(Promise, { withResolvers });
  defineMissing(Uint8Array, { fromHex, fromBase64 });
  defineMissing(Uint8Array.prototype, { toHex, toBase64 });
}

function define(target: object, methods: Readonly<Record<string, Method>>): void {
  for (const [name, value] of Object.entries(methods))
    Object.defineProperty(target, name, { value, writable: true, configurable: true });
}

/** What later versions of Node have, and XS. */
function defineMissing(target: object, methods: Readonly<Record<string, Method>>): void {
  for (const [name, method] of Object.entries(methods))
    if (!(name in target)) define(target, { [name]: method });
}

/** To the standard output, as text without an end of line of its own. A buffer is written as hexadecimal digits. */
function trace(...values: unknown[]): void {
  process.stdout.write(values.map(traced).join(""));
}

function traced(value: unknown): string {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return bytes(value).toString("hex");
  return String(value);
}

function bytes(data: ArrayBuffer | ArrayBufferView): Buffer {
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.from(data);
}

/** A copy with memory of its own, as Buffer's is not. */
function ownBuffer(data: Uint8Array): ArrayBuffer {
  return Uint8Array.from(data).buffer;
}

function fromString(text: string): ArrayBuffer {
  return ownBuffer(Buffer.from(`${text}`, "utf8"));
}

function fromArrayBuffer(buffer: unknown): string {
  if (
    !(buffer instanceof ArrayBuffer) &&
    !(buffer instanceof SharedArrayBuffer) &&
    !ArrayBuffer.isView(buffer)
  )
    throw new TypeError("not a buffer");
  return bytes(buffer as ArrayBuffer).toString("utf8");
}

/** Big-endian, in as few bytes as it takes. */
function fromBigInt(value: bigint): ArrayBuffer {
  const digits = BigInt(value).toString(16);
  return ownBuffer(Buffer.from(digits.padStart(digits.length + (digits.length % 2), "0"), "hex"));
}

function bigIntFromArrayBuffer(buffer: ArrayBuffer): bigint {
  const digits = bytes(buffer).toString("hex");
  return digits === "" ? 0n : BigInt(`0x${digits}`);
}

function bitLength(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  return magnitude === 0n ? 0 : magnitude.toString(2).length;
}

function concat(this: ArrayBuffer, ...others: (ArrayBuffer | ArrayBufferView)[]): ArrayBuffer {
  return ownBuffer(Buffer.concat([bytes(this), ...others.map(bytes)]));
}

/** XS's integer mathematics, on 32 bits. */
function idiv(a: number, b: number): number {
  return (a / b) | 0;
}

function imod(a: number, b: number): number {
  return mod(a | 0, b | 0) | 0;
}

function imuldiv(a: number, b: number, c: number): number {
  return ((a * b) / c) | 0;
}

/** From `a` up to but not including `b`, or from 0 up to `a`. */
function irandom(a: number, b?: number): number {
  const [from, to] = b === undefined ? [0, a] : [a, b];
  return Math.floor(from + Math.random() * (to - from));
}

function irem(a: number, b: number): number {
  return ((a | 0) % (b | 0)) | 0;
}

function mod(a: number, b: number): number {
  return a - b * Math.floor(a / b);
}

const plainFreeze = Object.freeze;

/** With `true`, all that is in the object too. */
function freeze(value: unknown, deep?: boolean | number): unknown {
  return deep ? deepFreeze(value) : plainFreeze(value);
}

function withResolvers(): unknown {
  let resolve: unknown;
  let reject: unknown;
  const promise = new Promise((...functions) => {
    [resolve, reject] = functions;
  });
  return { promise, resolve, reject };
}

function fromHex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/i.test(text)) throw new SyntaxError("not hexadecimal");
  return Uint8Array.from(Buffer.from(text, "hex"));
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "base64"));
}

function toHex(this: Uint8Array): string {
  return bytes(this).toString("hex");
}

function toBase64(this: Uint8Array): string {
  return bytes(this).toString("base64");
}
