/** What the whole node does. */

import assert from "node:assert/strict";
import type { IPublishPacket } from "mqtt-packet";
import type { ProgramOptions } from "./program/program.js";
import type { Scenario, Stage } from "./stage.js";

const BASE = "home/livingroom";
const TEMPERATURE = `${BASE}/temperature`;
const STATUS = `${BASE}/status`;
const COMMAND = `${BASE}/command`;
const REPLY = `${BASE}/command/reply`;
const DIAGNOSTICS = `${BASE}/diagnostics`;
const UPDATE = `${BASE}/update`;

/** Readings that are under way at a time: fewer than the client writes together where it may. */
const WINDOW = 2;

/** A node that measures once a second, which is the pace of its sensor. */
function node(stage: Stage, image: Readonly<Record<string, string | number>> = {}): ProgramOptions {
  const { host, port } = stage.broker;
  const fixed = { interval: "1s", spread: "0ms", ntp: "off", discovery: "off", window: WINDOW };
  return { kind: "node", image: { broker: `mqtt://${host}:${port}`, ...fixed, ...image } };
}

interface Published {
  readonly seq: number;
  readonly late: boolean;
  readonly time: number;
  readonly packet: IPublishPacket;
  /** The broker has the session in which it may have been sent before. */
  readonly isKnown: boolean;
}

/** Readings that the device has sent, repetitions too, in order. */
function sent(stage: Stage): Published[] {
  const readings: Published[] = [];
  let isKnown = false;
  for (const { packet } of stage.wire.packets) {
    if (packet.cmd === "connack") isKnown = packet.sessionPresent;
    if (packet.cmd !== "publish" || packet.topic !== TEMPERATURE) continue;
    const { seq, time, late = false } = JSON.parse(packet.payload.toString()) as Published;
    readings.push({ seq, time, late, packet, isKnown });
  }
  return readings;
}

/** Numbers in the lines that a node told, such as of the readings that it recorded. */
function told(stage: Stage, what: "recorded" | "delivered"): number[] {
  return stage.told
    .filter((line) => line.startsWith(`${what} temperature `))
    .map((line) => Number(/#(\d+)/.exec(line)?.[1]));
}

const recorded = (stage: Stage) => told(stage, "recorded");
const delivered = (stage: Stage) => told(stage, "delivered");

function heardOn(stage: Stage, topic: string): string[] {
  return stage.heard.filter((message) => message.topic === topic).map(({ payload }) => payload);
}

async function startNode(stage: Stage, image?: Readonly<Record<string, string | number>>): Promise<void> {
  const before = delivered(stage).length;
  await stage.start(node(stage, image));
  await stage.until("two readings are delivered", () => delivered(stage).length >= before + 2);
}

/** Waits for so many more readings. */
async function untilRecorded(stage: Stage, more: number): Promise<void> {
  const wanted = recorded(stage).length + more;
  await stage.until(`${more} more readings are recorded`, () => recorded(stage).length >= wanted);
}

/** Waits until everything that has been recorded up to now is delivered. */
async function untilDelivered(stage: Stage): Promise<void> {
  const waiting = recorded(stage);
  const isDelivered = () => {
    const there = new Set(delivered(stage));
    return waiting.every((seq) => there.has(seq));
  };
  // After some failed attempts the next one may be a minute away.
  await stage.until("all that waits is delivered", isDelivered, 120_000);
}

/** Numbers go on by one, from 1, through all boots, and the broker has had every one that was delivered. */
function assertNothingLost(stage: Stage): void {
  const numbers = recorded(stage);
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
  );
  const arrived = new Set(
    heardOn(stage, TEMPERATURE).map((payload) => (JSON.parse(payload) as Published).seq),
  );
  const missing = delivered(stage).filter((seq) => !arrived.has(seq));
  assert.deepEqual(missing, []);
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > numbers[index - 1]);
}

/**
 * Late readings say so, are not retained, and come in order; live ones are the broker's retained message. What is sent
 * again may be there for the first time: a connection that breaks loses what is on its way.
 */
function assertLateAndLive(stage: Stage, lateOnes: readonly number[]): void {
  const known = new Set<number>();
  const late: number[] = [];
  for (const reading of sent(stage)) {
    const { packet, seq } = reading;
    assert.equal(packet.qos, 1);
    assert.equal(packet.retain, !reading.late);
    // Moddable's client does not tell of the session.
    if (known.has(seq) && reading.isKnown && stage.client === "ours")
      assert.ok(packet.dup, `#${seq} comes again with DUP`);
    if (!known.has(seq) && reading.late) late.push(seq);
    known.add(seq);
  }
  assert.ok(isAscending(late), `late readings are in order: ${late}`);
  for (const seq of lateOnes) assert.ok(late.includes(seq), `#${seq} is marked as late`);
}

const connect: Scenario = {
  name: "the node connects, announces itself and delivers readings",
  play: async (stage) => {
    await startNode(stage, { diagnostics: "2s" });
    await stage.until("diagnostics", () => heardOn(stage, DIAGNOSTICS).length > 0);
    assert.deepEqual(heardOn(stage, STATUS), ["online"]);
    assert.equal(await stage.retained(STATUS), "online");
    const [connecting] = stage.wire.sent("connect");
    assert.deepEqual(
      [connecting.will?.topic, connecting.will?.payload.toString(), connecting.will?.retain],
      [STATUS, "offline", true],
    );
    const filters = stage.wire.sent("subscribe").flatMap(({ subscriptions }) => subscriptions);
    assert.deepEqual(
      filters.map(({ topic, qos }) => [topic, qos]),
      [
        [COMMAND, 1],
        [UPDATE, 1],
      ],
    );
    assert.deepEqual(stage.wire.published(DIAGNOSTICS).map(({ qos, retain }) => [qos, retain])[0], [
      0,
      false,
    ]);
    assertLateAndLive(stage, []);
    assertNothingLost(stage);
    const last = heardOn(stage, TEMPERATURE).at(-1);
    assert.equal(await stage.retained(TEMPERATURE), last);
  },
};

interface Reply {
  readonly id: string;
  readonly outcome: string;
  readonly reason?: string;
}

const command: Scenario = {
  name: "the node obeys a command, and refuses those that are retained, repeated or expired",
  play: async (stage) => {
    const replies = () => heardOn(stage, REPLY).map((payload) => JSON.parse(payload) as Reply);
    const order = async (id: string, fields: object): Promise<Reply> => {
      const before = replies().length;
      const text = JSON.stringify({ id, command: "interval", value: "3s", ...fields });
      await stage.publish(COMMAND, text, { QoS: 1 });
      await stage.until(`an answer to ${id}`, () => replies().length > before);
      return replies()[before];
    };
    const stored = { id: "stored", command: "interval", value: "10s" };
    await stage.publish(COMMAND, JSON.stringify(stored), { QoS: 1, retain: true });
    await startNode(stage);
    await stage.until("an answer to what is retained", () => replies().length === 1);
    const [refused] = replies();
    assert.deepEqual([refused.id, refused.outcome], ["stored", "refused"]);
    // A client that hides the flag leaves the missing time to live as the reason.
    assert.match(refused.reason ?? "", stage.client === "ours" ? /^retained/ : /"ttl" are missing/);

    const fresh = { time: stage.now(), ttl: 30 };
    assert.deepEqual(await order("a1", fresh), { id: "a1", outcome: "done" });
    const repeated = await order("a1", fresh);
    assert.deepEqual([repeated.id, repeated.outcome], ["a1", "refused"]);
    assert.match(repeated.reason ?? "", /^repeated/);
    assert.deepEqual(await order("a2", { time: stage.now() - 60_000, ttl: 30 }), {
      id: "a2",
      outcome: "refused",
      reason: "expired",
    });

    const from = sent(stage).length;
    await untilRecorded(stage, 3);
    await untilDelivered(stage);
    const [, one, other] = sent(stage).slice(from);
    assert.ok(other.time - one.time > 2_500, `readings are three seconds apart: ${other.time - one.time} ms`);
    assertNothingLost(stage);
  },
};

const outage: Scenario = {
  name: "the node keeps its readings through an outage of the broker",
  play: async (stage) => {
    await startNode(stage);
    await stage.outage();
    const first = recorded(stage).length;
    await untilRecorded(stage, 4);
    const waited = recorded(stage).slice(first);
    await stage.repair();
    await untilDelivered(stage);
    await untilRecorded(stage, 2);
    await untilDelivered(stage);
    assertNothingLost(stage);
    assertLateAndLive(stage, waited);
    assert.deepEqual(heardOn(stage, STATUS), ["online", "offline", "online"]);
    assert.equal(sent(stage).at(-1)?.late, false);
    // What was under way before the start is not known: the first session is a new one, and the one to go on with.
    assert.deepEqual(
      stage.wire.sent("connect").map(({ clean }) => clean),
      [true, false],
    );
  },
};

const drain: Scenario = {
  name: "the node drains what has waited, a window at a time, through a second outage",
  play: async (stage) => {
    await startNode(stage);
    await stage.outage();
    const first = recorded(stage).length;
    await untilRecorded(stage, 4 * WINDOW);
    const waited = recorded(stage).slice(first);
    const late = () => sent(stage).filter((reading) => reading.late);
    await stage.repair();
    await stage.until("it drains", () => late().length > 0);
    await stage.outage();
    await stage.repair();
    await untilDelivered(stage);
    assertNothingLost(stage);
    assertLateAndLive(stage, waited);
    assert.ok(mostUnderWay(stage) <= WINDOW, `under way at a time: ${mostUnderWay(stage)}`);
  },
};

/** The most readings that were sent on one connection and not acknowledged yet. */
function mostUnderWay(stage: Stage): number {
  let most = 0;
  let open = new Set<number | undefined>();
  let connection = 0;
  for (const passed of stage.wire.packets) {
    if (passed.connection !== connection) open = new Set();
    connection = passed.connection;
    const { packet, up } = passed;
    if (up && packet.cmd === "publish" && packet.topic === TEMPERATURE) open.add(packet.messageId);
    if (!up && packet.cmd === "puback") open.delete(packet.messageId);
    most = Math.max(most, open.size);
  }
  return most;
}

const restart: Scenario = {
  name: "the node says goodbye, starts again, and goes on with the next number",
  play: async (stage) => {
    await startNode(stage);
    await stage.stop();
    assert.deepEqual(heardOn(stage, STATUS), ["online", "offline"]);
    assert.equal(await stage.retained(STATUS), "offline");
    assert.equal(stage.wire.sent("disconnect").length, 1);
    await startNode(stage);
    await stage.stop();
    assert.deepEqual(heardOn(stage, STATUS), ["online", "offline", "online", "offline"]);
    // The will is the same message: that it did not come as well shows in the count.
    assert.equal(stage.wire.sent("disconnect").length, 2);
    assertNothingLost(stage);
    assert.equal(new Set(sent(stage).map(({ seq }) => seq)).size, sent(stage).length, "none is sent twice");
  },
};

const killed: Scenario = {
  name: "the node is killed while readings wait, and delivers them after its next start",
  play: async (stage) => {
    await startNode(stage);
    await stage.outage();
    const first = recorded(stage).length;
    await untilRecorded(stage, 3);
    const waited = recorded(stage).slice(first);
    await stage.kill();
    await stage.repair();
    await stage.until("the will", () => heardOn(stage, STATUS).length === 2);
    assert.equal(await stage.retained(STATUS), "offline");
    await startNode(stage);
    await untilDelivered(stage);
    assert.deepEqual(heardOn(stage, STATUS), ["online", "offline", "online"]);
    assertNothingLost(stage);
    assertLateAndLive(stage, waited);
  },
};

const reset: Scenario = {
  name: "the node restarts itself on command, and does so once",
  needs: "reset",
  play: async (stage) => {
    await startNode(stage);
    const text = JSON.stringify({ id: "r1", command: "restart", time: stage.now(), ttl: 30 });
    await stage.publish(COMMAND, text, { QoS: 1 });
    await stage.until("it is back", () => heardOn(stage, STATUS).length === 3);
    await stage.publish(COMMAND, text, { QoS: 1 });
    await stage.until("a second answer", () => heardOn(stage, REPLY).length === 2);
    const [done, repeated] = heardOn(stage, REPLY).map((payload) => JSON.parse(payload) as Reply);
    assert.deepEqual(done, { id: "r1", outcome: "done" });
    assert.match(repeated.reason ?? "", /^repeated/);
    await untilRecorded(stage, 2);
    await untilDelivered(stage);
    assert.deepEqual(heardOn(stage, STATUS), ["online", "offline", "online"]);
    assertNothingLost(stage);
  },
};

const update: Scenario = {
  name: "the node takes a signed update into its other slot, and refuses a forged one",
  needs: "update",
  play: async (stage) => {
    const { update } = stage;
    assert.ok(update);
    const said = () => heardOn(stage, `${UPDATE}/state`).map((payload) => JSON.parse(payload) as Said);
    await startNode(stage, { updatekey: update.key });
    await stage.publish(UPDATE, update.forged, { QoS: 1, retain: true });
    await stage.until("it is refused", () => said().at(-1)?.state === "refused");
    assert.match(said().at(-1)?.reason ?? "", /signature/);

    await stage.publish(UPDATE, update.manifest, { QoS: 1, retain: true });
    await stage.until("the update is confirmed", () => said().at(-1)?.state === "confirmed", 120_000);
    assert.equal(said().at(-1)?.version, update.versions[1]);
    assert.deepEqual(update.booted(), update.versions);
    assert.ok(stage.told.includes(`booted ${update.versions[1]}`));
    const states = said().map(({ state }) => state);
    const course = states.filter((state, index) => state !== states[index - 1]);
    assert.deepEqual(course, ["idle", "refused", "downloading", "trial", "confirmed"]);
    await untilRecorded(stage, 2);
    await untilDelivered(stage);
    assertNothingLost(stage);

    await stage.kill();
    await startNode(stage, { updatekey: update.key });
    assert.deepEqual(update.booted(), [...update.versions, update.versions[1]]);
  },
};

interface Said {
  readonly state: string;
  readonly version: string;
  readonly reason?: string;
}

export const NODE_SCENARIOS: readonly Scenario[] = [
  connect,
  command,
  outage,
  drain,
  restart,
  killed,
  reset,
  update,
];
