import { Quantity } from "../../firmware/codec/reading.js";
import { Counters } from "../../firmware/monitor.js";
import type { SensorClass } from "../../firmware/ports.js";
import { PolledSource } from "../../firmware/sensors/polled.js";
import type { Sink } from "../../firmware/sensors/source.js";
import { UARTSource } from "../../firmware/sensors/uart.js";
import { VirtualClock, type VirtualClockOptions } from "../../host-sim/boards/virtual/clock.js";
import { VirtualLine } from "../../host-sim/boards/virtual/serial.js";
import { Journal } from "./node.js";

/** What a source under test gives, and what it says. */
export class Bench implements Sink {
  readonly clock: VirtualClock;
  readonly counters = new Counters();
  readonly monitor = new Journal();
  readonly values: [Quantity, number][] = [];
  /** Milliseconds since the start, for each value. */
  readonly moments: number[] = [];
  openings = 0;
  onValue: () => void = () => {};

  constructor(options?: VirtualClockOptions) {
    this.clock = new VirtualClock(options);
  }

  get temperatures(): number[] {
    return this.values.filter(([quantity]) => quantity === Quantity.TEMPERATURE).map(([, value]) => value);
  }

  value(quantity: Quantity, value: number): void {
    this.values.push([quantity, value]);
    this.moments.push(this.clock.elapsed);
    this.onValue();
  }

  opened(): void {
    this.openings += 1;
  }

  uart(options: { ds18b20?: boolean; line?: VirtualLine } = {}) {
    const line = options.line ?? new VirtualLine(this.clock);
    const { clock, counters, monitor } = this;
    const source = new UARTSource(
      {
        serial: { io: line.Serial },
        baud: 9600,
        ds18b20: options.ds18b20 ?? false,
        timer: clock.timer,
        clock,
        counters,
        monitor,
      },
      this,
    );
    return { line, source };
  }

  polled(
    io: SensorClass<never>,
    options: Readonly<Record<string, unknown>> = {},
    paces: { period?: number; readyPeriod?: number; humidityScale?: number } = {},
  ): PolledSource {
    const { clock, counters, monitor } = this;
    return new PolledSource(
      {
        io: io as unknown as SensorClass,
        options,
        period: 5_000,
        readyPeriod: 1_000,
        humidityScale: 1,
        quantities: 3,
        ...paces,
        timer: clock.timer,
        clock,
        counters,
        monitor,
      },
      this,
    );
  }
}
