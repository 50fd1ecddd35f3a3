import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import { MemoryBroker } from "../../host-sim/world/memory-broker.js";
import { TimeServer } from "../../host-sim/world/time-server.js";
import { BrokerFront } from "./broker-front.js";
import { Device } from "./device.js";
import { WORLD_START } from "./life-clock.js";
import { Random } from "./random.js";
import { RawServer } from "./raw-server.js";
import { PolledWorld, type Taker } from "./sources.js";
import type { Trace } from "./trace.js";
import { UARTWorld } from "./uart-world.js";

const BROKER = "broker.bench";
const TIME_SERVERS = ["time1.bench", "time2.bench", "time3.bench"];
const SERVER = "server.bench";
const SERVER_ADDRESS = "10.1.0.1";
const SERVER_PORT = 9000;

/** Milliseconds between two messages to a device, on the average. */
const TALK = 3_600_000;

/** Devices, a broker and the network between them; drawn from a seed. */
export class World {
  readonly seed: number;
  readonly clock = new VirtualClock({ now: WORLD_START });
  readonly net: VirtualNetwork;
  readonly broker = new MemoryBroker({ history: false });
  readonly front: BrokerFront;
  readonly timeServers: TimeServer[];
  /** Those that have told somebody not to ask them again: it is obeyed for ever. */
  readonly refusing = new Set<TimeServer>();
  /** Milliseconds by which time servers have been off so far. */
  readonly timeOffsets = new Set([0]);
  readonly devices: Device[] = [];
  readonly trace: Trace;
  /** What was found wrong first, with the last lines before it. */
  failure: { text: string; at: number; trace: string[] } | undefined;

  constructor(seed: number, trace: Trace) {
    this.seed = seed;
    this.trace = trace;
    this.net = new VirtualNetwork(this.clock);
    this.front = new BrokerFront(this.clock, this.net, this.broker, new Random(seed, "broker"), BROKER);
    this.timeServers = TIME_SERVERS.map((name, index) => {
      const address = `10.2.0.${index + 1}`;
      this.net.name(name, address);
      return new TimeServer(this.net.datagrams, this.clock, address);
    });
    this.net.name(SERVER, SERVER_ADDRESS);
    const server = new RawServer(new Random(seed, "server"), (line) => this.#onLine(line));
    this.net.listen(SERVER_ADDRESS, SERVER_PORT, server.accept);
    this.broker.onPublish = (message) => {
      this.devices.find(({ base }) => message.topic.startsWith(`${base}/`))?.arrived(message);
    };
    this.broker.onConnect = (client, isSessionPresent) => {
      this.devices.find(({ id }) => id === client)?.ledger.connected(isSessionPresent);
    };
    const random = new Random(seed, "world");
    const count = random.pick([1, 1, 1, 2, 3]);
    for (let number = 1; number <= count; number++) this.devices.push(this.#device(`n${number}`));
  }

  note(who: string, what: string): void {
    this.trace.note(this.clock.elapsed, who, what);
  }

  readonly fail = (text: string): void => {
    if (this.failure) return;
    this.note("FAILURE", text);
    this.failure = { text, at: this.clock.elapsed, trace: this.trace.last() };
  };

  /** Whether two servers are left whom everybody may ask, and which confirm each other. */
  get knowsTime(): boolean {
    return this.timeServers.length - this.refusing.size >= 2;
  }

  retained(topic: string): string | undefined {
    return this.broker.retained.get(topic)?.payload;
  }

  #device(name: string): Device {
    const { seed, clock, net, trace } = this;
    const random = new Random(seed, name);
    // Between a second and ten minutes; a quick pace costs so much more of the bench's time that it is rarer.
    const pace = random.chance(0.2) ? random.magnitude(1_000, 10_000) : random.magnitude(10_000, 600_000);
    const kind = random.pick(["uart", "uart", "tmp117", "sht3x", "class"] as const);
    // The parts' values come again after some 26,000: so many readings must not be around at once.
    const isPart = kind === "tmp117" || kind === "sht3x";
    const sensorRandom = new Random(seed, `${name}/sensor`);
    const settings: Record<string, unknown> = {
      broker: `mqtt://${BROKER}`,
      keepalive: random.magnitude(5_000, 300_000),
      window: random.magnitude(1, 1_024),
      queue: random.magnitude(16, 4_096),
      durability: random.chance(0.25) ? "outage" : "always",
      full: isPart ? "oldest" : random.pick(["oldest", "newest", "thin"]),
      spread: random.pick([0, 1_000, 30_000]),
      diagnostics: random.magnitude(10_000, 600_000),
      watchdog: random.pick([0, 900_000, 3_600_000]),
      ntp: TIME_SERVERS.join(","),
      payload: random.chance(0.15) ? "plain" : "json",
    };
    if (random.chance(0.2)) settings["server"] = `${SERVER}:${SERVER_PORT}`;
    const listens = random.chance(0.5);
    const device = new Device({
      name,
      seed,
      clock,
      net,
      trace,
      settings,
      latency: random.magnitude(1, 200),
      // Few blocks are used in rotation and overflow; many are those of the ESP32.
      blocks: random.chance(0.1) ? 0 : random.magnitude(4, isPart ? 100 : 224),
      wifi: random.chance(0.5),
      listens,
      timeOffsets: this.timeOffsets,
      time: random.pick(["known", "asked", "asked", "asked", "unknown"] as const),
      sensor: (taker: Taker) =>
        kind === "uart"
          ? new UARTWorld(clock, sensorRandom, pace, taker)
          : new PolledWorld(kind, clock, sensorRandom, pace, taker),
      fail: this.fail,
    });
    device.note(`is a device with ${kind}, a reading every ${pace} ms, ${JSON.stringify(settings)}`);
    if (listens) this.#talk(device, new Random(seed, `${name}/messages`));
    this.#command(device, new Random(seed, `${name}/commanders`));
    return device;
  }

  /** Somebody sends messages to a device now and then. */
  #talk(device: Device, random: Random): void {
    const send = () => {
      const text = `${random.integer(0, 0xffff_ffff)}`.repeat(random.magnitude(1, 90));
      device.messages.sends(text);
      this.broker.publish(device.messages.topic, text, random.integer(0, 2) as 0 | 1 | 2);
      this.clock.timer.set(send, random.gap(TALK));
    };
    this.clock.timer.set(send, random.gap(TALK));
  }

  /** Somebody sends commands that must not be obeyed. What restarts a node for no good reason is found by its vigil. */
  #command(device: Device, random: Random): void {
    const { commands } = device;
    const send = () => {
      const { payload, retain } = commands.next();
      this.broker.publish(commands.topic, payload, random.integer(0, 1) as 0 | 1, retain);
      this.clock.timer.set(send, random.gap(TALK));
    };
    this.clock.timer.set(send, random.gap(TALK));
  }

  /** Lines to the raw TCP server are readings too; they may be lost and repeated, and never invented. */
  #onLine(line: string): void {
    let message: Record<string, unknown>;
    try {
      message = JSON.parse(line) as Record<string, unknown>;
    } catch {
      return this.fail(`raw TCP: a line that is no JSON: ${line}`);
    }
    const device = this.devices.find(({ id }) => id === message["device"]);
    if (!device) return this.fail(`raw TCP: no such device: ${line}`);
    device.lines.came(message, line, this.clock.elapsed);
    device.note("server has a line");
  }
}
