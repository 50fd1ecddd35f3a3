import { Quantity } from "../../firmware/codec/reading.js";
import type { Board } from "../../firmware/compose.js";
import type {
  I2CClass,
  Sample,
  SensorClass,
  SensorEntry,
  SensorOptions,
  SMBusClass,
} from "../../firmware/ports.js";
import { sampleValue } from "../../firmware/sensors/sample.js";
import { SHT3x } from "../../firmware/sensors/sht3x.js";
import { TMP117 } from "../../firmware/sensors/tmp117.js";
import type { TimerDomain, VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { Bus, type Chip } from "../../host-sim/chips/bus.js";
import { SHT3xChip } from "../../host-sim/chips/sht3x.js";
import { TMP117Chip } from "../../host-sim/chips/tmp117.js";
import { type Code, MICRODEGREES, SHT3X_HUMIDITY, SHT3X_TEMPERATURE, TMP117_CODE } from "./codes.js";
import type { Random } from "./random.js";

/** Where a source reports what it gives the node. */
export interface Taker {
  /** The node gets this value within the same callback, and has to take it. */
  taken(quantity: Quantity, count: number): void;
  /** Something came out of a driver that its part has not measured. */
  invented(what: string): void;
}

/** What measures: the part, the wire to it, and what can go wrong with both. It outlives the board's lives. */
export interface SensorWorld {
  /** Which it is, for the trace. */
  readonly kind: string;
  /** Milliseconds between its values. */
  readonly pace: number;
  /** Nothing is wrong with it, and nothing has been for as long as the node can tell. */
  readonly isFine: boolean;
  /** What its values of a quantity count; nothing where it does not measure it. */
  readonly codes: readonly (Code | undefined)[];
  /** What the node's settings must say. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What a board with this sensor has. */
  attach(domain: TimerDomain): Pick<Board, "sensors" | "serial">;
  /** The board has lost its power. */
  cut(): void;
  /** Lets something go wrong. @returns what it is, and how to end it */
  fault(): { what: string; end: () => void };
}

/** An I2C part, or a class of the bench's own, that the node asks for samples. */
export class PolledWorld implements SensorWorld {
  readonly kind: "tmp117" | "sht3x" | "class";
  readonly pace: number;
  isFine = true;
  readonly codes: readonly (Code | undefined)[];
  readonly settings: Readonly<Record<string, unknown>>;
  #clock: VirtualClock;
  #random: Random;
  #taker: Taker;
  #bus = new Bus();
  #counts = [0, 0];
  /** What the class of the bench's own does instead of measuring. */
  #trouble: (() => Sample) | undefined;

  /** @param pace milliseconds between two samples, at least a second */
  constructor(
    kind: "tmp117" | "sht3x" | "class",
    clock: VirtualClock,
    random: Random,
    pace: number,
    taker: Taker,
  ) {
    this.kind = kind;
    this.pace = pace;
    this.#clock = clock;
    this.#random = random;
    this.#taker = taker;
    this.codes =
      kind === "tmp117"
        ? [TMP117_CODE]
        : kind === "sht3x"
          ? [SHT3X_TEMPERATURE, SHT3X_HUMIDITY]
          : [MICRODEGREES];
    this.settings = { sensor: kind, interval: 0, sampling: pace };
    this.#solder();
  }

  attach(domain: TimerDomain): Pick<Board, "sensors" | "serial"> {
    // Some parts hang on the board's own supply, and begin anew with it.
    if (this.#random.chance(0.5)) this.#solder();
    const entry = this.#entry();
    return { sensors: { [this.kind]: () => ({ ...entry, io: this.#observed(entry, domain) }) } };
  }

  cut(): void {}

  fault(): { what: string; end: () => void } {
    const { what, end } = this.#fault();
    this.isFine = false;
    return {
      what,
      end: () => {
        this.isFine = true;
        end();
      },
    };
  }

  #fault(): { what: string; end: () => void } {
    if (this.kind === "class") {
      const [what, trouble] = this.#random.pick(TROUBLES);
      this.#trouble = trouble;
      return {
        what,
        end: () => {
          this.#trouble = undefined;
        },
      };
    }
    if (this.kind === "sht3x" && this.#random.chance(0.5)) {
      this.#bus.disturbance = (_address, bytes, isRead) => {
        if (!isRead || !this.#random.chance(0.5)) return;
        bytes[this.#random.integer(0, bytes.length - 1)] ^= 1 << this.#random.integer(0, 7);
      };
      return {
        what: "disturbed wire",
        end: () => {
          this.#bus.disturbance = undefined;
        },
      };
    }
    if (this.#random.chance(0.5)) {
      this.#bus.disturbance = () => {
        throw new Error("the bus is stuck");
      };
      return {
        what: "stuck bus",
        end: () => {
          this.#bus.disturbance = undefined;
        },
      };
    }
    for (const address of [0x44, 0x48]) this.#bus.detach(address);
    return { what: "no acknowledgement", end: () => this.#solder() };
  }

  /** Parts fresh from power-on. */
  #solder(): void {
    const milliseconds = () => this.#clock.elapsed;
    const next = (quantity: Quantity) => () => (this.codes[quantity] as Code).value(this.#counts[quantity]++);
    const temperature = next(Quantity.TEMPERATURE);
    const part: Chip =
      this.kind === "tmp117"
        ? new TMP117Chip(milliseconds, temperature)
        : new SHT3xChip(milliseconds, temperature, next(Quantity.HUMIDITY));
    this.#bus.attach(this.kind === "tmp117" ? 0x48 : 0x44, part);
  }

  #entry(): SensorEntry {
    const range = { minimum: -200, maximum: 850, period: 1_000 };
    switch (this.kind) {
      case "tmp117":
        return entryOf(TMP117, { io: this.#bus.SMBus as unknown as SMBusClass }, TMP117.RANGE);
      case "sht3x":
        return entryOf(SHT3x, { io: this.#bus.I2C as unknown as I2CClass }, SHT3x.RANGE);
      case "class": {
        const sample = (): Sample => {
          if (this.#trouble) return this.#trouble();
          return { temperature: MICRODEGREES.value(this.#counts[Quantity.TEMPERATURE]++) };
        };
        class Own {
          sample = sample;
          close(): void {}
        }
        return entryOf(Own, {}, range);
      }
    }
  }

  /** The driver, with somebody who sees what comes out of it. */
  #observed(entry: SensorEntry, domain: TimerDomain): SensorClass {
    const see = (sample: Sample) => {
      if (!domain.isCut) this.#see(sample, entry);
    };
    return class {
      #sensor: { sample(): Sample; close(): void };
      constructor(options: SensorOptions) {
        this.#sensor = new entry.io(options);
      }

      sample(): Sample {
        const sample = this.#sensor.sample();
        see(sample);
        return sample;
      }

      close(): void {
        this.#sensor.close();
      }
    } as unknown as SensorClass;
  }

  #see(sample: Sample, entry: SensorEntry): void {
    for (const quantity of [Quantity.TEMPERATURE, Quantity.HUMIDITY]) {
      const value = sampleValue(sample, quantity);
      const isHumidity = quantity === Quantity.HUMIDITY;
      const minimum = isHumidity ? 0 : entry.minimum;
      const maximum = isHumidity ? 100 : entry.maximum;
      if (value === undefined || !(value >= minimum && value <= maximum)) continue;
      const code = this.codes[quantity];
      const count = code ? code.count(value) : -1;
      if (!code || count !== (this.#counts[quantity] - 1) % code.cycle)
        this.#taker.invented(`the ${this.kind} driver gave ${value}, which its part has not measured`);
      this.#taker.taken(quantity, this.#counts[quantity] - 1);
    }
  }
}

/** Ways for a sensor class to fail, none of which may become a reading. */
const TROUBLES: readonly (readonly [string, () => Sample])[] = [
  ["NaN", () => ({ temperature: Number.NaN })],
  ["infinity", () => ({ temperature: Number.POSITIVE_INFINITY })],
  ["-273.2 °C", () => ({ temperature: -273.2 })],
  ["no number", () => ({ temperature: "21.4" })],
  ["nothing", () => undefined],
  ["an empty sample", () => ({})],
  [
    "an exception",
    () => {
      throw new Error("no answer");
    },
  ],
];

function entryOf<Options extends object>(
  io: new (options: Options) => { sample(): Sample; close(): void },
  sensor: object,
  range: { minimum: number; maximum: number; period: number },
): SensorEntry {
  return { io: io as unknown as SensorClass, options: { sensor }, ...range };
}
