import { Quantity } from "../../firmware/codec/reading.js";
import type { Board } from "../../firmware/compose.js";
import type { SerialClass, SerialOptions } from "../../firmware/ports.js";
import type { TimerDomain, VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { VirtualLine } from "../../host-sim/boards/virtual/serial.js";
import { MICRODEGREES, microdegrees } from "./codes.js";
import type { Random } from "./random.js";
import type { SensorWorld, Taker } from "./sources.js";

/** A line that begins sooner after the port was opened was already on its way: README, "What a serial sensor may send". */
const JOINING = 50;

/** What a line of noise has in it, so that it is no reading by chance. */
const JUNK = ["#", "\u00ff", "?", "\u0000"];

/** A sensor that speaks lines of text at its own pace, and the wire on which noise comes too. */
export class UARTWorld implements SensorWorld {
  readonly kind = "uart";
  readonly codes = [MICRODEGREES];
  readonly settings = { sensor: "uart", interval: 0 };
  #clock: VirtualClock;
  #random: Random;
  #taker: Taker;
  readonly pace: number;
  #line: VirtualLine;
  #count = 0;
  #domain: TimerDomain | undefined;
  #openedAt = 0;
  /** Nothing has come since the port was opened. */
  #silent = true;
  /** Bytes since the last end of a line that are not the sensor's present line, or a line joined in its middle. */
  #spoilt = false;
  /** The sensor is within a line. */
  #speaking = false;
  /** Milliseconds between bursts of noise, 0 for none. */
  #noisePeriod = 0;
  /** Ends the present spell of noise's own timers. */
  #spell = 0;

  constructor(clock: VirtualClock, random: Random, pace: number, taker: Taker) {
    this.#clock = clock;
    this.#random = random;
    this.pace = pace;
    this.#taker = taker;
    this.#line = new VirtualLine(clock);
    this.#later(random.between(0, pace), () => this.#speak());
  }

  attach(domain: TimerDomain): Pick<Board, "sensors" | "serial"> {
    this.#domain = domain;
    const Port = this.#line.on(domain);
    const opened = () => {
      this.#openedAt = this.#clock.elapsed;
      this.#silent = true;
      this.#spoilt = this.#speaking;
      this.#joinedLine();
    };
    const Observed = class extends Port {
      constructor(options: SerialOptions) {
        super(options);
        opened();
      }
    } as unknown as SerialClass;
    return { sensors: {}, serial: () => ({ io: Observed }) };
  }

  /** Now and then a port is opened in the middle of a line, whose rest looks like a reading and is none. */
  #joinedLine(): void {
    if (this.#speaking || !this.#random.chance(0.3)) return;
    const text = decimal(microdegrees(this.#count), 6);
    const rest = `${text.slice(this.#random.integer(1, text.length - 1))}\n`;
    this.#later(this.#random.integer(1, 20), () => {
      if (this.#silent && !this.#speaking) this.#send(rest, false);
    });
  }

  cut(): void {
    this.#line.vanish();
  }

  get isFine(): boolean {
    return this.#line.isPlugged && this.#noisePeriod === 0;
  }

  fault(): { what: string; end: () => void } {
    this.#line.unplug();
    return { what: "unplugged", end: () => this.#line.plug() };
  }

  /** Begins a spell of noise. @returns how to end it */
  noise(): () => void {
    this.#noisePeriod = this.#random.magnitude(200, 60_000);
    this.#spell += 1;
    const spell = this.#spell;
    const burst = () => {
      if (spell !== this.#spell || this.#noisePeriod === 0) return;
      this.#send(this.#noiseText(), false);
      this.#later(this.#random.gap(this.#noisePeriod), burst);
    };
    burst();
    return () => {
      this.#noisePeriod = 0;
    };
  }

  #later(delay: number, task: () => void): void {
    this.#clock.timer.set(task, delay);
  }

  #speak(): void {
    const count = this.#count;
    this.#count += 1;
    const text = this.#text(count);
    this.#later(this.pace * this.#random.between(0.98, 1.02), () => this.#speak());
    // Bytes come as the operating system or the FIFO gives them: at once, or in pieces some milliseconds apart.
    if (this.#random.chance(0.7)) return this.#finish(count, text);
    const split = this.#random.integer(1, text.length - 2);
    this.#speaking = true;
    this.#later(this.#random.integer(1, 20), () => {
      this.#speaking = false;
      this.#finish(count, text.slice(split));
    });
    this.#send(text.slice(0, split), true);
  }

  /** The line, or what is left of it. */
  #finish(count: number, text: string): void {
    if (this.#arrives(text, true)) this.#taker.taken(Quantity.TEMPERATURE, count);
    // Whatever was wrong with this line, the next one is its own.
    this.#spoilt = false;
    this.#deliver(text);
  }

  #send(text: string, isSensor: boolean): void {
    this.#arrives(text, isSensor);
    this.#deliver(text);
  }

  #deliver(text: string): void {
    if (this.#line.isOpen) this.#line.send(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  }

  /** Follows what the node can make of it. False where the present line is spoilt. */
  #arrives(text: string, isSensor: boolean): boolean {
    if (!this.#line.isOpen || this.#domain?.isCut) return false;
    if (this.#silent) {
      this.#silent = false;
      if (this.#clock.elapsed - this.#openedAt < JOINING) this.#spoilt = true;
    }
    if (!isSensor) this.#spoilt = this.#speaking || !/[\r\n]$/.test(text);
    return !this.#spoilt;
  }

  #text(count: number): string {
    const micro = microdegrees(count);
    const celsius = decimal(micro, 6);
    const end = this.#random.pick(["\n", "\r\n", "\r"]);
    switch (this.#random.integer(0, 5)) {
      case 0:
        return `T=${celsius}${end}`;
      case 1:
        return `temperature: ${celsius} C${end}`;
      case 2:
        return `{"temperature": ${celsius}}${end}`;
      case 3:
        return `${decimal(micro * 18 + 320_000_000, 7)} F${end}`;
      case 4:
        return `${decimal(micro + 273_150_000, 6)}K${end}`;
      default:
        return celsius + end;
    }
  }

  /** Lines that are no readings; the last one without an end at times, and always while the sensor is within a line. */
  #noiseText(): string {
    let text = "";
    for (let lines = this.#random.integer(1, 4); lines > 0; lines--) {
      if (text !== "") text += "\n";
      const length = this.#random.magnitude(1, 300);
      let line = "";
      for (let i = 0; i < length; i++) line += String.fromCharCode(this.#random.pick(NOISE_BYTES));
      text += line + this.#random.pick(JUNK);
    }
    return this.#speaking || this.#random.chance(0.3) ? text : `${text}\n`;
  }
}

/** All bytes but the ends of lines. */
const NOISE_BYTES = Array.from({ length: 256 }, (_, byte) => byte).filter(
  (byte) => byte !== 10 && byte !== 13,
);

/** A whole number of units with `digits` behind the point, as text. */
function decimal(units: number, digits: number): string {
  const text = String(units).padStart(digits + 1, "0");
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
