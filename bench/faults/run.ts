import { PowerCut } from "../../host-sim/boards/virtual/flash.js";
import { BROKER_FAULTS, TIME_SERVER_FAULTS } from "./broker-faults.js";
import { DEVICE_FAULTS } from "./device-faults.js";
import { type Fault, FaultSchedule } from "./fault.js";
import { MemoryWatch } from "./memory.js";
import { NETWORK_FAULTS } from "./network-faults.js";
import { Trace } from "./trace.js";
import { World } from "./world.js";

export const FAULTS: readonly Fault[] = [
  ...NETWORK_FAULTS,
  ...BROKER_FAULTS,
  ...TIME_SERVER_FAULTS,
  ...DEVICE_FAULTS,
];

/** Those that strike where none are named. */
export const USUAL: readonly string[] = FAULTS.filter(({ extra }) => !extra).map(({ name }) => name);

export const DAY = 86_400_000;

/** Milliseconds between two looks at what must be bounded. */
const STEP = 60_000;

/** Milliseconds of the calm spell at the end: for a connection that has to time out, a few readings, and the time of day. */
const CALM = 75 * 60_000;

/** Milliseconds of the calm spell in which all that waits must arrive. */
const DRAIN = 4 * 3_600_000;

/** Bytes by which memory may grow from the second third of a run to the last: code that is compiled takes most of it. */
const GROWTH_LIMIT = 1_000_000;

/** Milliseconds after all has arrived, for the next diagnostics. */
const LAST = 15 * 60_000;

/** Readings that a node may say were waiting: those of a moment. */
const WAITING_LIMIT = 4;

/** Milliseconds before the end from which on readings may be under way still. */
const UNDER_WAY = 90_000;

export interface RunOptions {
  seed: number;
  days: number;
  /** Names. */
  faults: readonly string[];
  /** Gets all lines of the trace, in pieces. */
  trace?: (text: string) => void;
  /** Told for each simulated minute how many days are done. */
  onProgress?: (days: number) => void;
  /** Collects garbage now and then, and looks at what is left. */
  watchesMemory?: boolean;
}

export interface RunResult {
  seed: number;
  /** Simulated days, those of the calm spell included. */
  days: number;
  digest: string;
  struck: Record<string, number>;
  taken: number;
  arrived: number;
  duplicates: number;
  dropped: number;
  doubtful: number;
  connections: number;
  cuts: number;
  /** Of the block that was erased most often. */
  erases: number;
  /** Bytes by which the heap grew from the second third of the run to the last; 0 where nobody looked. */
  growth: number;
  /** What was found wrong first, when (simulated milliseconds), and the last lines of the trace before it. */
  failure: { text: string; at: number; trace: string[] } | undefined;
}

/** Lives through one seed. The same options give the same result, digest included. */
export function run(options: RunOptions): RunResult {
  const { seed, days } = options;
  const trace = new Trace(options.trace);
  const world = new World(seed, trace);
  const schedule = new FaultSchedule(
    world,
    FAULTS.filter(({ name }) => options.faults.includes(name)),
  );
  for (const device of world.devices) device.powerOn();
  const memory = options.watchesMemory ? new MemoryWatch(days * DAY) : undefined;
  pass(world, days * DAY, (elapsed) => {
    memory?.look(elapsed, () => world.devices.reduce((sum, { ledger }) => sum + ledger.known, 0));
    options.onProgress?.(elapsed / DAY);
  });
  const growth = memory?.growth ?? 0;
  if (growth > GROWTH_LIMIT)
    world.fail(`memory: ${growth} bytes more in the last third of the run than in the second`);
  if (!world.failure) {
    world.note("world", "calm");
    schedule.calm();
    settle(world);
  }
  if (!world.failure) speak(world);
  if (!world.failure) sayGoodbye(world);
  const sum = (count: (device: World["devices"][number]) => number) =>
    world.devices.reduce((total, device) => total + count(device), 0);
  for (const device of world.devices) device.finish();
  return {
    seed,
    days: world.clock.elapsed / DAY,
    digest: trace.digest(),
    struck: schedule.struck,
    taken: sum(({ ledger }) => ledger.taken),
    arrived: sum(({ ledger }) => ledger.arrived),
    duplicates: sum(({ ledger }) => ledger.duplicates),
    dropped: sum(({ ledger }) => ledger.dropped),
    doubtful: sum(({ ledger }) => ledger.doubtful),
    connections: sum(({ connections }) => connections),
    cuts: sum(({ cuts }) => cuts),
    erases: Math.max(...world.devices.map(({ erases }) => erases.most)),
    growth,
    failure: world.failure,
  };
}

/** Lets time pass, and looks at what must hold at every moment. */
function pass(world: World, duration: number, onStep?: (elapsed: number) => void): void {
  const { clock } = world;
  const end = clock.elapsed + duration;
  while (clock.elapsed < end && !world.failure) {
    try {
      clock.run(Math.min(STEP, end - clock.elapsed));
    } catch (error) {
      // The power went within a write, and nothing caught it: the board is dead as it should be.
      if (error instanceof PowerCut) continue;
      world.fail(`exception: ${error instanceof Error ? error.stack : String(error)}`);
    }
    for (const device of world.devices) device.check();
    for (const server of world.timeServers) server.requests.length = 0;
    onStep?.(clock.elapsed);
  }
}

/** After the last fault everything that waits must arrive. */
function settle(world: World): void {
  const { clock, devices } = world;
  const begun = clock.elapsed;
  pass(world, CALM);
  const end = clock.elapsed + DRAIN;
  const waits = () => devices.some(({ ledger }) => ledger.waiting(clock.elapsed - UNDER_WAY) > 0);
  while (!world.failure && clock.elapsed < end && waits()) pass(world, 10 * STEP);
  pass(world, LAST);
  if (world.failure) return;
  for (const device of devices) {
    const { name, ledger, erases, cuts, waiting } = device;
    device.settled(begun, world.knowsTime);
    const status = world.retained(`${device.base}/status`);
    if (status !== "online") world.fail(`status: that of ${name} is ${status}, and it is there`);
    ledger.settle(clock.elapsed - UNDER_WAY, (topic) => world.retained(topic));
    // A cut within an erase has the block erased again.
    if (erases.most > erases.least + 2 + cuts)
      world.fail(`wear: ${name} has erased one block ${erases.most} times and another ${erases.least} times`);
    if (waiting > WAITING_LIMIT)
      world.fail(`waiting: ${name} says that ${waiting} readings wait, and all have arrived`);
  }
}

/** Whoever has subscribed hears what is sent, however often it has connected anew. */
function speak(world: World): void {
  const answers = world.devices.map(({ commands }) => commands.answers);
  const heard = world.devices.map(({ messages }) => messages.heard);
  for (const { messages } of world.devices) {
    messages.sends("are you there?");
    world.broker.publish(messages.topic, "are you there?", 1);
  }
  for (const { commands } of world.devices) world.broker.publish(commands.topic, "{}", 1);
  pass(world, 5_000);
  world.devices.forEach(({ name, commands }, index) => {
    if (commands.answers === answers[index]) world.fail(`command: ${name} does not answer`);
  });
  world.devices.forEach(({ name, listens, messages }, index) => {
    if (listens && messages.heard === heard[index]) world.fail(`message: ${name} does not hear any more`);
  });
}

/** An orderly end takes a second at most, and leaves `offline` with the broker. */
function sayGoodbye(world: World): void {
  for (const device of world.devices) {
    let stopped = false;
    device.stop(() => {
      stopped = true;
    });
    pass(world, 1_100);
    if (!stopped) world.fail(`goodbye: ${device.name} takes more than a second to stop`);
    pass(world, 2_000);
    const status = world.retained(`${device.base}/status`);
    if (status !== "offline") world.fail(`goodbye: the status of ${device.name} is ${status}`);
  }
}
