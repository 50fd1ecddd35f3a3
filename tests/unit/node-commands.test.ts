import { describe, expect, it } from "@jest/globals";
import { sensorEntry } from "../../firmware/sensors/entry.js";
import { VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { LIGHT } from "../../host-sim/chips/hardware.js";
import { MemoryBroker } from "../../host-sim/world/memory-broker.js";
import { bootedNode, NOW } from "../support/climate.js";
import { HidingClient } from "../support/hiding-client.js";
import { MemoryStorage } from "../support/memory-storage.js";

const BASE = "home/livingroom";

/** A node whose sensor measures 20 °C twice a second. */
function sensorNode(
  image: Readonly<Record<string, unknown>> = {},
  options: Parameters<typeof bootedNode>[1] = {},
  broker = new MemoryBroker(),
) {
  const steady = sensorEntry(
    class {
      sample(): object {
        return { temperature: 20 };
      }
      close(): void {}
    },
    {},
    { minimum: -40, maximum: 125, period: 500, quantities: 1 },
  );
  const parts = bootedNode(
    { sensor: "steady", interval: "10s", ...image },
    { sensors: { steady: () => steady }, ...options },
    { broker },
  );
  const node = parts.make();
  node.start();
  const { board } = parts;
  board.clock.run(3_000);
  const values = () =>
    broker
      .payloads(`${BASE}/temperature`)
      .map((text) => (JSON.parse(text) as { temperature: number }).temperature);
  return Object.assign(parts, {
    node,
    values,
    /** Publishes a command as it is. */
    send: (payload: string) => {
      broker.publish(`${BASE}/command`, payload, 1);
      board.clock.run(1_000);
      return parts.replies(BASE).at(-1);
    },
    /** With time and time to live. */
    command: (fields: object) => {
      const time = NOW + board.clock.elapsed;
      broker.publish(`${BASE}/command`, JSON.stringify({ time, ttl: 30, ...fields }), 1);
      board.clock.run(1_000);
      return parts.replies(BASE).at(-1);
    },
    /** Readings in the next so many milliseconds. */
    countIn: (milliseconds: number) => {
      const before = values().length;
      board.clock.run(milliseconds);
      return values().length - before;
    },
  });
}

describe("a command to a node", () => {
  it("changes the interval, shorter and longer, from now on", () => {
    const { command, countIn } = sensorNode();
    expect(countIn(60_000)).toBe(6);
    expect(command({ id: "1", command: "interval", value: "2s" })).toEqual({ id: "1", outcome: "done" });
    expect(countIn(60_000)).toBe(30);
    expect(command({ id: "2", command: "interval", value: 30_000 })).toEqual({ id: "2", outcome: "done" });
    // The sample that was due comes first, and is not reported.
    const count = countIn(600_000);
    expect([19, 20]).toContain(count);
  });

  it("makes a node that sleeps for a day wake up at once", () => {
    const { command, countIn } = sensorNode({ interval: "1d" });
    expect(countIn(3_600_000)).toBe(0);
    command({ id: "1", command: "interval", value: "5s" });
    expect(countIn(60_000)).toBeGreaterThanOrEqual(11);
  });

  it("gives its watchdog patience anew: what was silent by intent was no silence", () => {
    const { command, restarts, board, countIn, journal } = sensorNode({ interval: "1d" });
    board.clock.run(20 * 3_600_000 + 9_500);
    expect(command({ id: "1", command: "interval", value: "30s" })).toMatchObject({ outcome: "done" });
    expect(countIn(3_600_000)).toBeGreaterThan(100);
    expect([restarts, journal.warnings]).toEqual([[], []]);
  });

  it("changes the interval and leaves filters as they are", () => {
    const values = [10, 20, 20, 20, 20, 20];
    const filtered = (change: boolean) => {
      const rising = sensorEntry(
        class {
          sample(): object {
            return { temperature: values.shift() ?? 20 };
          }
          close(): void {}
        },
        {},
        { minimum: -40, maximum: 125, period: 500, quantities: 1 },
      );
      values.splice(0, values.length, 10, 10, 10, 20);
      const node = sensorNode(
        { sensor: "rising", smoothing: 0.01, interval: "1s" },
        { sensors: { rising: () => rising } },
      );
      if (change) node.command({ id: "1", command: "interval", value: "2s" });
      node.board.clock.run(3_000);
      return node.values().at(-1) as number;
    };
    expect(filtered(false)).toBeLessThan(12);
    expect(filtered(true)).toBeLessThan(12);
  });

  it("keeps the interval over a restart, until an image brings another one than it had", () => {
    const { command, storage, board } = sensorNode();
    command({ id: "1", command: "interval", value: "2s" });
    board.powerOff();
    expect(sensorNode({}, { storage }).countIn(60_000)).toBe(30);
    expect(sensorNode({ interval: "20s" }, { storage }).countIn(60_000)).toBe(3);
  });

  it("goes back to what the image says on reset", () => {
    const { command, countIn, values, board } = sensorNode();
    command({ id: "1", command: "interval", value: "2s" });
    command({ id: "2", command: "calibration", offset: 1 });
    expect(command({ id: "3", command: "reset" })).toEqual({ id: "3", outcome: "done" });
    board.clock.run(20_000);
    expect(countIn(60_000)).toBe(6);
    expect(values().at(-1)).toBe(20);
  });

  it("refuses an interval that would wear the flash out, and one that is none", () => {
    const flash = Object.assign(new VirtualFlash(224), { endurance: 10_000 });
    const { command, countIn } = sensorNode({}, { flash });
    for (const value of ["100ms", "1.1s"]) {
      expect(command({ id: value, command: "interval", value })).toMatchObject({
        outcome: "refused",
        reason: expect.stringMatching(/would wear the flash out within ten years: allowed is 1200ms or more/),
      });
    }
    expect(command({ id: "good", command: "interval", value: "1.2s" })).toMatchObject({ outcome: "done" });
    expect(countIn(12_000)).toBeGreaterThan(7);
    for (const value of ["soon", -1, "2d", null, {}, "", 1.5, Number.MAX_VALUE]) {
      const reply = command({ id: `x${String(value)}`, command: "interval", value });
      expect(reply).toMatchObject({ outcome: "refused", reason: expect.stringMatching(/allowed is/) });
    }
    expect(command({ id: "none", command: "interval" })).toMatchObject({
      outcome: "refused",
      reason: expect.stringMatching(/"value" is missing/),
    });
    expect(countIn(12_000)).toBeGreaterThan(7);
  });

  it("goes back on reset no further than the flash allows before the next start", () => {
    const storage = new MemoryStorage();
    const image = { interval: "500ms", durability: "always" };
    const flash = Object.assign(new VirtualFlash(224), { endurance: 10_000 });
    storage.values.set("changed", '{"interval":[10000,"500ms"]}');
    const { command, countIn } = sensorNode(image, { storage, flash });
    expect(command({ id: "1", command: "reset" })).toEqual({ id: "1", outcome: "done" });
    countIn(5_000);
    expect(countIn(60_000)).toBeLessThanOrEqual(50);
  });

  it("takes any interval where the part is not fast enough to wear the flash out", () => {
    const slow = sensorEntry(
      class {
        sample(): object {
          return { temperature: 20 };
        }
        close(): void {}
      },
      {},
      { minimum: -40, maximum: 125, period: 2_000, quantities: 1 },
    );
    const flash = Object.assign(new VirtualFlash(224), { endurance: 10_000 });
    const { command, journal } = sensorNode(
      { sensor: "slow", interval: "100ms" },
      { flash, sensors: { slow: () => slow } },
    );
    expect(command({ id: "1", command: "interval", value: "200ms" })).toMatchObject({ outcome: "done" });
    expect(journal.warnings).toEqual([]);
  });

  it("takes any interval where the flash does not wear", () => {
    const { command } = sensorNode({}, { flash: new VirtualFlash(224) });
    expect(command({ id: "1", command: "interval", value: "100ms" })).toMatchObject({ outcome: "done" });
  });

  it("takes any interval where readings are not stored one by one", () => {
    const flash = Object.assign(new VirtualFlash(224), { endurance: 10_000 });
    const { command } = sensorNode({ durability: "outage" }, { flash });
    expect(command({ id: "1", command: "interval", value: "100ms" })).toMatchObject({ outcome: "done" });
  });

  it("is known again by the ids of the last sixteen", () => {
    const { send } = sensorNode();
    const interval = (id: string) => send(JSON.stringify({ id, command: "interval", value: "2s" }));
    for (let i = 0; i < 17; i++) expect(interval(`i${i}`)).toMatchObject({ outcome: "done" });
    expect(interval("i1")).toMatchObject({ id: "i1", outcome: "refused" });
    expect(interval("i16")).toMatchObject({ id: "i16", outcome: "refused" });
    expect(interval("i0")).toMatchObject({ id: "i0", outcome: "done" });
  });

  it("calibrates with an offset, with two points, with both, and takes points away", () => {
    const { command, values, board } = sensorNode({ interval: "1s" });
    const calibrated = (fields: object) => {
      expect(command({ id: JSON.stringify(fields), command: "calibration", ...fields })).toMatchObject({
        outcome: "done",
      });
      board.clock.run(2_000);
      return values().at(-1);
    };
    expect(calibrated({ offset: -0.5 })).toBe(19.5);
    expect(calibrated({ twopoint: "0,0,40,44" })).toBe(21.5);
    expect(calibrated({ offset: 0 })).toBe(22);
    expect(calibrated({ twopoint: "" })).toBe(20);
    expect(calibrated({ offset: 2, twopoint: "0,1,10,11" })).toBe(23);
  });

  it("keeps a calibration over a restart", () => {
    const { command, storage, board } = sensorNode({ interval: "1s", twopoint: "0,0,40,44" });
    command({ id: "1", command: "calibration", offset: 3, twopoint: "" });
    board.powerOff();
    expect(sensorNode({ interval: "1s", twopoint: "0,0,40,44" }, { storage }).values().at(-1)).toBe(23);
  });

  it.each<[string, object]>([
    ["nothing", {}],
    ["an offset that is none", { offset: "much" }],
    ["an offset out of range", { offset: 51 }],
    ["an offset that is null", { offset: null }],
    ["two points that are one", { twopoint: "1,2,1,3" }],
    ["points that are no text", { twopoint: [0, 0, 40, 44] }],
    ["a good offset with bad points", { offset: 1, twopoint: "1,2,3" }],
  ])("refuses to calibrate with %s, and changes nothing", (_what, fields) => {
    const { command, values, board, storage } = sensorNode({ interval: "1s" });
    expect(command({ id: "1", command: "calibration", ...fields })).toMatchObject({ outcome: "refused" });
    board.clock.run(2_000);
    expect(values().at(-1)).toBe(20);
    expect(storage.read("changed")).toBeUndefined();
  });

  it("lets its light blink for ten seconds on identify", () => {
    const { command, board, journal } = sensorNode();
    const lit: number[] = [];
    expect(command({ id: "1", command: "identify" })).toEqual({ id: "1", outcome: "done" });
    for (let i = 0; i < 60; i++) {
      lit.push(board.light.level(LIGHT) ?? 0);
      board.clock.run(250);
    }
    expect(lit.filter((level) => level === 1).length).toBeGreaterThan(15);
    expect(lit.slice(40)).toEqual(lit.slice(40).map(() => 0));
    expect(journal.notes.at(-1)).toMatch(/^this is hearth-020000000001: /);
  });

  it("has no light to identify itself with where there is none", () => {
    const { command } = sensorNode({}, { outputs: {} });
    expect(command({ id: "1", command: "identify" })).toMatchObject({
      outcome: "refused",
      reason: expect.stringMatching(/no light/),
    });
  });

  it("restarts with an answer and a goodbye, and not again for the same command", () => {
    const { broker, restarts, storage, board, send } = sensorNode();
    const order: string[] = [];
    const time = NOW + board.clock.elapsed;
    const repeated = JSON.stringify({ id: "r1", command: "restart", time, ttl: 60 });
    expect(send(repeated)).toEqual({ id: "r1", outcome: "done" });
    board.clock.run(2_000);
    for (const { topic, payload } of broker.published) {
      if (topic.endsWith("/reply")) order.push(JSON.parse(payload).outcome);
      if (topic.endsWith("/status")) order.push(payload);
    }
    expect(order).toEqual(["online", "done", "offline"]);
    expect(restarts).toEqual(["software"]);
    board.powerOff();
    const again = sensorNode({}, { storage });
    expect(again.send(repeated)).toMatchObject({
      id: "r1",
      outcome: "refused",
      reason: expect.stringMatching(/^repeated/),
    });
    again.board.clock.run(5_000);
    expect(again.restarts).toEqual([]);
    expect(again.command({ id: "r2", command: "restart" })).toEqual({ id: "r2", outcome: "done" });
    again.board.clock.run(5_000);
    expect(again.restarts).toEqual(["software"]);
  });

  it("restarts once, however many commands say so, and writes one id", () => {
    const { broker, restarts, storage, board, replies } = sensorNode();
    const time = NOW + board.clock.elapsed;
    for (let i = 0; i < 40; i++) {
      broker.publish(
        `${BASE}/command`,
        JSON.stringify({ id: `r${i}`, command: "restart", time, ttl: 60 }),
        1,
      );
      board.clock.run(50);
    }
    expect(restarts).toEqual(["software"]);
    expect((storage as MemoryStorage).writesOf("command")).toHaveLength(1);
    expect(replies(BASE)[0]).toEqual({ id: "r0", outcome: "done" });
    expect(replies(BASE)[1]).toEqual({ id: "r1", outcome: "refused", reason: "the device ends already" });
  });

  it("is refused a restart by a device that says goodbye", () => {
    const { broker, restarts, board, node, storage } = sensorNode();
    broker.mute.add("puback");
    node.stop(() => {});
    const time = NOW + board.clock.elapsed;
    broker.publish(`${BASE}/command`, JSON.stringify({ id: "a", command: "restart", time, ttl: 60 }), 1);
    board.clock.run(10_000);
    expect([restarts, storage.read("command")]).toEqual([[], undefined]);
  });

  it("leaves no light burning, nor blinking, at the end", () => {
    const { command, board, node } = sensorNode();
    command({ id: "1", command: "identify" });
    while (board.light.level(LIGHT) !== 1) board.clock.run(50);
    node.stop(() => {});
    board.clock.run(5_000);
    expect(board.light.level(LIGHT)).toBe(0);
    // The timer of the hardware watchdog.
    expect(board.clock.pending).toBe(1);
  });

  it("does not restart a device that cannot", () => {
    const { command } = sensorNode({}, { onReset: undefined } as object);
    expect(command({ id: "1", command: "restart" })).toEqual({
      id: "1",
      outcome: "refused",
      reason: "this device cannot restart itself",
    });
  });

  it("does not restart a device that someone ends", () => {
    const { broker, restarts, board, node } = sensorNode();
    const time = NOW + board.clock.elapsed;
    const restart = (id: string) =>
      broker.publish(`${BASE}/command`, JSON.stringify({ id, command: "restart", time, ttl: 60 }), 1);
    restart("a");
    board.clock.run(50);
    broker.mute.add("puback");
    let ends = 0;
    node.stop(() => {
      ends += 1;
    });
    restart("b");
    board.clock.run(10_000);
    expect([restarts, ends]).toEqual([[], 1]);
  });

  it("does not restart where the id cannot be kept: the same command would lead to the next restart", () => {
    const storage = new MemoryStorage();
    const { command, restarts, board } = sensorNode({}, { storage });
    storage.fails = (call, key) => call === "write" && key === "command";
    expect(command({ id: "1", command: "restart" })).toMatchObject({
      outcome: "refused",
      reason: "flash is worn",
    });
    board.clock.run(5_000);
    expect(restarts).toEqual([]);
  });

  it("is refused when it is repeated, expired, unknown or no command, and answered each time", () => {
    const { send, command, restarts, board } = sensorNode();
    const time = NOW + board.clock.elapsed;
    const restart = (id: string, more: object) =>
      JSON.stringify({ id, command: "restart", time, ttl: 30, ...more });
    expect(send(restart("b", { time: time - 31_000 }))).toMatchObject({ id: "b", reason: "expired" });
    expect(send(restart("c", { ttl: undefined, time: undefined }))).toMatchObject({
      id: "c",
      reason: expect.stringMatching(/"time" and "ttl" are missing/),
    });
    expect(command({ id: "d", command: "toast" })).toMatchObject({
      id: "d",
      reason: 'there is no command "toast": allowed is interval, calibration, identify, restart, reset',
    });
    expect(command({ id: "e", command: "toString" })).toMatchObject({ id: "e", outcome: "refused" });
    expect(command({ id: "f", command: "__proto__" })).toMatchObject({ id: "f", outcome: "refused" });
    expect(send("restart")).toEqual({
      id: null,
      outcome: "refused",
      reason: "the command is not a JSON object",
    });
    expect(send("\u0000\u00ff{")).toMatchObject({ id: null, outcome: "refused" });
    board.clock.run(5_000);
    expect(restarts).toEqual([]);
    expect(command({ id: "g", command: "identify" })).toMatchObject({ outcome: "done" });
    expect(command({ id: "g", command: "restart" })).toMatchObject({
      id: "g",
      reason: expect.stringMatching(/^repeated/),
    });
    board.clock.run(5_000);
    expect(restarts).toEqual([]);
  });

  it("that is empty takes a retained one away, and is none", () => {
    const { send, replies, journal } = sensorNode();
    send("");
    expect(replies(BASE)).toEqual([]);
    expect(journal.warnings).toEqual([]);
  });

  it("is refused on each connection where the broker has stored it", () => {
    const broker = new MemoryBroker();
    const payload = JSON.stringify({ id: "a", command: "restart", time: NOW, ttl: 600 });
    broker.publish(`${BASE}/command`, payload, 1, true);
    const { board, restarts, replies } = sensorNode({}, {}, broker);
    for (let i = 0; i < 3; i++) {
      broker.forgetSessions();
      board.net.resetAll();
      board.clock.run(20_000);
    }
    expect(replies(BASE).length).toBeGreaterThanOrEqual(4);
    for (const reply of replies(BASE))
      expect(reply).toMatchObject({
        id: "a",
        outcome: "refused",
        reason: expect.stringMatching(/^retained/),
      });
    expect(restarts).toEqual([]);
  });

  it("is answered once, also when the connection breaks under the answer", () => {
    const { board, broker, replies, send } = sensorNode();
    // The session of a run's first connection ends with it.
    board.net.resetAll();
    board.clock.run(10_000);
    broker.mute.add("puback");
    const time = NOW + board.clock.elapsed;
    send(JSON.stringify({ id: "a", command: "identify", time, ttl: 300 }));
    board.net.resetAll();
    broker.mute.clear();
    board.clock.run(60_000);
    const answers = broker.published.filter(({ topic }) => topic === `${BASE}/command/reply`);
    // The broker has not heard that the command arrived, either, and sends it again.
    expect(answers.map(({ dup, payload }) => [dup, JSON.parse(payload).outcome])).toEqual([
      [false, "done"],
      [true, "done"],
      [false, "refused"],
    ]);
    expect(replies(BASE).every(({ id }) => id === "a")).toBe(true);
  });

  it("waits at the broker through an outage, and is obeyed or expires", () => {
    const { board, broker, replies, countIn } = sensorNode();
    const time = NOW + board.clock.elapsed;
    // The session of a run's first connection ends with it; from then on the broker keeps it.
    board.net.resetAll();
    board.clock.run(10_000);
    board.net.listen("10.0.0.1", 1883, undefined);
    board.net.resetAll();
    board.clock.run(30_000);
    broker.publish(`${BASE}/command`, JSON.stringify({ id: "a", command: "interval", value: "2s" }), 1);
    broker.publish(`${BASE}/command`, JSON.stringify({ id: "b", command: "identify", time, ttl: 20 }), 1);
    board.clock.run(30_000);
    board.net.listen("10.0.0.1", 1883, broker.accept);
    board.clock.run(120_000);
    expect(replies(BASE)).toEqual([
      { id: "a", outcome: "done" },
      { id: "b", outcome: "refused", reason: "expired" },
    ]);
    expect(countIn(60_000)).toBe(30);
  });

  it("must say how long it holds where the client hides the retain flag", () => {
    const { send, command, board, broker } = sensorNode({}, { client: HidingClient });
    expect(send('{"id":"a","command":"interval","value":"2s"}')).toMatchObject({
      outcome: "refused",
      reason: expect.stringMatching(/"time" and "ttl" are missing/),
    });
    expect(command({ id: "b", command: "interval", value: "2s" })).toMatchObject({ outcome: "done" });
    expect(board.clock.elapsed).toBeGreaterThan(0);
    expect(broker.clients).toHaveLength(1);
  });

  it("is answered in a few words, whatever is asked for", () => {
    const { send, broker, journal, storage } = sensorNode();
    const told: string[] = [];
    Object.assign(journal, { commanded: (what: string) => told.push(what) });
    send(JSON.stringify({ id: "a", command: "x".repeat(900) }));
    send(JSON.stringify({ id: "b", command: `${"x".repeat(31)}😀` }));
    send(JSON.stringify({ id: "c", command: "interval", value: "9".repeat(900) }));
    send(JSON.stringify({ id: "d", command: "calibration", twopoint: "9".repeat(900) }));
    const worn = () => {
      throw new Error("worn".repeat(300));
    };
    Object.assign(storage, { write: worn });
    send(JSON.stringify({ id: "e", command: "interval", value: "2s" }));
    for (const payload of broker.payloads(`${BASE}/command/reply`)) expect(payload.length).toBeLessThan(330);
    expect(broker.payloads(`${BASE}/command/reply`)).toHaveLength(5);
    expect(told).toHaveLength(5);
    expect(broker.payloads(`${BASE}/command/reply`)[1]).toContain(`\\"${"x".repeat(31)}...\\"`);
    for (const what of told) expect(what.length).toBeLessThan(60);
  });

  it.each([0, 1, 2] as const)("is taken with QoS %i", (qos) => {
    const { broker, board, replies } = sensorNode();
    broker.publish(`${BASE}/command`, '{"id":"a","command":"interval","value":"2s"}', qos);
    board.clock.run(1_000);
    expect(replies(BASE)).toEqual([{ id: "a", outcome: "done" }]);
  });

  it("changes nothing where the storage fails at each call, and the node goes on", () => {
    const storage = new MemoryStorage();
    storage.fails = () => true;
    const { command, countIn, restarts } = sensorNode({}, { storage });
    for (const fields of [
      { command: "interval", value: "2s" },
      { command: "calibration", offset: 1 },
      { command: "restart" },
      { command: "reset" },
    ]) {
      expect(command({ id: fields.command, ...fields })).toEqual({
        id: fields.command,
        outcome: "refused",
        reason: "flash is worn",
      });
    }
    expect(countIn(60_000)).toBe(6);
    expect(restarts).toEqual([]);
  });

  it.each(["constructor", "__proto__", "toString", ""])("is unknown where it is called %p", (name) => {
    const { command } = sensorNode();
    expect(command({ id: "a", command: name })).toMatchObject({
      outcome: "refused",
      reason: expect.stringMatching(/^there is no command/),
    });
  });

  it("costs no memory in a flood: the last answers are kept while none can be sent", () => {
    const { board, broker, replies } = sensorNode();
    broker.mute.add("puback");
    for (let i = 0; i < 200; i++) {
      broker.publish(`${BASE}/command`, JSON.stringify({ id: `f${i}`, command: "toast" }), 1);
    }
    board.clock.run(5_000);
    broker.mute.clear();
    board.net.resetAll();
    board.clock.run(60_000);
    expect(replies(BASE).at(-1)).toMatchObject({ id: "f199" });
  });
});
