/** What an MQTT client does: the client alone, by a script. */

import assert from "node:assert/strict";
import { Packet } from "../../firmware/mqtt/packets.js";
import type { ClientProgram, Step } from "./program/client.js";
import type { Scenario, Stage } from "./stage.js";

const ID = "scenario";

/** Text that has two, three and four bytes of UTF-8 to a character. */
const TEXT = "21.4 °C, 7 €, 🌡";

function client(stage: Stage, script: readonly Step[], more: Partial<ClientProgram> = {}): ClientProgram {
  const { host, port } = stage.broker;
  return { kind: "client", host, port, id: ID, clean: true, keepAlive: 30_000, script, ...more };
}

const CONNECTED: Step = { control: Packet.CONNACK };
const LEAVE: Step = { leave: true };

/** Publishes `payload` at `QoS`, and waits until that is acknowledged. */
function publish(topic: string, payload: string, QoS: 0 | 1 | 2, id: number): Step[] {
  const write: Step = { write: { topic, QoS, id }, payload };
  if (QoS === 0) return [write];
  return [write, { control: QoS === 1 ? Packet.PUBACK : Packet.PUBCOMP }];
}

/** Plays a script to its end, and until the broker has seen the goodbye. */
async function play(stage: Stage, script: readonly Step[], more?: Partial<ClientProgram>): Promise<void> {
  await stage.start(client(stage, [CONNECTED, ...script, LEAVE], more));
  await stage.until("the client has left", () => stage.wire.sent("disconnect").length > 0);
  await stage.pass(100);
}

function heardOn(stage: Stage, topic: string): string[] {
  return stage.heard.filter((message) => message.topic === topic).map(({ payload }) => payload);
}

function publishing(QoS: 0 | 1 | 2): Scenario {
  return {
    name: `the client publishes at QoS ${QoS}`,
    play: async (stage) => {
      const payloads = ["1", TEXT, "", "x".repeat(300)];
      await play(
        stage,
        payloads.flatMap((payload, index) => publish("scenario/up", payload, QoS, 10 + index)),
      );
      assert.deepEqual(heardOn(stage, "scenario/up"), payloads);
      const published = stage.wire.published("scenario/up");
      assert.deepEqual(
        published.map(({ qos, dup, retain }) => ({ qos, dup, retain })),
        payloads.map(() => ({ qos: QoS, dup: false, retain: false })),
      );
      const ids = QoS === 0 ? payloads.map(() => undefined) : [10, 11, 12, 13];
      assert.deepEqual(
        published.map(({ messageId }) => messageId),
        ids,
      );
      const released = stage.wire.sent("pubrel").map(({ messageId }) => messageId);
      assert.deepEqual(released, QoS === 2 ? ids : []);
      assert.deepEqual(
        stage.told.filter((line) => line.startsWith("error")),
        [],
      );
    },
  };
}

const connect: Scenario = {
  name: "the client connects, stays, and leaves",
  play: async (stage) => {
    const will = { topic: "scenario/will", message: "gone", QoS: 1, retain: true };
    // The goodbye comes after the first PINGRESP, half a keep-alive later at the earliest.
    await play(stage, [{ control: Packet.PINGRESP }], { keepAlive: 4_000, will });
    const [connecting] = stage.wire.sent("connect");
    assert.equal(connecting.clientId, ID);
    assert.equal(connecting.clean, true);
    assert.equal(connecting.keepalive, 4);
    assert.equal(connecting.will?.topic, "scenario/will");
    assert.equal(connecting.will?.payload.toString(), "gone");
    assert.equal(stage.wire.sent("connect").length, 1);
    assert.deepEqual(heardOn(stage, "scenario/will"), []);
  },
};

const session: Scenario = {
  name: "the client finds its session again",
  play: async (stage) => {
    const subscribe: Step[] = [
      { write: { operation: Packet.SUBSCRIBE, id: 1, items: [{ topic: "scenario/down", QoS: 1 }] } },
      { control: Packet.SUBACK },
    ];
    await play(stage, subscribe, { clean: false });
    await stage.publish("scenario/down", "while it was away", { QoS: 1 });
    await stage.start(client(stage, [CONNECTED, { messages: 1 }, LEAVE], { clean: false }));
    await stage.until("the client has left again", () => stage.wire.sent("disconnect").length === 2);
    const answers = stage.wire.received("connack").map(({ sessionPresent }) => sessionPresent);
    assert.deepEqual(answers, [false, true]);
    if (stage.client === "ours")
      assert.ok(stage.told.includes(`control ${Packet.CONNACK} session present`), "it tells of the session");
    assert.ok(stage.told.some((line) => line.endsWith(": while it was away")));
  },
};

const subscribe: Scenario = {
  name: "the client subscribes, receives at each QoS, and unsubscribes",
  play: async (stage) => {
    const items = [
      { topic: "scenario/down", QoS: 2 },
      { topic: "scenario/+/other", QoS: 0 },
    ];
    const script: Step[] = [
      CONNECTED,
      { write: { operation: Packet.SUBSCRIBE, id: 7, items } },
      { control: Packet.SUBACK },
      { messages: 4 },
      { write: { operation: Packet.UNSUBSCRIBE, id: 8, items: [{ topic: "scenario/down" }] } },
      { control: Packet.UNSUBACK },
      { messages: 5 },
      LEAVE,
    ];
    await stage.start(client(stage, script));
    await stage.until("the subscription", () => stage.wire.received("suback").length === 1);
    const payloads = ["zero", "one", TEXT] as const;
    for (const QoS of [0, 1, 2] as const) await stage.publish("scenario/down", payloads[QoS], { QoS });
    await stage.publish("scenario/an/other", "granted less", { QoS: 2 });
    await stage.until("the end of a subscription", () => stage.wire.received("unsuback").length === 1);
    // Before the message that the client leaves after: what is still to be acknowledged then, it may drop.
    await stage.until("the acknowledgements", () => stage.wire.sent("pubcomp").length === 1);
    await stage.publish("scenario/down", "nobody listens", { QoS: 1 });
    await stage.publish("scenario/an/other", "last", { QoS: 0 });
    await stage.until("the client has left", () => stage.wire.sent("disconnect").length === 1);

    const flags = stage.client === "ours" ? "" : " retained? duplicate?";
    assert.deepEqual(
      stage.told.filter((line) => line.startsWith("message")),
      [
        `message scenario/down QoS 0${flags}: zero`,
        `message scenario/down QoS 1${flags}: one`,
        `message scenario/down QoS 2${flags}: ${TEXT}`,
        `message scenario/an/other QoS 0${flags}: granted less`,
        `message scenario/an/other QoS 0${flags}: last`,
      ],
    );
    assert.equal(stage.wire.sent("puback").length, 1);
    assert.equal(stage.wire.sent("pubrec").length, 1);
    assert.equal(stage.wire.sent("pubcomp").length, 1);
  },
};

const empty: Scenario = {
  name: "the client receives an empty message, and what follows it",
  play: async (stage) => {
    const items = [{ topic: "scenario/down", QoS: 0 }];
    const script: Step[] = [
      CONNECTED,
      { write: { operation: Packet.SUBSCRIBE, id: 7, items } },
      { control: Packet.SUBACK },
      { messages: 2 },
      LEAVE,
    ];
    await stage.start(client(stage, script));
    await stage.until("the subscription", () => stage.wire.received("suback").length === 1);
    await stage.publish("scenario/down", "", { QoS: 0 });
    await stage.publish("scenario/down", "next", { QoS: 0 });
    await stage.until("the client has left", () => stage.wire.sent("disconnect").length === 1, 10_000);
    const messages = stage.told.filter((line) => line.startsWith("message"));
    assert.deepEqual(
      messages.map((line) => line.replace(/.*: ?/, "")),
      ["", "next"],
    );
  },
};

const killed: Scenario = {
  name: "the broker publishes the will of a client that is killed",
  play: async (stage) => {
    const will = { topic: "scenario/will", message: "gone", QoS: 1, retain: false };
    await stage.start(client(stage, [CONNECTED], { will }));
    await stage.until("the connection", () => stage.wire.received("connack").length === 1);
    await stage.kill();
    await stage.until("the will", () => heardOn(stage, "scenario/will").length === 1);
    assert.deepEqual(heardOn(stage, "scenario/will"), ["gone"]);
  },
};

export const CLIENT_SCENARIOS: readonly Scenario[] = [
  connect,
  publishing(0),
  publishing(1),
  publishing(2),
  subscribe,
  empty,
  session,
  killed,
];
