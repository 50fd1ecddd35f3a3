import type { Subscription } from "../../firmware/links/inbox.js";
import { MQTTLink } from "../../firmware/links/mqtt-link.js";
import { Postbox, type StateTopic } from "../../firmware/links/postbox.js";
import { Counters } from "../../firmware/monitor.js";
import { VirtualBoard } from "../../host-sim/boards/virtual/board.js";
import { MemoryBroker, type Published } from "../../host-sim/world/memory-broker.js";
import { memoryOutbox } from "./outbox.js";

export const TEMPERATURE = "home/livingroom/temperature";
export const STATUS = "home/livingroom/status";

export const sequences = (messages: readonly Published[]) =>
  messages.map(({ payload }) => JSON.parse(payload).seq as number);
export const readings = (messages: readonly Published[]) =>
  messages.filter(({ topic }) => topic === TEMPERATURE);

/** A link of its own, without a node around it: the test says when the sensor is there. */
export function bareLink(subscriptions: readonly Subscription[] = [], states: readonly StateTopic[] = []) {
  const board = new VirtualBoard({ now: 1_795_175_351_184 });
  const broker = new MemoryBroker();
  const outbox = memoryOutbox(16);
  board.net.listen("10.0.0.1", 1883, broker.accept);
  const delivered: boolean[] = [];
  const postbox = new Postbox(states, () => link.wake());
  const link = new MQTTLink({
    client: board.mqtt,
    dns: board.dns,
    socket: board.tcp,
    timer: board.timer,
    clock: board.clock,
    random: board.random,
    monitor: {},
    counters: new Counters(),
    outbox,
    host: "10.0.0.1",
    port: 1883,
    user: undefined,
    password: undefined,
    id: "bare",
    base: "home/livingroom",
    plain: false,
    keepAlive: 30_000,
    window: 4,
    spread: 0,
    needsClock: false,
    diagnosticsPeriod: 60_000,
    diagnostics: () => "d".repeat(300),
    subscriptions,
    postbox,
    onDelivered: (isReading) => delivered.push(isReading),
  });
  return { board, broker, link, outbox, postbox, delivered };
}
