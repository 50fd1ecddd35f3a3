import { describe, expect, it } from "@jest/globals";
import { VirtualWiFi } from "../../host-sim/boards/virtual/board.js";
import { bareLink, readings, STATUS, sequences, TEMPERATURE } from "../support/link.js";
import { virtualNode } from "../support/node.js";
import { readingOf } from "../support/outbox.js";

describe("what a link delivers", () => {
  it("goes on with what waits each time that a reading is acknowledged", () => {
    const { board, broker, link, outbox } = bareLink();
    for (let seq = 1; seq <= 10; seq++) outbox.append({ ...readingOf(seq), quantity: 0 });
    link.ready();
    link.start(true);
    board.clock.run(3_000);
    expect(sequences(readings(broker.published))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(outbox.size).toBe(0);
  });

  it("publishes live readings at QoS 1, retained, in the contract's form", () => {
    const { board, broker, node } = virtualNode();
    node.start();
    board.clock.run(5_000);
    const [first] = readings(broker.published);
    expect(first).toMatchObject({ qos: 1, retain: true, dup: false });
    expect(first.payload).toMatch(/^\{"temperature":[\d.]+,"time":\d{13},"seq":1,"epoch":"[0-9a-f]{8}"\}$/);
  });

  it("sends what waited through an outage as late and not retained, before the live ones, in order", () => {
    const { board, broker, node } = virtualNode();
    node.start();
    board.clock.run(5_000);
    board.net.listen("10.0.0.1", 1883, undefined);
    board.net.resetAll();
    const before = readings(broker.published).length;
    board.clock.run(20_000);
    board.net.listen("10.0.0.1", 1883, broker.accept);
    board.clock.run(90_000);
    const all = readings(broker.published);
    const late = all.filter(({ payload }) => payload.includes('"late":true'));
    expect(late.length).toBeGreaterThanOrEqual(18);
    expect(late.every(({ retain }) => !retain)).toBe(true);
    expect(sequences(all.slice(before))).toEqual(sequences(all.slice(before)).toSorted((a, b) => a - b));
    expect(new Set(sequences(all))).toEqual(new Set(Array.from({ length: all.length }, (_, i) => i + 1)));
    expect(JSON.parse(late[0].payload).time).toBeLessThan(board.clock.now() as number);
  });

  it("with plain payload publishes the number alone, and late ones as JSON to history", () => {
    const { board, broker, node } = virtualNode({ payload: "plain" });
    broker.returnCode = 3;
    node.start();
    board.clock.run(4_000);
    broker.returnCode = 0;
    board.clock.run(30_000);
    expect(broker.payloads(TEMPERATURE).length).toBeGreaterThan(0);
    expect(broker.payloads(TEMPERATURE).every((payload) => /^-?\d+(\.\d+)?$/.test(payload))).toBe(true);
    const history = broker.payloads("home/livingroom/history");
    expect(history.length).toBeGreaterThan(2);
    expect(JSON.parse(history[0])).toMatchObject({ seq: 1, late: true });
  });

  it("sends what was under way again with DUP and its own id when the session is still there", () => {
    const { board, broker, node } = virtualNode({ window: 4 });
    node.start();
    board.clock.run(3_000);
    board.net.resetAll(); // the first connection has a clean session
    board.clock.runUntil(() => broker.clients.length === 1);
    board.clock.run(2_000);
    broker.mute.add("puback");
    board.clock.run(3_000);
    const under = readings(broker.published).slice(-3);
    board.net.resetAll();
    broker.mute.clear();
    const before = broker.published.length;
    board.clock.runUntil(() => broker.clients.length === 1);
    board.clock.run(500);
    const again = readings(broker.published.slice(before)).filter(({ dup }) => dup);
    expect(again.map(({ payload, messageId }) => [payload, messageId])).toEqual(
      expect.arrayContaining(under.map(({ payload, messageId }) => [payload, messageId])),
    );
  });

  it("sends what was under way anew, without DUP, when the broker has forgotten the session", () => {
    const { board, broker, node } = virtualNode({ window: 4 });
    node.start();
    board.clock.run(3_000);
    broker.mute.add("puback");
    board.clock.run(2_000);
    broker.forgetSessions();
    board.net.resetAll();
    broker.mute.clear();
    const before = broker.published.length;
    board.clock.runUntil(() => broker.clients.length === 1);
    board.clock.run(500);
    const again = readings(broker.published.slice(before));
    expect(again.length).toBeGreaterThanOrEqual(2);
    expect(again.some(({ dup }) => dup)).toBe(false);
  });

  it("keeps at most a window of readings under way, and no identifier twice", () => {
    const { board, broker, node } = virtualNode({ window: 3, queue: 16, interval: 0 });
    node.start();
    broker.mute.add("puback");
    board.clock.run(15_000);
    const ids = readings(broker.published).map(({ messageId }) => messageId);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(3);
  });

  it("never takes the acknowledgement of a dropped reading for another's", () => {
    const { board, broker, journal, node } = virtualNode({ window: 3, queue: 16, interval: 0 }, { seed: 3 });
    node.start();
    board.clock.run(2_500);
    broker.mute.add("puback");
    board.clock.run(19_000); // more readings than the queue holds: those under way are dropped
    const delivered = journal.lines.filter((line) => line.startsWith("delivered")).length;
    const ids = readings(broker.published).map(({ messageId }) => messageId as number);
    for (const id of ids.slice(-3)) broker.inject(broker.clients[0], Uint8Array.of(0x40, 2, id >> 8, id));
    board.clock.run(20);
    expect(journal.lines.filter((line) => line.startsWith("delivered"))).toHaveLength(delivered);
    broker.mute.clear();
    board.clock.run(1_000);
    const published = new Set(sequences(readings(broker.published)));
    for (const line of journal.lines.filter((entry) => entry.startsWith("delivered")).slice(delivered)) {
      expect(published.has(Number(line.split(" ")[1]))).toBe(true);
    }
  });

  it("gives a connection up on which readings are not acknowledged, and delivers them on the next", () => {
    const { board, broker, journal, node } = virtualNode();
    node.start();
    board.clock.run(3_000);
    broker.mute.add("puback");
    board.clock.run(45_000);
    expect(journal.lostReasons).toContain("the broker does not acknowledge readings");
    broker.mute.clear();
    board.clock.run(60_000);
    const seen = new Set(sequences(readings(broker.published)));
    expect(seen.size).toBe(Math.max(...seen));
  });

  it("marks readings while the clock is not set with uptime and boot instead of a time", () => {
    const { board, broker, node } = virtualNode();
    board.clock.setNow(undefined);
    node.start();
    board.clock.run(5_000);
    const [first] = readings(broker.published);
    expect(JSON.parse(first.payload)).toMatchObject({ uptime: expect.any(Number), boot: 1 });
    expect(first.payload).not.toContain('"time"');
  });

  it("takes up no second connection, and sends nothing twice, when it is told again that the network is there", () => {
    const wifi = new VirtualWiFi();
    const { board, broker, node } = virtualNode({ spread: 0 }, { wifi });
    node.start();
    wifi.set(true);
    board.clock.runUntil(() => board.net.connects === 1);
    wifi.set(true);
    board.clock.run(3_000);
    wifi.set(true);
    board.clock.run(3_000);
    expect(board.net.connects).toBe(1);
    expect(broker.payloads(STATUS)).toEqual(["online"]);
  });

  it("delivers more than fits into the socket at once, on one connection", () => {
    const { board, broker, journal, node } = virtualNode({ queue: 200 }, { window: 64 });
    broker.returnCode = 3;
    node.start();
    board.clock.run(150_000);
    broker.returnCode = 0;
    const before = journal.lostReasons.length;
    board.clock.runUntil(() => broker.clients.length === 1);
    board.clock.run(5_000);
    expect(journal.lostReasons).toHaveLength(before);
    const seen = sequences(readings(broker.published));
    expect(seen.length).toBeGreaterThan(150);
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => index + 1));
  });

  it("is not led astray by acknowledgements that it does not await", () => {
    const { board, broker, journal, node } = virtualNode();
    node.start();
    board.clock.run(3_000);
    for (const packet of [
      [0x40, 2, 0, 0xff], // PUBACK of an identifier beyond the window
      [0x40, 2, 0, 1], // of one that is free
      [0x40, 2, 0xff, 0x03], // of a goodbye that was not said
      [0x90, 3, 0xff, 0x01, 0], // SUBACK of what was not subscribed
    ])
      broker.inject(broker.clients[0], Uint8Array.from(packet));
    board.clock.run(10_000);
    expect(journal.lostReasons).toEqual([]);
    const links = journal.lines.filter((line) => line.startsWith("link"));
    expect(new Set(links).size).toBe(links.length);
    const seen = sequences(readings(broker.published));
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => index + 1));
    expect(seen.length).toBeGreaterThanOrEqual(12);
  });
});
