import { bytesOf, isBufferLike } from "../../chips/options.js";

type Operand = ArrayBufferLike | ArrayBufferView | number;

/** Moddable's module `logical`: operations on the bytes of a buffer, in place. The other operand is repeated. */
const Logical = {
  not(target: ArrayBufferLike | ArrayBufferView, count?: number): void {
    Logical.xor(target, 0xff, count);
  },

  xor(target: ArrayBufferLike | ArrayBufferView, other: Operand, count?: number): void {
    combine(target, other, count, (a, b) => a ^ b);
  },

  and(target: ArrayBufferLike | ArrayBufferView, other: Operand, count?: number): void {
    combine(target, other, count, (a, b) => a & b);
  },

  or(target: ArrayBufferLike | ArrayBufferView, other: Operand, count?: number): void {
    combine(target, other, count, (a, b) => a | b);
  },
};

function combine(
  target: unknown,
  other: unknown,
  count: number | undefined,
  operation: (a: number, b: number) => number,
): void {
  const bytes = bytesOf(target);
  const operand = isBufferLike(other) ? bytesOf(other) : Uint8Array.of(other as number);
  const end = Math.min(bytes.length, count ?? bytes.length);
  for (let i = 0; i < end; i++) bytes[i] = operation(bytes[i], operand[i % operand.length]);
}

export default Logical;
