import { describe, expect, it } from "@jest/globals";
import mqttPacket, { type Packet } from "mqtt-packet";
import type { Message, Subscription } from "../../firmware/links/inbox.js";
import { MQTTLink } from "../../firmware/links/mqtt-link.js";
import { Counters } from "../../firmware/monitor.js";
import { Outbox } from "../../firmware/outbox/outbox.js";
import type { MQTTClientClass } from "../../firmware/ports.js";
import { VirtualBoard, VirtualWiFi } from "../../host-sim/boards/virtual/board.js";
import { MemoryBroker, type Published } from "../../host-sim/world/memory-broker.js";
import { virtualNode } from "../support/node.js";

const TEMPERATURE = "home/livingroom/temperature";
const STATUS = "home/livingroom/status";

const sequences = (messages: readonly Published[]) =>
  messages.map(({ payload }) => JSON.parse(payload).seq as number);
const readings = (messages: readonly Published[]) => messages.filter(({ topic }) => topic === TEMPERATURE);

/** A link of its own, without a node around it: the test says when the sensor is there. */
function bareLink(subscriptions: readonly Subscription[] = []) {
  const board = new VirtualBoard({ now: 1_795_175_351_184 });
  const broker = new MemoryBroker();
  const outbox = new Outbox(16, 1);
  board.net.listen("10.0.0.1", 1883, broker.accept);
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
    origin: { epoch: "00000000", boot: 1 },
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
    diagnosticsPeriod: 60_000,
    diagnostics: () => "d".repeat(300),
    subscriptions,
  });
  return { board, broker, link, outbox };
}

describe("a link to a broker", () => {
  it("says nothing before the sensor is there, and announces itself as soon as it is", () => {
    const { board, broker, link } = bareLink();
    link.start(true);
    board.clock.run(3_000);
    expect(broker.clients).toHaveLength(1);
    expect(broker.published).toEqual([]);
    link.ready();
    board.clock.run(100);
    expect(broker.payloads(STATUS)).toEqual(["online"]);
  });

  it("announces itself once SUBACK has come, without a reading that would wake it", () => {
    const { board, broker, link } = bareLink([{ topic: "a", QoS: 1, onMessage: () => {} }]);
    link.ready();
    link.start(true);
    board.clock.run(3_000);
    expect(broker.payloads(STATUS)).toEqual(["online"]);
  });

  it("says no goodbye where it was not announced, and ends at once", () => {
    const { board, broker, link } = bareLink();
    link.start(true);
    board.clock.run(3_000);
    let stopped = 0;
    link.stop(() => stopped++);
    expect(stopped).toBe(1);
    board.clock.run(3_000);
    expect(broker.published).toEqual([]);
    expect(broker.log.at(-1)).toMatch(/:disconnect$/);
  });

  it("ends as soon as its goodbye is acknowledged", () => {
    const { board, link } = bareLink();
    link.ready();
    link.start(true);
    board.clock.run(3_000);
    let stopped = 0;
    link.stop(() => stopped++);
    board.clock.run(50);
    expect(stopped).toBe(1);
  });

  it("ends at once when the network goes during the goodbye, and does not begin again when it returns", () => {
    const { board, link } = bareLink();
    link.ready();
    link.start(true);
    board.clock.run(3_000);
    let stopped = 0;
    link.stop(() => stopped++);
    link.networkChanged(false);
    expect(stopped).toBe(1);
    link.networkChanged(true);
    board.clock.run(60_000);
    expect(board.net.connects).toBe(1);
    expect(board.net.connections).toBe(0);
  });

  it("closes its connection when the network goes", () => {
    const { board, link } = bareLink();
    link.start(true);
    board.clock.run(3_000);
    expect(board.net.connections).toBe(1);
    link.networkChanged(false);
    expect(board.net.connections).toBe(0);
  });

  it("goes on with what waits each time that a reading is acknowledged", () => {
    const { board, broker, link, outbox } = bareLink();
    for (let seq = 1; seq <= 10; seq++) outbox.append({ quantity: 0, value: seq, seq, time: 1, uptime: 1 });
    link.ready();
    link.start(true);
    board.clock.run(3_000);
    expect(sequences(readings(broker.published))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(outbox.size).toBe(0);
  });

  it("publishes diagnostics of any length", () => {
    const { board, broker, link } = bareLink();
    link.ready();
    link.start(true);
    board.clock.run(3_000);
    expect(broker.payloads("home/livingroom/diagnostics")).toEqual(["d".repeat(300)]);
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

  it("starts once", () => {
    const { board, broker, link } = bareLink();
    link.start(true);
    board.clock.run(3_000);
    link.start(true);
    board.clock.run(3_000);
    expect(board.net.connects).toBe(1);
    expect(broker.clients).toHaveLength(1);
  });

  it("announces with a retained birth message, and leaves a retained will", () => {
    const { board, broker, node } = virtualNode();
    node.start();
    board.clock.run(3_000);
    expect(broker.published[0]).toMatchObject({ topic: STATUS, payload: "online", qos: 1, retain: true });
    board.net.resetAll();
    expect(broker.published.at(-1)).toMatchObject({
      topic: STATUS,
      payload: "offline",
      qos: 1,
      retain: true,
    });
  });

  it("announces itself only after the first attempt to open the sensor, also when that failed", () => {
    const { board, broker, node, journal } = virtualNode({ sensor: "uart", uart: "x" });
    board.line.unplug();
    node.start();
    board.clock.run(3_000);
    expect(journal.warnings[0]).toContain("serial port");
    expect(broker.payloads(STATUS)).toEqual(["online"]);
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
    expect(ids.toSorted()).toEqual([1, 2, 3]);
  });

  it("never takes the acknowledgement of a dropped reading for another's", () => {
    const { board, broker, journal, node } = virtualNode({ window: 3, queue: 16, interval: 0 }, { seed: 3 });
    node.start();
    board.clock.run(2_500);
    broker.mute.add("puback");
    board.clock.run(19_000); // more readings than the queue holds: those under way are dropped
    const delivered = journal.lines.filter((line) => line.startsWith("delivered")).length;
    for (const id of [1, 2, 3]) broker.inject(broker.clients[0], Uint8Array.of(0x40, 2, 0, id));
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

  it("resolves the broker's name anew for each attempt", () => {
    const { board, broker, node } = virtualNode({ broker: "mqtt://broker.test" });
    board.net.name("broker.test", "10.0.0.9");
    node.start();
    board.clock.run(5_000);
    expect(broker.clients).toEqual([]);
    board.net.name("broker.test", "10.0.0.1");
    board.clock.run(60_000);
    expect(broker.clients).toHaveLength(1);
  });

  it("finds a black hole within one keep-alive while it publishes, and recovers", () => {
    const { board, broker, journal, node } = virtualNode({ keepalive: "10s" });
    node.start();
    board.clock.run(5_000);
    board.net.blackHole = true;
    board.clock.run(10_100);
    expect(journal.lostReasons).toHaveLength(1);
    board.net.blackHole = false;
    board.clock.run(60_000);
    expect(broker.clients).toHaveLength(1);
  });

  it("waits longer and longer while it is evicted again and again, as by a second device of its id", () => {
    const first = virtualNode({ id: "same" }, { seed: 1 });
    const { clock, net } = first.board;
    const second = virtualNode({ id: "same", topic: "home/other" }, { seed: 2, clock, net });
    net.listen("10.0.0.1", 1883, first.broker.accept);
    first.node.start();
    second.node.start();
    const attempts: number[] = [];
    for (let minute = 0; minute < 10; minute++) {
      const before = net.connects;
      clock.run(60_000);
      attempts.push(net.connects - before);
    }
    expect(attempts[0]).toBeLessThan(40);
    expect(attempts.slice(5).reduce((sum, count) => sum + count, 0) / 5).toBeLessThan(8);
  });

  it("waits for Wi-Fi without trying, samples meanwhile, and stops trying while it is gone", () => {
    const wifi = new VirtualWiFi();
    const { board, broker, node } = virtualNode({}, { wifi });
    node.start();
    board.clock.run(10_000);
    expect(board.net.connects).toBe(0);
    wifi.set(true);
    board.clock.run(3_000);
    expect(sequences(readings(broker.published)).length).toBeGreaterThan(9);
    wifi.set(false);
    const connects = board.net.connects;
    board.clock.run(120_000);
    expect(board.net.connects).toBe(connects);
    wifi.set(true);
    board.clock.run(3_000);
    expect(broker.clients).toHaveLength(1);
  });

  it("ends at once when it is not connected, and within a second when the broker does not answer", () => {
    const unconnected = virtualNode({ broker: "mqtt://10.0.0.7" });
    unconnected.node.start();
    unconnected.board.clock.run(5_000);
    let stopped = 0;
    unconnected.node.stop(() => stopped++);
    expect(stopped).toBe(1);
    unconnected.board.clock.run(120_000);
    expect(unconnected.board.net.connections).toBe(0);

    const silent = virtualNode();
    silent.node.start();
    silent.board.clock.run(5_000);
    silent.board.net.blackHole = true;
    silent.node.stop(() => stopped++);
    silent.board.clock.run(1_000);
    expect(stopped).toBe(2);
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

  it.each([0x7fff_ffff - 60_000, -60_000])("runs through a wrap of the ticks at %d", (ticks) => {
    const { board, broker, journal, node } = virtualNode({ heartbeat: "30s", deadband: 50 }, { ticks });
    node.start();
    board.clock.run(300_000);
    expect(journal.lostReasons).toEqual([]);
    const times = readings(broker.published).map(({ payload }) => JSON.parse(payload).time as number);
    expect(times.length).toBeGreaterThanOrEqual(10);
    expect(times.slice(1).every((time, index) => time - times[index] <= 31_000)).toBe(true);
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

  it("announces itself again after each reconnect", () => {
    const { board, broker, node } = virtualNode();
    node.start();
    board.clock.run(3_000);
    board.net.resetAll();
    board.clock.run(5_000);
    expect(broker.payloads(STATUS)).toEqual(["online", "offline", "online"]);
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

  it("begins at a random moment within its spread, and after a return of the network within a second", () => {
    const moments = (settings: object, prepare: (wifi: VirtualWiFi) => void) =>
      Array.from({ length: 8 }, (_, seed) => {
        const wifi = new VirtualWiFi();
        const { board, node } = virtualNode({ ...settings }, { seed: seed + 1, wifi });
        node.start();
        board.clock.run(10);
        prepare(wifi);
        const from = board.clock.elapsed;
        board.clock.runUntil(() => board.net.connects === 1);
        return board.clock.elapsed - from;
      });
    const back = moments({}, (wifi) => wifi.set(true));
    expect(new Set(back).size).toBeGreaterThan(5);
    expect(Math.max(...back)).toBeLessThan(1_010);
    const spread = Array.from({ length: 8 }, (_, seed) => {
      const { board, node } = virtualNode({ spread: "60s" }, { seed: seed + 1 });
      node.start();
      board.clock.runUntil(() => board.net.connects === 1);
      return board.clock.elapsed;
    });
    expect(new Set(spread).size).toBeGreaterThan(5);
    expect(Math.max(...spread)).toBeGreaterThan(20_000);
    expect(Math.max(...spread)).toBeLessThan(60_010);
  });

  it("keeps a connection on which acknowledgements are slow", () => {
    const { board, broker, journal, node } = virtualNode({ interval: "17s" });
    broker.mute.add("puback");
    broker.onPublish = ({ topic, messageId }) => {
      if (topic !== TEMPERATURE) return;
      board.timer.set(
        () => broker.inject(broker.clients[0], Uint8Array.of(0x40, 2, 0, messageId as number)),
        15_000,
      );
    };
    node.start();
    board.clock.run(300_000);
    expect(journal.lostReasons).toEqual([]);
  });

  it("returns within a second each time that a connection of some length is lost", () => {
    const { board, broker, journal, node } = virtualNode();
    node.start();
    for (let i = 0; i < 8; i++) {
      board.clock.runUntil(() => broker.clients.length === 1);
      board.clock.run(31_000);
      board.net.resetAll();
    }
    expect(journal.retries).toHaveLength(8);
    expect(Math.max(...journal.retries)).toBeLessThan(1_000);
  });

  it("waits longer and longer while the broker stays away, also after a connection that lasted", () => {
    const { board, broker, journal, node } = virtualNode();
    node.start();
    board.clock.run(60_000);
    board.net.listen("10.0.0.1", 1883, undefined);
    board.net.resetAll();
    board.clock.run(600_000);
    expect(broker.clients).toEqual([]);
    expect(Math.max(...journal.retries)).toBeGreaterThan(20_000);
    expect(Math.max(...journal.retries)).toBeLessThan(60_000);
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

  it("tries again when the client cannot even be made", () => {
    const client = class {
      constructor() {
        throw new Error("no memory");
      }
    } as unknown as MQTTClientClass;
    const { board, journal, node } = virtualNode({}, { client });
    node.start();
    board.clock.run(60_000);
    expect(journal.lostReasons.length).toBeGreaterThan(2);
    expect(new Set(journal.lostReasons)).toEqual(new Set(["no memory"]));
  });

  it("shows the broker its user and password", () => {
    const { board, node } = virtualNode({ broker: "mqtt://me:secret@10.0.0.1" });
    const packets: Packet[] = [];
    board.net.listen("10.0.0.1", 1883, (peer) => {
      const parser = mqttPacket.parser({ protocolVersion: 4 });
      parser.on("packet", (packet) => packets.push(packet));
      peer.onData = (bytes) => parser.parse(Buffer.from(bytes));
    });
    node.start();
    board.clock.run(5_000);
    expect(packets[0]).toMatchObject({ cmd: "connect", username: "me", password: Buffer.from("secret") });
  });

  it("ends in silence when the connection fails during the goodbye", () => {
    const { board, journal, node } = virtualNode();
    node.start();
    board.clock.run(5_000);
    let stopped = 0;
    node.stop(() => stopped++);
    board.net.resetAll();
    board.clock.run(60_000);
    expect(stopped).toBe(1);
    expect(journal.lostReasons).toEqual([]);
    expect(board.net.connections).toBe(0);
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
