/** The parts of a device that measures: from the sensor to the recorder. Only `compose.ts` uses this. */

import { formatDuration } from "./codec/duration.js";
import { QUANTITIES, Quantity } from "./codec/reading.js";
import type { Action } from "./commands/dispatcher.js";
import { sensorActions } from "./commands/node-actions.js";
import type { Board, Context, Device } from "./compose.js";
import type { Settings } from "./config.js";
import { DURABILITIES, Durability } from "./outbox/outbox.js";
import type { Recorder } from "./outbox/recorder.js";
import { shortestPeriod } from "./outbox/wear.js";
import { Calibration } from "./pipeline/calibration.js";
import { Exponential } from "./pipeline/exponential.js";
import { Median } from "./pipeline/median.js";
import { Pipeline, type Range, rangeOf, type Step } from "./pipeline/pipeline.js";
import { Report } from "./pipeline/report.js";
import type { FlashStatus, SensorEntry } from "./ports.js";
import { PolledSource } from "./sensors/polled.js";
import type { Sink, Source } from "./sensors/source.js";
import { UARTSource } from "./sensors/uart.js";
import { parsePoints } from "./settings.js";

/** What a serial sensor can truly have measured: a PT100's range, in degrees Celsius. */
const UART_RANGE: Range = Object.freeze({ minimum: -200, maximum: 850 });

/** A DS18B20's, from its datasheet. */
const DS18B20_RANGE: Range = Object.freeze({ minimum: -55, maximum: 125 });

/** The settings of a sensor that commands change while it runs. */
type Present = Pick<Settings, "interval" | "offset" | "twopoint">;

/** @param recorder where readings go */
export function composeSensor(context: Context, recorder: Recorder, onOpened: () => void): Device {
  const { board, settings, clock, counters, changed, durability, journal } = context;
  const entry = sensorEntryOf(board, settings);
  const present: Present = {
    interval: settings.interval,
    offset: settings.offset,
    twopoint: settings.twopoint,
  };
  const ranges: Range = entry ?? (settings.probe === "ds18b20" ? DS18B20_RANGE : UART_RANGE);
  const quantities = quantitiesOf(entry);
  const pipelines = QUANTITIES.slice(0, quantities).map((_name, quantity) => {
    const isTemperature = quantity === Quantity.TEMPERATURE;
    return new Pipeline(
      quantity,
      rangeOf(quantity, ranges),
      isTemperature ? temperatureSteps(settings, present) : [],
      new Report(settings.interval, isTemperature ? settings.deadband : 0, settings.heartbeat),
      clock,
      counters,
      recorder,
    );
  });
  const sink: Sink = {
    value: (quantity, value) => {
      if (pipelines[quantity].process(value)) context.onProgress();
    },
    opened: onOpened,
  };
  const source = makeSource(context, entry, sink);

  const apply = (values: Partial<Present>): void => {
    Object.assign(present, values);
    for (let i = 0; i < pipelines.length; i++) pipelines[i].changeInterval(present.interval);
    // Filters begin anew: what they have seen was calibrated otherwise.
    if (values.offset !== undefined || values.twopoint !== undefined)
      pipelines[Quantity.TEMPERATURE].setSteps(temperatureSteps(settings, present));
    if (entry) source.setPeriod?.(periodOf(settings, present.interval, entry));
  };
  const shortest =
    durability === Durability.ALWAYS && journal
      ? shortestInterval(journal.status, journal.endurance, entry)
      : 0;
  const actions: Record<string, Action> = sensorActions({
    shortestInterval: shortest,
    changeInterval: (interval) => {
      changed.set({ interval });
      apply({ interval });
    },
    setCalibration: (values) => {
      changed.set(values);
      apply(values);
    },
  });
  return {
    source,
    states: [],
    subscriptions: [],
    actions,
    plain: [],
    reset: () => {
      // What the image says may need another durability, which the next start chooses.
      const interval = Math.max(changed.unchanged("interval"), shortest);
      apply({ interval, offset: changed.unchanged("offset"), twopoint: changed.unchanged("twopoint") });
    },
    // A sensor that is asked seldom is not silent: at least three of its values must be missing.
    patience: () =>
      settings.watchdog === 0
        ? 0
        : Math.max(settings.watchdog, 3 * Math.max(present.interval, settings.sampling, entry?.period ?? 0)),
    climate: undefined,
  };
}

/** The class that is asked for samples; `undefined` for a serial port. */
export function sensorEntryOf(board: Board, settings: Settings): SensorEntry | undefined {
  return settings.sensor === "uart" ? undefined : board.sensors[settings.sensor]?.(settings);
}

/** As the settings say, unless that would wear the flash out. */
export function durabilityOf(
  context: Pick<Context, "board" | "settings" | "monitor" | "journal">,
): Durability {
  const { board, settings, monitor, journal } = context;
  const durability: Durability = DURABILITIES.indexOf(settings.durability);
  if (!journal || durability === Durability.OUTAGE) return durability;
  const entry = sensorEntryOf(board, settings);
  const shortest = shortestInterval(journal.status, journal.endurance, entry);
  if (settings.interval >= shortest) return durability;
  monitor.warning?.(
    `setting "interval" is ${formatDuration(settings.interval)}: too short for durability=always, which would wear the flash out within ten years; allowed is ${formatDuration(shortest)} or more; durability is outage instead`,
  );
  return Durability.OUTAGE;
}

/** How many quantities there may be; a serial port may bring all. */
function quantitiesOf(entry: SensorEntry | undefined): number {
  return entry?.quantities ?? QUANTITIES.length;
}

/** Milliseconds between readings that do not wear the flash out; 0 where none come that fast, or it does not matter. */
function shortestInterval(
  status: FlashStatus,
  endurance: number | undefined,
  entry: SensorEntry | undefined,
): number {
  if (endurance === undefined) return 0;
  const shortest = Math.ceil((shortestPeriod(status, endurance) * quantitiesOf(entry)) / 100) * 100;
  return entry && entry.period >= shortest ? 0 : shortest;
}

/** Calibration first, on what the part measured; then the filters. */
function temperatureSteps(settings: Settings, present: Present): Step[] {
  const steps: Step[] = [];
  const points = parsePoints(present.twopoint);
  if (points) steps.push(Calibration.twoPoint(points[0], points[1], points[2], points[3]));
  if (present.offset !== 0) steps.push(new Calibration(1, present.offset));
  if (settings.median > 1) steps.push(new Median(settings.median));
  if (settings.smoothing > 0) steps.push(new Exponential(settings.smoothing));
  return steps;
}

/** Milliseconds between samples. */
function periodOf(settings: Settings, interval: number, entry: SensorEntry): number {
  return Math.max(settings.sampling || interval, entry.period);
}

function makeSource(context: Context, entry: SensorEntry | undefined, sink: Sink): Source {
  const { board, settings, counters, monitor } = context;
  const { timer, clock } = board;
  if (entry) {
    return new PolledSource(
      {
        io: entry.io,
        options: entry.options,
        period: periodOf(settings, settings.interval, entry),
        readyPeriod: entry.period,
        humidityScale: entry.humidityScale ?? 1,
        quantities: quantitiesOf(entry),
        timer,
        clock,
        counters,
        monitor,
      },
      sink,
    );
  }
  const serial = board.serial?.(settings);
  if (!serial)
    throw new RangeError(`setting "sensor" is "${settings.sensor}", which this board does not have`);
  return new UARTSource(
    { serial, baud: settings.baud, ds18b20: settings.probe === "ds18b20", timer, clock, counters, monitor },
    sink,
  );
}
