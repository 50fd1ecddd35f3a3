/** Moddable's module `crc`: cyclic redundancy checks of 8 and 16 bits, which go on from one buffer to the next. */

import { bytesOf } from "../../chips/options.js";

class CRC {
  #width: number;
  #polynomial: number;
  #initial: number;
  #value: number;
  #reflectsInput: boolean;
  #reflectsOutput: boolean;
  #xor: number;

  constructor(width: number, args: readonly unknown[]) {
    const [polynomial, initial = 0, reflectsInput, reflectsOutput, xor = 0] = args;
    this.#width = width;
    this.#polynomial = Number(polynomial);
    this.#initial = Number(initial);
    this.#value = this.#initial;
    this.#reflectsInput = Boolean(reflectsInput);
    this.#reflectsOutput = Boolean(reflectsOutput);
    this.#xor = Number(xor);
  }

  /** Begins anew. */
  reset(): this {
    this.#value = this.#initial;
    return this;
  }

  checksum(buffer: ArrayBufferLike | ArrayBufferView): number {
    const top = 1 << (this.#width - 1);
    const mask = 2 * top - 1;
    let value = this.#value;
    for (const byte of bytesOf(buffer)) {
      value ^= (this.#reflectsInput ? reflect(byte, 8) : byte) << (this.#width - 8);
      for (let bit = 0; bit < 8; bit++)
        value = ((value & top) === 0 ? value << 1 : (value << 1) ^ this.#polynomial) & mask;
    }
    this.#value = value;
    return (this.#reflectsOutput ? reflect(value, this.#width) : value) ^ this.#xor;
  }

  close(): void {}
}

function reflect(value: number, width: number): number {
  let reflected = 0;
  for (let bit = 0; bit < width; bit++) if ((value >> bit) & 1) reflected |= 1 << (width - 1 - bit);
  return reflected;
}

export class CRC8 extends CRC {
  /** polynomial, initial value, whether bytes and result are reflected, and what the result is XORed with */
  constructor(...args: unknown[]) {
    super(8, args);
  }
}

export class CRC16 extends CRC {
  /** As CRC8's. */
  constructor(...args: unknown[]) {
    super(16, args);
  }
}

export default CRC8;
