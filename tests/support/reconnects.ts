/**
 * A program: connects a whole node again and again, failing at each stage in turn, and prints as a line of JSON what is
 * open and how much memory is used, every so often. Run with --expose-gc.
 *
 *   node --expose-gc build/tests/support/reconnects.js <reconnects> <reports>
 */

import { LinkState } from "../../firmware/links/link-state.js";
import type { Peer } from "../../host-sim/boards/virtual/network.js";
import { virtualNode } from "./node.js";

/** What a report holds, always taken at the same point: the broker's connection is gone, the next attempt waits. */
export interface Report {
  reconnects: number;
  /** Sockets that the node had open when the broker's had just been lost, the most since the report before. */
  connections: number;
  /** Timers that are set, of the node and the network. */
  timers: number;
  /** Bytes that cannot be collected. */
  bytes: number;
  /** Why connections were lost so far, each once. */
  reasons: string[];
}

const { board, broker, journal, node } = virtualNode(
  {
    broker: "mqtt://broker.test",
    interval: "10s",
    keepalive: "30s",
    server: "10.0.0.2:9000",
    queue: 16,
    diagnostics: "1m",
  },
  { subscriptions: [{ topic: "home/command", QoS: 1, onMessage: () => {} }] },
);
const { clock, net } = board;
let peers: Peer[] = [];

function listen(): void {
  net.listen("10.0.0.1", 1883, (peer) => {
    peers.push(peer);
    broker.accept(peer);
  });
}

/** Each makes the next attempt fail in its way. */
const STAGES: Readonly<Record<string, () => void>> = {
  "no such name": () => net.name("broker.test", undefined),
  "no answer to a look-up": () => {
    net.blackHole = true;
  },
  "connection refused": () => net.listen("10.0.0.1", 1883, undefined),
  "CONNACK refuses": () => {
    broker.returnCode = 3;
  },
  "no CONNACK": () => {
    broker.mute.add("connect");
  },
  "closed before CONNACK": () => net.listen("10.0.0.1", 1883, (peer) => peer.close()),
  "reset after CONNACK": () => {
    onAccepted = () => net.resetAll();
  },
  "no SUBACK": () => {
    broker.forgetSessions();
    broker.mute.add("subscribe");
  },
  "garbage after CONNACK": () => {
    onAccepted = () => broker.inject(broker.clients[0], Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff));
  },
  "evicted after two seconds": () => {
    onAccepted = () => clock.timer.set(() => peers.at(-1)?.close(), 2_000);
  },
  "no PUBACK": () => {
    broker.mute.add("publish");
  },
  "black hole when connected": () => {
    onAccepted = () => {
      net.blackHole = true;
    };
  },
  "reset after a minute": () => {
    onAccepted = () => clock.timer.set(() => net.resetAll(), 60_000);
  },
};
const stages = Object.values(STAGES);

/** What the raw TCP server does with a connection; it refuses where there is nothing to do. */
const SERVERS: readonly (((peer: Peer) => void) | undefined)[] = [
  undefined,
  () => {},
  (peer) => {
    peer.onData = () => peer.write(Uint8Array.of(0x6f, 0x6b, 0x0a));
  },
  (peer) => peer.close(),
  (peer) => {
    peer.onData = () => net.resetAll();
  },
];
let onAccepted = () => {};

function prepare(stage: () => void): void {
  net.blackHole = false;
  net.name("broker.test", "10.0.0.1");
  broker.returnCode = 0;
  broker.mute.clear();
  broker.published.length = broker.log.length = 0;
  peers = [];
  onAccepted = () => {};
  listen();
  // Their number has no factor in common with that of the stages: each meets each.
  net.listen("10.0.0.2", 9000, SERVERS[count % SERVERS.length]);
  stage();
}

const reconnects = Number(process.argv[2]);
const reports = Number(process.argv[3]);
let count = 0;
let connections = 0;
const reasons = new Set<string>();
Object.assign(journal, {
  delivered: () => {},
  dropped: () => {},
  warning: () => {},
  receipt: () => {},
  link: (state: LinkState) => {
    if (state === LinkState.ONLINE) onAccepted();
  },
  lost: (reason: string) => {
    count += 1;
    connections = Math.max(connections, net.connections);
    reasons.add(reason);
    prepare(stages[count % stages.length]);
  },
});

prepare(stages[0]);
node.start();
for (let report = 0; report < reports; report++) {
  // A report at whole rounds, so that the stage is always the same.
  const goal = Math.round(((report + 1) * reconnects) / reports / stages.length) * stages.length;
  clock.runUntil(() => count >= goal, Number.POSITIVE_INFINITY);
  // What one collection found dead may be taken away by a thread of its own, which the next one waits for.
  for (let i = 0; i < 3; i++) (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const line: Report = {
    reconnects: count,
    connections,
    timers: clock.pending,
    bytes: heapUsed + external,
    reasons: [...reasons],
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  connections = 0;
}
