import type { Flash, KeyValue } from "../../firmware/ports.js";
import type { TimerDomain } from "../../host-sim/boards/virtual/clock.js";
import { PowerCut, VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import type { Random } from "./random.js";

/** What of a device outlives its power: its settings, and its journal. */
export class Keepsakes {
  readonly flash: VirtualFlash | undefined;
  #values = new Map<string, string>();
  #random: Random;
  /** The power goes within so many writes of a value from now; 0 is never. */
  #untilCut = 0;

  /** @param blocks of the journal, 0 for a device without */
  constructor(blocks: number, random: Random) {
    this.flash = blocks > 0 ? new VirtualFlash(blocks) : undefined;
    this.#random = random;
  }

  /** Restarts that were counted. */
  get boots(): number {
    return Number(this.#values.get("boot")?.split(" ")[0] ?? 0);
  }

  /** The power goes within the n-th operation of the flash from now. */
  cutAtOperation(operation: number): void {
    this.flash?.cutAt(operation, this.#random.next);
  }

  /** The power goes within the n-th write of a setting from now. */
  cutAtValue(write: number): void {
    this.#untilCut = write;
  }

  /** No cut comes. */
  calm(): void {
    this.flash?.cutAt(0, this.#random.next);
    this.#untilCut = 0;
  }

  /** @param onCut called when the power goes within a write */
  keyValue(domain: TimerDomain, onCut: () => void): KeyValue {
    const change = (task: () => void) => {
      if (domain.isCut) throw new PowerCut("the power is off");
      if (this.#untilCut > 0) this.#untilCut -= 1;
      else return task();
      if (this.#untilCut > 0) return task();
      if (this.#random.chance(0.5)) task();
      onCut();
      throw new PowerCut("the power went");
    };
    return {
      read: (key) => this.#values.get(key),
      write: (key, value) => change(() => this.#values.set(key, value)),
      delete: (key) => change(() => this.#values.delete(key)),
    };
  }

  /** The partition as this life opens it. */
  open(flash: VirtualFlash, domain: TimerDomain, onCut: () => void): Flash {
    const handle = flash.reopen();
    const guarded = <T>(task: () => T): T => {
      if (domain.isCut) throw new PowerCut("the power is off");
      try {
        return task();
      } catch (error) {
        if (error instanceof PowerCut) onCut();
        throw error;
      }
    };
    return {
      read: (buffer, position) => guarded(() => handle.read(buffer, position)),
      write: (buffer, position) => guarded(() => handle.write(buffer, position)),
      eraseBlock: (start, end) => guarded(() => handle.eraseBlock(start, end)),
      status: () => guarded(() => handle.status()),
      close: () => handle.close(),
    };
  }
}
