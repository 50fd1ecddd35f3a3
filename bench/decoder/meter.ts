/**
 * Counts the bytes of the typed arrays that are made while it is in place. A client that is made then makes counted
 * arrays for as long as it lives.
 */
export class Meter {
  /** Bytes, since `reset`. */
  bytes = 0;
  readonly #original = globalThis.Uint8Array;
  readonly #originalBuffer = globalThis.ArrayBuffer;
  readonly #counting: Uint8ArrayConstructor;
  readonly #countingBuffer: ArrayBufferConstructor;

  constructor() {
    const meter = this;
    const counting = class extends Uint8Array {
      // Of a length, of an array, or on a buffer that is there already, which costs nothing.
      constructor(...of: unknown[]) {
        super(...(of as [number]));
        if (!(of[0] instanceof ArrayBuffer)) meter.bytes += this.length;
      }
    };
    this.#counting = counting as unknown as Uint8ArrayConstructor;
    this.#countingBuffer = new Proxy(globalThis.ArrayBuffer, {
      construct(target, of: [number]) {
        meter.bytes += of[0];
        return new target(...of);
      },
    });
  }

  reset(): void {
    this.bytes = 0;
  }

  /** Runs `task` with it in place. */
  during(task: () => void): void {
    globalThis.Uint8Array = this.#counting;
    globalThis.ArrayBuffer = this.#countingBuffer;
    try {
      task();
    } finally {
      globalThis.Uint8Array = this.#original;
      globalThis.ArrayBuffer = this.#originalBuffer;
    }
  }
}
