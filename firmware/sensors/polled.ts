import { Alarm } from "../alarm.js";
import { Quantity } from "../codec/reading.js";
import { errorText } from "../error-text.js";
import type { Counters, Monitor } from "../monitor.js";
import type { Clock, Sensor, SensorClass, SensorOptions, Timer } from "../ports.js";
import { elapsed } from "../time.js";
import { sampleValue } from "./sample.js";
import type { Sink, Source } from "./source.js";

export interface PolledOptions {
  /** A class in ECMA-419's sensor pattern, of ours or of Moddable. */
  io: SensorClass;
  /** For its constructor. */
  options: Readonly<Record<string, unknown>>;
  /** Milliseconds between two samples. */
  period: number;
  /** Milliseconds after which it is worth asking again a sensor that has nothing yet; at most `period`. */
  readyPeriod: number;
  /** Multiplies the part's humidity: 100 for a class that gives 0 to 1. */
  humidityScale: number;
  /** How many quantities a sample has, 1 to 3: the first ones. */
  quantities: number;
  timer: Timer;
  clock: Clock;
  counters: Counters;
  monitor: Monitor;
}

/** Milliseconds from opening a sensor to its first sample: parts take one or two to reset. */
const SETTLING = 10;

/** Milliseconds between attempts to open a sensor that does not answer: it may be plugged in later. */
const REOPEN_PERIOD = 5_000;

/** Samples that may fail, no good one between them, before the sensor is closed and opened anew, which resets it. */
const FAILURES_BEFORE_REOPEN = 3;

/** Asks a sensor class for samples, at a steady pace. */
export class PolledSource implements Source {
  #options: PolledOptions;
  #period: number;
  #sink: Sink;
  #sensor: Sensor | undefined;
  #sensorOptions: SensorOptions;
  #alarm: Alarm;
  #due = 0;
  /** Samples that have failed since the last good one. */
  #failures = 0;
  /** Something was wrong since the last good sample, and has been told. */
  #troubled = false;
  #attempted = false;

  constructor(options: PolledOptions, sink: Sink) {
    this.#options = options;
    this.#period = options.period;
    this.#sink = sink;
    this.#alarm = new Alarm(options.timer, this);
    this.#sensorOptions = { ...options.options, onError: (reason) => this.onError(reason) };
  }

  start(): void {
    this.open();
  }

  close(): void {
    this.#alarm.clear();
    this.closeSensor();
  }

  setPeriod(milliseconds: number): void {
    this.#period = milliseconds;
    if (!this.#sensor) return;
    // A sample that would be later than that comes then; one that is earlier comes all the same, and is not reported.
    const now = this.#options.clock.ticks();
    if (elapsed(now, this.#due) <= milliseconds) return;
    this.#due = (now + milliseconds) | 0;
    this.#alarm.set(milliseconds);
  }

  private closeSensor(): void {
    const sensor = this.#sensor;
    this.#sensor = undefined;
    try {
      sensor?.close();
    } catch {
      // Some parts are put to sleep over the very bus that has failed.
    }
  }

  onAlarm(): void {
    if (this.#sensor) this.sample(this.#sensor);
    else this.open();
  }

  private open(): void {
    try {
      this.#sensor = new this.#options.io(this.#sensorOptions);
      this.#failures = 0;
    } catch (error) {
      this.onError(errorText(error));
    }
    if (!this.#attempted) {
      this.#attempted = true;
      this.#sink.opened();
    }
    this.#due = (this.#options.clock.ticks() + SETTLING) | 0;
    this.#alarm.set(this.#sensor ? SETTLING : REOPEN_PERIOD);
  }

  private sample(sensor: Sensor): void {
    const { readyPeriod, humidityScale, quantities, clock, counters } = this.#options;
    const errors = counters.sensorErrors;
    let next = this.#period;
    try {
      const sample = sensor.sample();
      for (let quantity: Quantity = 0; quantity < quantities; quantity++) {
        const value = sampleValue(sample, quantity);
        if (value !== undefined) {
          this.#sink.value(quantity, quantity === Quantity.HUMIDITY ? value * humidityScale : value);
        }
      }
      if (sample === undefined) next = readyPeriod;
      else {
        this.#failures = 0;
        if (counters.sensorErrors === errors) this.#troubled = false;
      }
    } catch (error) {
      this.onError(errorText(error));
      this.#failures += 1;
      if (this.#failures >= FAILURES_BEFORE_REOPEN) {
        this.closeSensor();
        this.#alarm.set(REOPEN_PERIOD);
        return;
      }
    }
    // Whom a value was handed to may have closed this.
    if (!this.#sensor) return;
    // On a grid: a sample that was late does not make the next one later. One that seems weeks early is weeks late.
    const now = clock.ticks();
    const late = elapsed(this.#due, now);
    this.#due = ((late > -next && late < next ? this.#due : now) + next) | 0;
    this.#alarm.set(elapsed(now, this.#due));
  }

  private onError(reason: string): void {
    this.#options.counters.sensorErrors += 1;
    if (this.#troubled) return;
    this.#troubled = true;
    this.#options.monitor.warning?.(`sensor: ${reason}`);
  }
}
