import { describe, expect, it } from "@jest/globals";
import mqttPacket, { type Packet } from "mqtt-packet";
import type { Message, Subscription } from "../../firmware/links/inbox.js";
import { bareLink } from "../support/link.js";
import { virtualNode } from "../support/node.js";

describe("subscriptions and diagnostics of a link", () => {
  it("is silent about messages that it did not ask for, and tells once of a topic whose messages are too long", () => {
    const { board, broker, journal, node } = virtualNode(
      {},
      { subscriptions: [{ topic: "home/x", QoS: 1, onMessage: () => {} }] },
    );
    node.start();
    board.clock.run(3_000);
    const publish = (topic: string, payload: string) => {
      const packet: Packet = { cmd: "publish", topic, payload, qos: 0, retain: false, dup: false };
      broker.inject(broker.clients[0], new Uint8Array(mqttPacket.generate(packet)));
    };
    for (let i = 0; i < 5; i++) {
      publish("somebody/else", "x".repeat(10));
      publish("somebody/else", "x".repeat(2_000));
      publish("home/x", "x".repeat(2_000));
    }
    board.clock.run(1_000);
    expect(journal.warnings).toEqual(["a message of more than 1024 bytes to home/x is ignored"]);
  });

  it("publishes diagnostics of any length", () => {
    const { board, broker, link } = bareLink();
    link.ready();
    link.start(true);
    board.clock.run(3_000);
    expect(broker.payloads("home/livingroom/diagnostics")).toEqual(["d".repeat(300)]);
  });

  it("tells of each state and answer that the broker has acknowledged, and not of its own birth and goodbye", () => {
    const state = { topic: "home/livingroom/state", text: () => "on" };
    const { board, broker, link, postbox, delivered } = bareLink([], [state]);
    link.ready();
    broker.mute.add("puback");
    link.start(true);
    board.clock.run(1_000);
    expect(broker.payloads(state.topic)).toEqual(["on"]);
    expect(delivered).toEqual([]);
    broker.mute.delete("puback");
    const acknowledge = (messageId: number) => {
      broker.inject("bare", new Uint8Array(mqttPacket.generate({ cmd: "puback", messageId })));
      board.clock.run(10);
    };
    // Its birth, and what nobody has sent.
    acknowledge(0xff02);
    acknowledge(0xff50);
    acknowledge(0xff11);
    expect(delivered).toEqual([]);
    acknowledge(0xff10);
    expect(delivered).toEqual([false]);
    postbox.answer("home/livingroom/answer", "done");
    board.clock.run(10);
    expect(delivered).toEqual([false, false]);
    link.stop(() => {});
    board.clock.run(2_000);
    expect(broker.payloads("home/livingroom/status")).toEqual(["online", "offline"]);
    expect(delivered).toEqual([false, false]);
  });

  it("hands a message to the subscription of its topic alone, with its QoS", () => {
    const got: unknown[] = [];
    const subscription = (topic: string): Subscription => ({
      topic,
      QoS: 1,
      onMessage: (message) => got.push([topic, message.topic, message.QoS]),
    });
    const { board, broker, link } = bareLink([subscription("a"), subscription("b")]);
    link.start(true);
    board.clock.run(3_000);
    broker.publish("b", "x", 1);
    broker.publish("a", "x", 0);
    board.clock.run(100);
    expect(got).toEqual([
      ["b", "b", 1],
      ["a", "a", 0],
    ]);
  });

  it("gives a connection up on which SUBSCRIBE is not answered", () => {
    const { board, broker, journal, node } = virtualNode(
      {},
      { subscriptions: [{ topic: "a", QoS: 1, onMessage: () => {} }] },
    );
    broker.mute.add("suback");
    node.start();
    board.clock.run(25_000);
    expect(journal.lostReasons[0]).toBe("the broker does not answer SUBSCRIBE");
  });

  it("subscribes again after a reconnect unless the session is present", () => {
    const { board, broker, node } = virtualNode(
      {},
      { subscriptions: [{ topic: "home/x", QoS: 1, onMessage: () => {} }] },
    );
    const subscribes = () => broker.log.filter((line) => line.endsWith(":subscribe")).length;
    const reconnect = () => {
      board.net.resetAll();
      board.clock.runUntil(() => broker.clients.length === 1);
      board.clock.run(1_000);
    };
    node.start();
    board.clock.run(3_000);
    expect(subscribes()).toBe(1);
    reconnect(); // a clean session first, then a kept one
    expect(subscribes()).toBe(2);
    reconnect(); // present
    expect(subscribes()).toBe(2);
    broker.forgetSessions();
    reconnect();
    expect(subscribes()).toBe(3);
  });

  it.each(["connack", "subscribe"])(
    "subscribes again in a session that was begun by an attempt which ended without its %s",
    (packet) => {
      const { board, broker, node } = virtualNode(
        {},
        { subscriptions: [{ topic: "home/x", QoS: 1, onMessage: () => {} }] },
      );
      node.start();
      board.clock.run(3_000);
      broker.mute.add(packet);
      board.net.resetAll();
      board.clock.run(20_000);
      broker.mute.clear();
      board.clock.run(60_000);
      expect(broker.filters(broker.clients[0])).toEqual([
        "home/livingroom/command",
        "home/livingroom/update",
        "home/x",
      ]);
      expect(broker.log.filter((line) => line.endsWith(":subscribe")).length).toBeGreaterThan(1);
    },
  );

  it("subscribes again where the broker has lost the session, and an attempt without CONNACK has begun another", () => {
    const { board, broker, node } = virtualNode(
      {},
      { subscriptions: [{ topic: "home/x", QoS: 1, onMessage: () => {} }] },
    );
    node.start();
    board.clock.run(3_000);
    board.net.resetAll();
    board.clock.run(10_000); // the session is kept from now on
    broker.forgetSessions();
    broker.mute.add("connack");
    board.net.resetAll();
    board.clock.run(20_000);
    broker.mute.clear();
    board.clock.run(60_000);
    expect(broker.filters(broker.clients[0])).toEqual([
      "home/livingroom/command",
      "home/livingroom/update",
      "home/x",
    ]);
  });

  it("hands over messages to a subscription with their retain flag, and ignores one that is too long", () => {
    const messages: [string, boolean | undefined][] = [];
    const onMessage = ({ payload, retain }: Message) => {
      messages.push([new TextDecoder().decode(payload), retain]);
    };
    const { board, broker, journal, node } = virtualNode(
      {},
      { subscriptions: [{ topic: "home/x", QoS: 1, onMessage }] },
    );
    broker.publish("home/x", "stored", 1, true);
    node.start();
    board.clock.run(3_000);
    broker.publish("home/x", "fresh", 1);
    broker.publish("home/x", "x".repeat(1_025), 1);
    broker.publish("home/x", "", 1);
    broker.publish("home/x", "y".repeat(1_024), 1);
    board.clock.run(3_000);
    expect(messages).toEqual([
      ["stored", true],
      ["fresh", false],
      ["", false],
      ["y".repeat(1_024), false],
    ]);
    expect(journal.warnings).toEqual(["a message of more than 1024 bytes to home/x is ignored"]);
  });

  it("publishes diagnostics when it has connected, and then at their pace", () => {
    const { board, broker, node } = virtualNode({ diagnostics: "10s" });
    node.start();
    board.clock.run(35_000);
    const diagnostics = broker.payloads("home/livingroom/diagnostics").map((payload) => JSON.parse(payload));
    expect(diagnostics).toHaveLength(4);
    expect(diagnostics[3]).toMatchObject({ boot: 1, dropped: 0, reconnects: 0, rejected: 0 });
    expect(diagnostics[3].uptime - diagnostics[2].uptime).toBe(10_000);
  });

  it("keeps the pace of its diagnostics over reconnects, and counts those", () => {
    const { board, broker, node } = virtualNode({ diagnostics: "10s", spread: 0 });
    node.start();
    board.clock.run(5_000);
    for (let i = 0; i < 3; i++) {
      board.net.resetAll();
      board.clock.runUntil(() => broker.clients.length === 1);
      board.clock.run(1_000);
    }
    const all = () => broker.payloads("home/livingroom/diagnostics").map((payload) => JSON.parse(payload));
    const before = all().length;
    board.clock.run(30_000);
    expect(all().length - before).toBe(3);
    expect(all().at(-1)).toMatchObject({ reconnects: 3, waiting: expect.any(Number) });
  });
});
