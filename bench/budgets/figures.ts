/** What is measured against a budget. Everything is counted, nothing timed: the same on every machine. */

import { deviceBytes } from "../../host-sim/xs/snapshot.js";
import { CountedNode, countedScript, type Part, type Turn } from "./engine.js";
import { sizes } from "./size.js";

export interface Figure {
  /** By which it is recorded. */
  readonly name: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What it ought to be at most; and what it must not exceed. */
  readonly aim?: number;
  readonly limit?: number;
}

/** Readings that a figure is the mean of: their values have all numbers of digits, and they fill four blocks of the journal. */
const READINGS = 508;

/** Readings until nothing new is made. */
const SETTLING = 12_000;

/** A node that says nothing of itself: what it does then is for readings. */
export const QUIET = { diagnostics: "0ms" };

/** @param readings after which the memory has to be the same */
export async function measure(
  readings: number,
  onProgress: (what: string, share: number) => void,
): Promise<Figure[]> {
  const script = await countedScript();
  const withNode = <Result>(
    settings: Readonly<Record<string, string>>,
    task: (node: CountedNode) => Result,
  ) => {
    const node = new CountedNode(script, { settings });
    try {
      return task(node);
    } finally {
      node.close();
    }
  };
  onProgress("steps", 0);
  const quiet = withNode(QUIET, (node) => [...stepsOf(node, "", "with the journal"), slotsOf(node)]);
  const outage = withNode({ ...QUIET, durability: "outage" }, (node) =>
    stepsOf(node, "-outage", "with durability=outage"),
  );
  onProgress("readings", 0.2);
  const memory = withNode({}, (node) =>
    memoryOf(node, readings, (share) => onProgress("readings", 0.2 + 0.8 * share)),
  );
  const source = [...(await sizes())].map(([folder, value]) => ({
    name: `size ${folder}`,
    what: `source of ${folder}`,
    value,
    unit: "bytes",
  }));
  return [...quiet, ...outage, ...memory, ...source];
}

/** Of a node as it comes, once all that is made when it is first needed is there. */
function memoryOf(node: CountedNode, readings: number, onProgress: (share: number) => void): Figure[] {
  // Also what numbers of more digits need.
  node.read(SETTLING);
  const settled = node.heapNow();
  node.read(readings, (done) => onProgress(done / readings));
  const later = node.heapNow();
  return [
    {
      name: "memory",
      what: "memory of the whole node, update included",
      value: deviceBytes(settled),
      unit: "bytes",
      aim: 16 * 1_024,
      limit: 32 * 1_024,
    },
    {
      name: "growth",
      what: `memory that ${readings.toLocaleString("en")} more readings have added`,
      value: deviceBytes(later) - deviceBytes(settled),
      unit: "bytes",
      aim: 0,
      limit: 0,
    },
  ];
}

function stepsOf(node: CountedNode, suffix: string, how: string): Figure[] {
  const turns = node.trace(READINGS);
  const ways = turns.map(wayOf).filter((steps) => steps !== undefined);
  if (ways.length !== READINGS)
    throw new Error(`${ways.length} of ${READINGS} readings came to the socket at once`);
  const all = turns.reduce((sum, { steps }) => sum + steps, 0);
  return [
    {
      name: `steps${suffix}`,
      what: `from the sample to bytes on the socket, ${how}`,
      value: mean(ways.reduce((sum, steps) => sum + steps, 0)),
      unit: "steps",
      aim: 100,
    },
    {
      name: `steps-all${suffix}`,
      what: `all that happens for a reading, PUBACK and keep-alive included, ${how}`,
      value: mean(all),
      unit: "steps",
    },
  ];
}

/** Steps from the look at the sensor to the write to the socket, in a turn that has both. */
function wayOf({ calls }: Turn): number | undefined {
  const sample = calls.findLast(([name]) => name === "smbus.read");
  const write = calls.find(([name]) => name === "socket.write");
  return sample && write && write[1] > sample[1] ? write[1] - sample[1] : undefined;
}

function slotsOf(node: CountedNode): Figure {
  node.read(200);
  node.heapNow();
  // Asking for readings makes some, too: twice as many readings make no more of these.
  const made = (readings: number) => {
    const before = node.slots;
    node.read(readings);
    return node.slots - before;
  };
  made(1);
  const once = made(READINGS);
  const twice = made(2 * READINGS);
  return {
    name: "slots",
    what: "slots that a reading makes, and that are garbage behind it",
    value: mean(twice - once),
    unit: "slots",
    aim: 0,
  };
}

function mean(sum: number): number {
  return Math.round((sum / READINGS) * 10) / 10;
}

/** What a feature costs: what a node with it takes more than one without. */
export interface Cost {
  readonly what: string;
  readonly slots: number;
  readonly chunks: number;
}

interface Feature {
  readonly what: string;
  /** A setting that brings it, or takes it away. */
  readonly on?: Readonly<Record<string, string>>;
  readonly off?: Readonly<Record<string, string>>;
  readonly without?: readonly Part[];
}

const FEATURES: readonly Feature[] = [
  { what: "MQTT: client and link (`broker`)", off: { broker: "" } },
  { what: "the journal in flash", without: ["journal"] },
  { what: "Home Assistant's discovery (`discovery`)", off: { discovery: "off" } },
  { what: "the raw TCP server (`server`)", on: { server: "10.0.0.1:9001" } },
  { what: "128 readings in memory (`durability=outage`)", on: { durability: "outage" } },
  { what: "median of 5 and smoothing (`median`, `smoothing`)", on: { median: "5", smoothing: "0.2" } },
  { what: "an air conditioner instead of a thermometer (`device=climate`)", on: { device: "climate" } },
];

export async function costs(): Promise<Cost[]> {
  const script = await countedScript();
  const heapOf = (settings?: Readonly<Record<string, string>>, without?: readonly Part[]) => {
    const node = new CountedNode(script, { ...(settings && { settings }), ...(without && { without }) });
    node.close();
    return node.heap;
  };
  const whole = heapOf();
  return [
    { what: "the whole node, as it comes", ...whole },
    ...FEATURES.map(({ what, on, off, without }) => {
      const other = heapOf(on ?? off, without);
      const [more, less] = on ? [other, whole] : [whole, other];
      return { what, slots: more.slots - less.slots, chunks: more.chunks - less.chunks };
    }),
  ];
}
