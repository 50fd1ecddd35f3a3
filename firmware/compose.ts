/**
 * The only place that makes concrete parts and wires them: a board and settings in, a node out.
 *
 * ```
 *  source --> pipeline (one for each quantity) --> recorder --> outbox (journal and queue) --> MQTT link
 *                                                         \---> queue --> raw TCP link
 * ```
 */

import { TickKeeper } from "./clock/tick-keeper.js";
import { TimeSync } from "./clock/time-sync.js";
import { WallClock } from "./clock/wall-clock.js";
import { formatDuration } from "./codec/duration.js";
import { parseHostPort } from "./codec/endpoint.js";
import { QUANTITIES, Quantity } from "./codec/reading.js";
import type { Settings } from "./config.js";
import { diagnosticsJSON } from "./diagnostics.js";
import { errorText } from "./error-text.js";
import { Boots } from "./health/boots.js";
import { Watchdog } from "./health/watchdog.js";
import { brokerSocket } from "./links/broker-socket.js";
import type { Subscription } from "./links/inbox.js";
import { MQTTLink } from "./links/mqtt-link.js";
import { TCP_QUEUE, TCPLink } from "./links/tcp-link.js";
import { Counters, type Monitor } from "./monitor.js";
import { Node } from "./node.js";
import { Journal } from "./outbox/journal.js";
import { DURABILITIES, Durability, Outbox } from "./outbox/outbox.js";
import { POLICIES, type Policy } from "./outbox/policy.js";
import { Queue } from "./outbox/queue.js";
import { Recorder } from "./outbox/recorder.js";
import { shortestPeriod } from "./outbox/wear.js";
import { Calibration } from "./pipeline/calibration.js";
import { Exponential } from "./pipeline/exponential.js";
import { Median } from "./pipeline/median.js";
import { Pipeline, type Range, rangeOf, type Step } from "./pipeline/pipeline.js";
import { Report } from "./pipeline/report.js";
import type {
  Clock,
  Flash,
  HardwareWatchdog,
  IO,
  KeyValue,
  MQTTClientClass,
  NetworkInterface,
  ResolverClass,
  SensorEntry,
  SerialClass,
  SettableClock,
  TCPClass,
  Timer,
  UDPClass,
} from "./ports.js";
import { PolledSource } from "./sensors/polled.js";
import type { Sink, Source } from "./sensors/source.js";
import { UARTSource } from "./sensors/uart.js";
import { brokerOf, parsePoints, timeServersOf } from "./settings.js";
import { BootTime } from "./time.js";
import { FIRST_DAY } from "./version.js";

/** The hardware of one place, and all that is particular to it. */
export interface Board {
  /** The MAC address as twelve hexadecimal digits, or another name that no second device has. */
  readonly identity: string;
  readonly timer: Timer;
  /** One that the node has to set itself is a `SettableClock`. */
  readonly clock: Clock | SettableClock;
  /** From 0 up to but not including 1; different on each device and each start. */
  random(): number;
  readonly mqtt: IO<MQTTClientClass>;
  readonly dns: IO<ResolverClass>;
  readonly tcp: IO<TCPClass>;
  /**
   * TLS over TCP, where the board has it, with what the settings say of whom to trust.
   * @throws Error with what is missing or does not fit in the settings
   */
  tls?(settings: Settings): IO<TCPClass>;
  /** Datagrams, for the time; not needed where the clock is set by others. */
  readonly udp?: IO<UDPClass>;
  /** An interface to bring up first; without one the network is taken to be there. */
  network?(settings: Settings, monitor: Monitor): NetworkInterface;
  /** The serial port that the settings name, where the board has any. */
  serial?(settings: Settings): IO<SerialClass>;
  /** By the name that the `sensor` setting has; the first is the default. `uart` needs no entry. */
  readonly sensors: Readonly<Record<string, (settings: Settings) => SensorEntry>>;
  /** What outlives a restart, where the board has such a thing. */
  readonly storage?: KeyValue;
  /** Where readings wait that outlive a restart. `open` throws where it cannot be had. */
  readonly journal?: BoardJournal;
  /** Bytes of memory that are free, for diagnostics. */
  freeMemory?(): number;
  /** Why the device began to run, where it knows: one of the words that `Boots.reset` lists. */
  readonly resetReason?: string;
  /** Starts the device anew, at once; without it the node only warns where it would restart. */
  restart?(): void;
  readonly watchdog?: HardwareWatchdog;
}

export interface BoardJournal {
  open(): Flash;
  /** Erases that a block stands; without it wear does not matter, as on a disk. */
  readonly endurance?: number;
}

export interface ComposeOptions {
  board: Board;
  settings: Settings;
  monitor: Monitor;
  /** Restarts counted. */
  boot: number;
  /** What is known of the last boots; without it this is the first, and well. */
  boots?: Boots;
  version: string;
  subscriptions?: readonly Subscription[];
}

/** Boots are counted in 24 bits where readings are kept. */
const BOOTS = 0x100_0000;

/** What a serial sensor can truly have measured: a PT100's range, in degrees Celsius. */
const UART_RANGE: Range = Object.freeze({ minimum: -200, maximum: 850 });

/** A DS18B20's, from its datasheet. */
const DS18B20_RANGE: Range = Object.freeze({ minimum: -55, maximum: 125 });

/**
 * The names that the `sensor` setting may have on a board, the default first.
 */
export function sensorNames(board: Pick<Board, "sensors" | "serial">): string[] {
  const names = Object.keys(board.sensors);
  if (board.serial) names.push("uart");
  return names;
}

/**
 * Makes a node. Nothing is open yet; `start` opens it.
 * @throws RangeError when the settings name a sensor that the board does not have, which `readSettings` refuses
 */
export function compose(options: ComposeOptions): Node {
  const { board, settings, monitor } = options;
  const boots = options.boots ?? new Boots(undefined, board.resetReason, []);
  const { timer, dns } = board;
  const { clock, sync } = makeClock(board, settings, monitor, () => outbox.clockSet());
  const network = board.network?.(settings, monitor);
  const random = () => board.random();
  const counters = new Counters();
  const id = settings.id || `hearth-${board.identity}`;

  const entry = settings.sensor === "uart" ? undefined : board.sensors[settings.sensor]?.(settings);
  const journal = openJournal(board, settings, monitor, (first, count) => outbox.drop(first, count));
  const time = new BootTime(clock, Math.max(options.boot, journal ? (journal.lastBoot + 1) % BOOTS : 0));
  journal?.begin(time);
  const outbox = new Outbox({
    queue: new Queue(settings.queue, journal?.next ?? 1, time, policyOf(settings)),
    journal,
    durability: durabilityOf(journal, board.journal?.endurance, settings, entry, monitor),
    epoch: Math.floor(board.random() * 0x1_0000_0000),
    monitor,
  });
  const broker = brokerOf(settings);
  const socket = broker && brokerSocket(broker, board, settings, monitor);
  let mqtt: MQTTLink | undefined;
  if (broker && socket) {
    mqtt = new MQTTLink({
      client: board.mqtt,
      dns,
      socket,
      timer,
      clock,
      random,
      monitor,
      counters,
      outbox,
      host: broker.host,
      port: broker.port,
      user: broker.user,
      password: broker.password,
      id,
      base: settings.topic,
      plain: settings.payload === "plain",
      keepAlive: settings.keepalive,
      window: Math.min(settings.window, Number(board.mqtt["window"] ?? settings.window)),
      spread: settings.spread,
      // A key is pinned whatever the date.
      needsClock: broker.secure && settings.pin === "",
      diagnosticsPeriod: settings.diagnostics,
      diagnostics: () =>
        diagnosticsJSON({
          time,
          boots,
          version: options.version,
          counters,
          board,
          network,
          outbox,
        }),
      subscriptions: options.subscriptions ?? [],
    });
  } else if (!broker) {
    monitor.warning?.('setting "broker" is missing: use mqtt://host; readings are taken and wait');
  }

  let tcp: TCPLink | undefined;
  let serverQueue: Queue | undefined;
  const server = parseHostPort(settings.server);
  if (server) {
    serverQueue = new Queue(TCP_QUEUE, outbox.next, time);
    tcp = new TCPLink({
      dns,
      socket: board.tcp,
      timer,
      clock,
      random,
      monitor,
      counters,
      queue: serverQueue,
      device: id,
      host: server.host,
      port: server.port,
    });
  }

  const wake = () => {
    mqtt?.wake();
    tcp?.wake();
  };
  const recorder = new Recorder({ time, outbox, serverQueue, counters, monitor, onRecorded: wake });
  const temperatures: Range = entry ?? (settings.probe === "ds18b20" ? DS18B20_RANGE : UART_RANGE);
  const pipelines = QUANTITIES.map((_name, quantity) => {
    const isTemperature = quantity === Quantity.TEMPERATURE;
    return new Pipeline(
      quantity,
      rangeOf(quantity, temperatures),
      isTemperature ? temperatureSteps(settings) : [],
      new Report(settings.interval, isTemperature ? settings.deadband : 0, settings.heartbeat),
      clock,
      counters,
      (reported, value) => recorder.record(reported, value),
    );
  });
  const watchdog = new Watchdog({
    timer,
    clock,
    monitor,
    boots,
    patience: patienceOf(settings, entry),
    hardware: board.watchdog,
    restart: board.restart && (() => board.restart?.()),
  });
  const sink: Sink = {
    value: (quantity, value) => {
      if (pipelines[quantity].process(value)) watchdog.progress();
    },
    opened: () => mqtt?.ready(),
  };
  return new Node({
    source: makeSource(board, settings, entry, counters, monitor, sink),
    outbox,
    mqtt,
    tcp,
    network,
    watchdog,
    sync,
    keeper: new TickKeeper(timer, () => {
      clock.now();
      time.uptime();
    }),
  });
}

/** A sensor that is asked seldom is not silent: at least three of its values must be missing. */
function patienceOf(settings: Settings, entry: SensorEntry | undefined): number {
  const { watchdog, interval, sampling } = settings;
  return watchdog === 0 ? 0 : Math.max(watchdog, 3 * Math.max(interval, sampling, entry?.period ?? 0));
}

/** Readings that outlive a restart; none where the board has no such thing or it cannot be had. */
function openJournal(
  board: Board,
  settings: Settings,
  monitor: Monitor,
  onDropped: (first: number, count: number) => void,
): Journal | undefined {
  if (!board.journal) return undefined;
  const problems: string[] = [];
  let journal: Journal | undefined;
  try {
    const flash = board.journal.open();
    journal = new Journal({
      flash,
      random: () => board.random(),
      policy: policyOf(settings),
      onDropped,
      problems,
    });
  } catch (error) {
    problems.push(
      `no journal (${errorText(error)}): readings wait in memory and do not survive a restart; the next start tries again`,
    );
  }
  for (let i = 0; i < problems.length; i++) monitor.warning?.(problems[i]);
  return journal;
}

function policyOf(settings: Settings): Policy {
  return POLICIES.indexOf(settings.full);
}

/** As the settings say, unless that would wear the flash out. */
function durabilityOf(
  journal: Journal | undefined,
  endurance: number | undefined,
  settings: Settings,
  entry: SensorEntry | undefined,
  monitor: Monitor,
): Durability {
  const durability: Durability = DURABILITIES.indexOf(settings.durability);
  if (!journal || endurance === undefined || durability === Durability.OUTAGE) return durability;
  const quantities = entry ? (entry.quantities ?? QUANTITIES.length) : QUANTITIES.length;
  const shortest = Math.ceil((shortestPeriod(journal.status, endurance) * quantities) / 100) * 100;
  const period = Math.max(settings.interval, entry?.period ?? 0);
  if (period >= shortest) return durability;
  monitor.warning?.(
    `setting "interval" is ${formatDuration(settings.interval)}: too short for durability=always, which would wear the flash out within ten years; allowed is ${formatDuration(shortest)} or more; durability is outage instead`,
  );
  return Durability.OUTAGE;
}

/** The clock that tells the time of day, and what sets it: nothing where the board does so, or the settings forbid it. */
function makeClock(
  board: Board,
  settings: Settings,
  monitor: Monitor,
  onSet: () => void,
): { clock: Clock; sync: TimeSync | undefined } {
  const { udp, dns, timer } = board;
  const servers = timeServersOf(settings);
  if (!udp || !("set" in board.clock) || servers.length === 0) return { clock: board.clock, sync: undefined };
  const clock = new WallClock(board.clock);
  const sync = new TimeSync({
    udp,
    dns,
    timer,
    clock,
    random: () => board.random(),
    monitor,
    servers,
    spread: settings.spread,
    firstDay: FIRST_DAY,
    onTime: (now, ticks) => {
      clock.set(now, ticks);
      onSet();
    },
  });
  return { clock, sync };
}

/** Calibration first, on what the part measured; then the filters. */
function temperatureSteps(settings: Settings): Step[] {
  const steps: Step[] = [];
  const points = parsePoints(settings.twopoint);
  if (points) steps.push(Calibration.twoPoint(points[0], points[1], points[2], points[3]));
  if (settings.offset !== 0) steps.push(new Calibration(1, settings.offset));
  if (settings.median > 1) steps.push(new Median(settings.median));
  if (settings.smoothing > 0) steps.push(new Exponential(settings.smoothing));
  return steps;
}

function makeSource(
  board: Board,
  settings: Settings,
  entry: SensorEntry | undefined,
  counters: Counters,
  monitor: Monitor,
  sink: Sink,
): Source {
  const { timer, clock } = board;
  if (entry) {
    return new PolledSource(
      {
        io: entry.io,
        options: entry.options,
        period: Math.max(settings.sampling || settings.interval, entry.period),
        readyPeriod: entry.period,
        humidityScale: entry.humidityScale ?? 1,
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
