/**
 * The only place, with `compose-sensor.ts` and `compose-climate.ts`, that makes concrete parts and wires them: a board and
 * settings in, a node out.
 *
 * ```
 *  source --> pipeline (one for each quantity) --> recorder --> outbox (journal and queue) --> MQTT link
 *                                                         \---> queue --> raw TCP link
 *  public setters of the above, or of an air conditioner <-- dispatcher <-- MQTT link
 * ```
 */

import { ChangedSettings } from "./changed-settings.js";
import { TickKeeper } from "./clock/tick-keeper.js";
import { TimeSync } from "./clock/time-sync.js";
import { WallClock } from "./clock/wall-clock.js";
import { parseHostPort } from "./codec/endpoint.js";
import { QUANTITIES } from "./codec/reading.js";
import { type Action, Dispatcher, type PlainCommand } from "./commands/dispatcher.js";
import { Identify } from "./commands/identify.js";
import { nodeActions } from "./commands/node-actions.js";
import { Restart, restartedBy } from "./commands/restart.js";
import { DigitalSwitch } from "./commands/switch.js";
import { composeClimate } from "./compose-climate.js";
import { composeSensor, durabilityOf, sensorEntryOf } from "./compose-sensor.js";
import type { Settings } from "./config.js";
import { diagnosticsJSON } from "./diagnostics.js";
import { Announcement } from "./discovery/announcement.js";
import type { DiscoveredClimate } from "./discovery/discovery.js";
import { errorText } from "./error-text.js";
import { Boots, isFromOutside } from "./health/boots.js";
import { Watchdog } from "./health/watchdog.js";
import { brokerSocket } from "./links/broker-socket.js";
import type { Subscription } from "./links/inbox.js";
import { MQTTLink } from "./links/mqtt-link.js";
import { Postbox, type StateTopic } from "./links/postbox.js";
import { TCP_QUEUE, TCPLink } from "./links/tcp-link.js";
import { Counters, type Monitor } from "./monitor.js";
import { Node } from "./node.js";
import { Journal } from "./outbox/journal.js";
import { type Durability, Outbox } from "./outbox/outbox.js";
import { POLICIES, type Policy } from "./outbox/policy.js";
import { Queue } from "./outbox/queue.js";
import { Recorder } from "./outbox/recorder.js";
import type {
  Clock,
  Flash,
  FlashStatus,
  HardwareWatchdog,
  IO,
  KeyValue,
  MQTTClientClass,
  NetworkInterface,
  Outputs,
  ResolverClass,
  SensorEntry,
  SerialClass,
  SettableClock,
  TCPClass,
  Timer,
  UDPClass,
  UpdateBoard,
} from "./ports.js";
import type { Source } from "./sensors/source.js";
import { brokerOf, discoveryPrefix, timeServersOf } from "./settings.js";
import { BootTime } from "./time.js";
import { Updater, type UpdaterOptions } from "./update/updater.js";
import { FIRST_DAY, PRODUCT } from "./version.js";

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
  /** What it can switch. */
  outputs?(settings: Settings): Outputs;
  /** What outlives a restart, where the board has such a thing. */
  readonly storage?: KeyValue;
  /** Where readings wait that outlive a restart. `open` throws where it cannot be had. */
  readonly journal?: BoardJournal;
  /** Bytes of memory that are free, for diagnostics. */
  freeMemory?(): number;
  /** Why the device began to run, where it knows: one of the words that `Boots.reset` lists. */
  readonly resetReason?: string | undefined;
  /** Starts the device anew, at once; without it the node only warns where it would restart. */
  restart?(): void;
  readonly watchdog?: HardwareWatchdog;
  /** The other slot and what an update is checked with, where the board has such; without `restart`, no slot can be activated. */
  readonly update?: UpdateBoard;
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
  /** What commands have changed, already in the settings; without it nothing was, and no change is kept. */
  changed?: ChangedSettings;
  subscriptions?: readonly Subscription[];
}

/** What all the parts of a device are made from. */
export interface Context {
  board: Board;
  settings: Settings;
  monitor: Monitor;
  clock: Clock;
  counters: Counters;
  changed: ChangedSettings;
  durability: Durability;
  /** The flash of the journal, where there is one. */
  journal: { status: FlashStatus; endurance: number | undefined } | undefined;
  /** Something came of what the device is for: a value was accepted, a decision made. */
  onProgress: () => void;
}

/** What is particular to a kind of device. */
export interface Device {
  source: Source;
  /** Its retained topics. */
  states: readonly StateTopic[];
  subscriptions: readonly Subscription[];
  actions: Readonly<Record<string, Action>>;
  plain: readonly PlainCommand[];
  /** Acts on what holds when all that commands have changed is forgotten. */
  reset(): void;
  /** Milliseconds without progress after which a restart may help; 0 for never. */
  patience(): number;
  climate: DiscoveredClimate | undefined;
}

/** Boots are counted in 24 bits where readings are kept. */
const BOOTS = 0x100_0000;

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
  const changed = options.changed ?? new ChangedSettings({}, undefined, [], () => 0);

  const measures = settings.device !== "climate";
  const journal = measures
    ? openJournal(board, settings, monitor, (first, count) => outbox.drop(first, count))
    : undefined;
  const time = new BootTime(clock, Math.max(options.boot, journal ? (journal.lastBoot + 1) % BOOTS : 0));
  journal?.begin(time);
  const flash = journal && { status: journal.status, endurance: board.journal?.endurance };
  const durability = durabilityOf({ board, settings, monitor, journal: flash });
  const outbox = new Outbox({
    queue: new Queue(settings.queue, journal?.next ?? 1, time, policyOf(settings)),
    journal,
    durability,
    epoch: Math.floor(board.random() * 0x1_0000_0000),
    monitor,
  });

  let mqtt: MQTTLink | undefined;
  let tcp: TCPLink | undefined;
  const server = parseHostPort(settings.server);
  const serverQueue = server && new Queue(TCP_QUEUE, outbox.next, time);
  const recorder = new Recorder({
    time,
    outbox,
    serverQueue,
    counters,
    monitor,
    onRecorded: (quantity) => {
      announcement.measured(quantity);
      mqtt?.wake();
      tcp?.wake();
    },
  });
  const context: Context = {
    board,
    settings,
    monitor,
    clock,
    counters,
    changed,
    durability,
    journal: flash,
    onProgress: () => {
      watchdog.progress();
      updater.sensed();
    },
  };
  const onOpened = () => mqtt?.ready();
  const device: Device = measures
    ? composeSensor(context, recorder, onOpened)
    : composeClimate(context, () => postbox, onOpened);

  const entry = sensorEntryOf(board, settings);
  const identify = makeIdentify(board, settings, monitor);
  const restart =
    board.restart &&
    new Restart({ timer, storage: board.storage, onDue: () => node.stop(() => board.restart?.()) });
  const announcement = new Announcement({
    prefix: discoveryPrefix(settings),
    storage: board.storage,
    device: {
      id,
      base: settings.topic,
      version: options.version,
      plain: settings.payload === "plain",
      quantities: device.climate ? 0 : quantitiesOf(entry),
      isExact: device.climate !== undefined || entry?.quantities !== undefined,
      diagnostics: settings.diagnostics > 0,
      identify: identify !== undefined,
      restart: restart !== undefined,
      climate: device.climate,
    },
    onChanged: (state) => postbox.changed(state),
  });
  const updater: Updater = makeUpdater(options, clock, boots, {
    onChanged: (state) => postbox.changed(state),
    restart: () => node.stop(() => board.restart?.()),
    goBack: () => node.stop(() => goBack(board, monitor)),
  });
  const postbox: Postbox = new Postbox([...device.states, updater.state, ...announcement.states], () =>
    mqtt?.wake(),
  );
  const dispatcher = new Dispatcher({
    base: settings.topic,
    actions: {
      ...device.actions,
      ...nodeActions({
        identify:
          identify &&
          (() => {
            identify.start();
            monitor.note?.(`this is ${id}: its light blinks for ten seconds`);
          }),
        restart: restart && ((command) => restart.order(command)),
        reset: () => {
          changed.reset();
          device.reset();
        },
      }),
    },
    plain: device.plain,
    clock,
    postbox,
    monitor,
    lastId: restartedBy(board.storage),
  });

  const broker = brokerOf(settings);
  const socket = broker && brokerSocket(broker, board, settings, monitor);
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
          update: updater,
        }),
      subscriptions: [
        ...dispatcher.subscriptions,
        updater.subscription,
        ...device.subscriptions,
        ...(options.subscriptions ?? []),
      ],
      postbox,
      onDelivered: (isReading) => {
        // What a sensor is for are its readings; an air conditioner has none.
        if (isReading || !measures) updater.delivered();
      },
    });
  } else if (!broker) {
    monitor.warning?.('setting "broker" is missing: use mqtt://host; readings are taken and wait');
  }
  if (server && serverQueue) {
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
      password: settings.serverpassword,
    });
  }

  const watchdog = new Watchdog({
    timer,
    clock,
    monitor,
    boots,
    patience: () => device.patience(),
    hardware: board.watchdog,
    restart: board.restart && (() => board.restart?.()),
  });
  const node = new Node({
    source: device.source,
    outbox,
    mqtt,
    tcp,
    network,
    watchdog,
    sync,
    identify,
    restart,
    updater,
    keeper: new TickKeeper(timer, () => {
      clock.now();
      time.uptime();
    }),
  });
  return node;
}

function makeUpdater(
  { board, settings, monitor, version }: ComposeOptions,
  clock: Clock,
  boots: Boots,
  acts: Pick<UpdaterOptions, "onChanged" | "restart" | "goBack">,
): Updater {
  const { timer, dns, storage } = board;
  return new Updater({
    board: board.update,
    key: settings.updatekey,
    base: settings.topic,
    version,
    agent: PRODUCT,
    storage,
    dns,
    socket: (secure) => fileSocket(secure, board, settings),
    timer,
    clock,
    random: () => board.random(),
    monitor,
    trial: settings.trial,
    spread: settings.spread,
    reset: boots.reset,
    isFromOutside,
    ...acts,
  });
}

/** For an image at `https://`: pin and certificate are the broker's business, the authority is everybody's. */
function fileSocket(secure: boolean, board: Board, settings: Settings): IO<TCPClass> {
  if (!secure) return board.tcp;
  if (!board.tls)
    throw new Error("the image is at https://, and this board has no TLS: publish it at http://");
  try {
    return board.tls({ ...settings, pin: "", cert: "", key: "" });
  } catch (error) {
    throw new Error(`the image is at https://, and ${errorText(error)}`);
  }
}

function goBack(board: Board, monitor: Monitor): void {
  try {
    board.update?.slots.goBack();
  } catch (error) {
    monitor.warning?.(`the device cannot go back by itself (${errorText(error)}): it restarts, which does`);
    board.restart?.();
  }
}

/** What can be measured, as bits; of a source that may bring anything, only what every one brings. */
function quantitiesOf(entry: SensorEntry | undefined): number {
  return 2 ** Math.min(entry?.quantities ?? 1, QUANTITIES.length) - 1;
}

function makeIdentify(board: Board, settings: Settings, monitor: Monitor): Identify | undefined {
  const light = board.outputs?.(settings).light;
  if (!light) return undefined;
  try {
    return new Identify(new DigitalSwitch(light), board.timer);
  } catch (error) {
    monitor.warning?.(`setting "led" is ${settings.led}: ${errorText(error)}`);
    return undefined;
  }
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
