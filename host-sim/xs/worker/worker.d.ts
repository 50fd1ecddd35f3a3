/** Globals of the `xsnap-worker` program, which a device has not: `globals.ts` takes them away from the firmware. */

declare global {
  class TextEncoder {
    encode(text: string): Uint8Array;
  }

  class TextDecoder {
    constructor(label?: string, options?: { fatal?: boolean });
    decode(bytes: Uint8Array): string;
  }

  /** Hands a request to the process that started the worker, and waits for its answer. */
  function issueCommand(request: ArrayBuffer): ArrayBuffer;

  /**
   * The bytecodes that were run since the meter was set.
   * @param limit ends the worker where the meter gets beyond it; 0 for none
   * @param value what the meter counts from
   */
  function resetMeter(limit: number, value: number): number;

  /** Collects garbage. */
  function gc(): void;

  /** What the worker calls with each message. */
  var handleCommand: ((message: ArrayBuffer) => ArrayBuffer | undefined) | undefined;
}

export {};
