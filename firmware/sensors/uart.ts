import { Alarm } from "../alarm.js";
import { QUANTITY_COUNT, Quantity } from "../codec/reading.js";
import { errorText } from "../error-text.js";
import type { Counters, Monitor } from "../monitor.js";
import type { Clock, IO, Serial, SerialClass, Timer } from "../ports.js";
import { elapsed } from "../time.js";
import { LineParser } from "./line.js";
import type { Sink, Source } from "./source.js";

/** Bytes of a line without its end. A longer one is noise, or a port at the wrong baud rate. */
export const LINE_LIMIT = 128;

/** Milliseconds between attempts to open a port: an adapter that was pulled out comes back. */
const REOPEN_PERIOD = 1_000;

/**
 * Milliseconds after opening in which the first byte means that a line was already on its way: what is left of
 * it could be `1.4` of `21.4`. At 1,200 baud a byte takes 8 ms; USB adapters hold bytes back for 16.
 */
const JOINING = 50;

/** Two texts of one DS18B20 value differ by less, in degrees Celsius: its step is 1/16. */
const DS18B20_TOLERANCE = 0.01;

const CR = 0x0d;
const LF = 0x0a;

export interface UARTOptions {
  serial: IO<SerialClass>;
  /** Bits per second; the frame is 8N1. */
  baud: number;
  /** The lines come from a DS18B20: 85 °C is its value at power-on, -127 °C the driver's for a missing part. */
  ds18b20: boolean;
  timer: Timer;
  clock: Clock;
  counters: Counters;
  monitor: Monitor;
}

/** Reads lines from a serial port. A line that is no reading is counted and skipped, whatever it holds. */
export class UARTSource implements Source {
  #options: UARTOptions;
  #sink: Sink;
  #serial: Serial | undefined;
  #alarm: Alarm;
  #attempted = false;
  /** The port is gone, or nothing has come since it was; that has been told. */
  #troubled = false;
  #chunk = new Uint8Array(64);
  #line = new Uint8Array(LINE_LIMIT);
  #length = 0;
  /** The present line is too long, or was joined in its middle: skip to its end. */
  #skip = false;
  #parser = new LineParser();
  #openedAt = 0;
  /** Nothing has come since the port was opened. */
  #silent = true;

  constructor(options: UARTOptions, sink: Sink) {
    this.#options = options;
    this.#sink = sink;
    this.#alarm = new Alarm(options.timer, this);
  }

  start(): void {
    this.open();
  }

  close(): void {
    this.#alarm.clear();
    this.closePort();
  }

  onAlarm(): void {
    this.open();
  }

  private open(): void {
    const { serial, baud } = this.#options;
    this.#length = 0;
    this.#skip = false;
    this.#silent = true;
    this.#openedAt = this.#options.clock.ticks();
    try {
      this.#serial = new serial.io({
        ...serial,
        baud,
        onReadable: (count) => this.onReadable(count),
        onError: (reason) => this.lost(reason ? errorText(reason) : "the port is gone"),
      });
    } catch (error) {
      this.lost(errorText(error));
    }
    if (!this.#attempted) {
      this.#attempted = true;
      this.#sink.opened();
    }
  }

  private closePort(): void {
    const serial = this.#serial;
    this.#serial = undefined;
    serial?.close();
  }

  private lost(reason: string): void {
    this.closePort();
    if (!this.#troubled) {
      this.#troubled = true;
      this.#options.counters.sensorErrors += 1;
      this.#options.monitor.warning?.(`serial port: ${reason}; it is tried again every second`);
    }
    this.#alarm.set(REOPEN_PERIOD);
  }

  private onReadable(count: number): void {
    if (this.#silent) {
      this.#silent = false;
      // Unsigned: after 25 days of silence the difference is negative.
      this.#skip = elapsed(this.#openedAt, this.#options.clock.ticks()) >>> 0 < JOINING;
      // Only now: on Node a port that is not there says so later, by `onError`.
      if (this.#troubled) this.#options.monitor.warning?.("serial port: open again");
      this.#troubled = false;
    }
    const chunk = this.#chunk;
    while (count > 0 && this.#serial) {
      const read = this.#serial.read(chunk);
      if (!read) return;
      count -= read;
      for (let i = 0; i < read && this.#serial; i++) this.byte(chunk[i]);
    }
  }

  private byte(byte: number): void {
    if (byte === LF || byte === CR) {
      if (this.#length > 0 && !this.#skip) this.endOfLine();
      this.#length = 0;
      this.#skip = false;
      return;
    }
    if (this.#skip) return;
    if (this.#length === LINE_LIMIT) {
      this.#skip = true;
      this.#options.counters.malformed += 1;
      return;
    }
    this.#line[this.#length++] = byte;
  }

  private endOfLine(): void {
    if (!this.#parser.parse(this.#line, this.#length)) {
      if (!this.isBlank()) this.#options.counters.malformed += 1;
      return;
    }
    const values = this.#parser.values;
    for (let quantity: Quantity = 0; quantity < QUANTITY_COUNT; quantity++) {
      const value = values[quantity];
      if (Number.isNaN(value)) continue;
      const lie = this.#options.ds18b20 && quantity === Quantity.TEMPERATURE && isDS18B20Lie(value);
      this.#sink.value(quantity, lie ? Number.NaN : value);
    }
  }

  private isBlank(): boolean {
    for (let i = 0; i < this.#length; i++) if (this.#line[i] > 0x20) return false;
    return true;
  }
}

function isDS18B20Lie(value: number): boolean {
  return Math.abs(value - 85) < DS18B20_TOLERANCE || Math.abs(value + 127) < DS18B20_TOLERANCE;
}
