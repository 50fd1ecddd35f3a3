import type { Pins } from "./pins.js";
import { SPI, type SPIOptions } from "./spi.js";

/** A part on an SPI bus, at the level of its bytes. */
export interface SPIChip {
  /** The select line: true before a transfer, false behind it. A transfer between the two goes on with the last. */
  select?(isSelected: boolean): void;
  /** As each byte goes to the part, one comes back: `incoming` is as long as `outgoing`, and full of 0xFF. */
  transfer(outgoing: Uint8Array, incoming: Uint8Array): void;
}

/** An SPI bus with simulated parts, each with a pin that selects it, and ECMA-419's SPI class to speak to them. */
export class SPIBus {
  #pins: Pins;
  #chips = new Map<number, SPIChip>();
  /** ECMA-419's SPI class, on this bus. */
  readonly SPI: new (
    options: SPIOptions,
  ) => SPI;

  constructor(pins: Pins) {
    this.#pins = pins;
    const bus = this;
    this.SPI = class extends SPI {
      constructor(options: SPIOptions) {
        super(bus, pins, options);
      }
    };
  }

  /** Puts a part on the bus, whose select line is at pin `select`. */
  attach(select: number, chip: SPIChip): void {
    this.#chips.set(select, chip);
  }

  detach(select: number): void {
    this.#chips.delete(select);
  }

  /**
   * For SPI: moves bytes in both directions.
   * @param select the pin that the instance drives, `undefined` where the program drives it itself, low for selected
   * @returns what came back: 0xFF where nothing is selected
   */
  transfer(outgoing: Uint8Array, select: number | undefined): Uint8Array {
    const incoming = new Uint8Array(outgoing.length).fill(0xff);
    if (select !== undefined) {
      const chip = this.#chips.get(select);
      chip?.select?.(true);
      chip?.transfer(outgoing, incoming);
      chip?.select?.(false);
      return incoming;
    }
    for (const [pin, chip] of this.#chips) if (this.#pins.level(pin) === 0) chip.transfer(outgoing, incoming);
    return incoming;
  }
}
