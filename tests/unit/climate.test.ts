import { describe, expect, it } from "@jest/globals";
import type { Digital, DigitalClass, PWMClass } from "../../firmware/ports.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { ownClock } from "../../host-sim/boards/virtual/own-clock.js";
import { FAN } from "../../host-sim/chips/hardware.js";
import { Pins } from "../../host-sim/chips/pins.js";
import { BASE, climateNode, NOW } from "../support/climate.js";
import { HidingClient } from "../support/hiding-client.js";
import { MemoryStorage } from "../support/memory-storage.js";

describe("an air conditioner", () => {
  function online(image: Readonly<Record<string, unknown>> = {}) {
    const subject = climateNode(image);
    subject.node.start();
    subject.board.clock.run(3_000);
    return subject;
  }

  it("has a base of its own, says that it is there, and what it is told and does, retained", () => {
    const { broker, state } = online();
    expect(broker.retained.get(`${BASE}/status`)?.payload).toBe("online");
    expect([state("mode"), state("target"), state("action")]).toEqual(["cool", "21", "idle"]);
  });

  it("follows the temperature of the device above it, switches, and says so", () => {
    const { measured, cools, state } = online();
    measured(22);
    expect([cools(), state("action")]).toEqual([true, "cooling"]);
    measured(21);
    expect([cools(), state("action")]).toEqual([false, "idle"]);
  });

  it("says once that it rests when it would start", () => {
    const { measured, journal, cools } = online({ minoff: "3m" });
    for (let i = 0; i < 20; i++) measured(30);
    const notes = () => journal.notes.filter((note) => note.includes("rests"));
    expect(notes()).toEqual(["it rests (minoff), and starts in 177s"]);
    expect(cools()).toBe(false);
  });

  it("follows another topic where it is told to, and takes the number alone", () => {
    const { broker, board, cools } = online({ follows: "attic/t" });
    broker.publish("home/livingroom/temperature", '{"temperature":30}', 1);
    board.clock.run(1_000);
    expect(cools()).toBe(false);
    broker.publish("attic/t", "30.5", 1);
    board.clock.run(1_000);
    expect(cools()).toBe(true);
  });

  it.each([
    ["late", { late: true }],
    ["of a room on fire", { temperature: 400 }],
    ["of no room", { temperature: -100 }],
    ["text", { temperature: "30" }],
    ["null", { temperature: null }],
    ["a list", { temperature: [30] }],
  ])("does not act on a temperature that is %s", (_what, fields) => {
    const { measured, cools, heats } = online({ mode: "auto" });
    measured(30, fields);
    expect([cools(), heats()]).toEqual([false, false]);
  });

  it("believes a retained number alone where age does not matter, and not where it cannot tell", () => {
    const retained = (image: Readonly<Record<string, unknown>>) => {
      const { broker, node, board, cools } = climateNode(image);
      broker.publish("home/livingroom/temperature", "30.5", 1, true);
      node.start();
      board.clock.run(3_000);
      return cools();
    };
    expect(retained({})).toBe(false);
    expect(retained({ hold: 0 })).toBe(true);
  });

  it.each([
    '{"temperature":30,"x":[1]}',
    '{"temperature":30,"x":{}}',
    "",
    " ",
    "NaN",
    "1e999",
    "{",
    "{}",
    "[30]",
    '{"a":'.repeat(100),
    "\u00ff",
    "thirty",
  ])("does not act on %p", (payload) => {
    const { board, broker, cools, heats, journal } = online({ mode: "auto" });
    broker.publish("home/livingroom/temperature", payload, 1);
    board.clock.run(1_000);
    expect([cools(), heats()]).toEqual([false, false]);
    expect(journal.lostReasons).toEqual([]);
  });

  it("believes a retained temperature that is new, and none that is old or does not say", () => {
    const retained = (payload: object, image = {}) => {
      const subject = climateNode(image);
      subject.broker.publish("home/livingroom/temperature", JSON.stringify(payload), 1, true);
      subject.node.start();
      subject.board.clock.run(3_000);
      return subject.cools();
    };
    expect(retained({ temperature: 30, time: NOW - 60_000 })).toBe(true);
    expect(retained({ temperature: 30, time: NOW - 3_600_000 })).toBe(false);
    expect(retained({ temperature: 30, time: NOW + 7_200_000 })).toBe(false);
    expect(retained({ temperature: 30 })).toBe(false);
    expect(retained({ temperature: 30 }, { hold: 0 })).toBe(true);
  });

  it("does not act on a temperature that the broker kept for it while it was away, when that is too old", () => {
    const { board, broker, cools } = online();
    // From the second connection on the broker keeps the session.
    broker.restart();
    board.clock.run(20_000);
    board.net.listen("10.0.0.1", 1883, undefined);
    board.net.resetAll();
    board.clock.run(10_000);
    const publish = (temperature: number) =>
      broker.publish(
        "home/livingroom/temperature",
        JSON.stringify({ temperature, time: NOW + board.clock.elapsed }),
        1,
      );
    publish(30);
    board.clock.run(2 * 3_600_000);
    board.net.listen("10.0.0.1", 1883, broker.accept);
    board.clock.run(120_000);
    expect(broker.clients).toHaveLength(1);
    expect(cools()).toBe(false);
    publish(30);
    board.clock.run(1_000);
    expect(cools()).toBe(true);
  });

  it("counts the age of a temperature from when it was measured, and a clock that is ahead as now", () => {
    const lasts = (time: number) => {
      const { measured, cools, board } = online();
      measured(30, { time: NOW + board.clock.elapsed + time });
      expect(cools()).toBe(true);
      let minutes = 0;
      for (; cools() && minutes < 100; minutes++) board.clock.run(60_000);
      return minutes;
    };
    expect(lasts(-50 * 60_000)).toBe(10);
    expect([60, 61]).toContain(lasts(0));
    expect([60, 61]).toContain(lasts(7_200_000));
  });

  it("stays as it is through an outage, and stops when the temperature is too old", () => {
    const { board, broker, measured, cools, state } = online();
    measured(30);
    board.net.listen("10.0.0.1", 1883, undefined);
    broker.restart();
    board.clock.run(59 * 60_000);
    expect(cools()).toBe(true);
    board.clock.run(2 * 60_000);
    expect(cools()).toBe(false);
    board.net.listen("10.0.0.1", 1883, broker.accept);
    board.clock.run(120_000);
    expect(state("action")).toBe("idle");
  });

  it("obeys mode and target on their topics, and on the command topic with an answer", () => {
    const { board, broker, measured, cools, heats, state, command, replies } = online();
    measured(22);
    broker.publish(`${BASE}/target/set`, "23.5", 1);
    board.clock.run(1_000);
    expect([state("target"), cools()]).toEqual(["23.5", false]);
    broker.publish(`${BASE}/mode/set`, "heat", 1);
    board.clock.run(1_000);
    expect([state("mode"), heats()]).toEqual(["heat", true]);
    expect(replies(BASE)).toEqual([]);
    expect(command({ id: "1", command: "mode", value: "off" })).toEqual({ id: "1", outcome: "done" });
    expect([state("mode"), state("action"), heats()]).toEqual(["off", "off", false]);
    expect(command({ id: "2", command: "target", value: 19 })).toEqual({ id: "2", outcome: "done" });
    expect(state("target")).toBe("19");
  });

  it.each([
    ["mode/set", "dry"],
    ["mode/set", ""],
    ["mode/set", "Cool"],
    ["target/set", ""],
    ["target/set", " "],
    ["target/set", "9.9"],
    ["target/set", "35.1"],
    ["target/set", "19.25"],
    ["target/set", "NaN"],
    ["target/set", "nineteen"],
    ["target/set", "\u0000"],
  ])("refuses %s %p, and answers with the topic", (topic, payload) => {
    const { board, broker, state, replies } = online();
    broker.publish(`${BASE}/${topic}`, payload, 1);
    board.clock.run(1_000);
    expect(replies(BASE)).toEqual([
      { topic: `${BASE}/${topic}`, outcome: "refused", reason: expect.stringMatching(/^allowed is /) },
    ]);
    expect([state("mode"), state("target")]).toEqual(["cool", "21"]);
  });

  it("refuses a retained mode: on each connection it would be obeyed again", () => {
    const { broker, board, node, replies, state } = climateNode();
    broker.publish(`${BASE}/mode/set`, "off", 1, true);
    node.start();
    board.clock.run(3_000);
    expect(state("mode")).toBe("cool");
    expect(replies(BASE)).toEqual([
      { topic: `${BASE}/mode/set`, outcome: "refused", reason: expect.stringMatching(/^retained/) },
    ]);
  });

  it("refuses a plain mode of a client that hides the retain flag, and obeys a command", () => {
    const subject = climateNode({}, { client: HidingClient });
    const { broker, board, node, replies, state, command } = subject;
    node.start();
    board.clock.run(3_000);
    broker.publish(`${BASE}/mode/set`, "off", 1);
    board.clock.run(1_000);
    expect(replies(BASE)).toEqual([
      {
        topic: `${BASE}/mode/set`,
        outcome: "refused",
        reason: expect.stringMatching(/cannot tell a retained/),
      },
    ]);
    expect(command({ id: "1", command: "mode", value: "off" })).toMatchObject({ outcome: "done" });
    expect(state("mode")).toBe("off");
  });

  it("tells of what it does on command", () => {
    const { broker, board, journal } = online();
    const told: unknown[][] = [];
    Object.assign(journal, { commanded: (...what: unknown[]) => told.push(what) });
    broker.publish(`${BASE}/mode/set`, "off", 1);
    broker.publish(`${BASE}/target/set`, "hot", 1);
    board.clock.run(1_000);
    expect(told).toEqual([
      ["mode/set", undefined],
      ["target/set", expect.stringMatching(/^allowed is/)],
    ]);
  });

  it("answers with the reason where a plain command cannot be kept", () => {
    const { broker, board, storage, replies, state } = online();
    Object.assign(storage, { fails: () => true });
    broker.publish(`${BASE}/target/set`, "30", 1);
    board.clock.run(1_000);
    expect(replies(BASE)).toEqual([
      { topic: `${BASE}/target/set`, outcome: "refused", reason: "flash is worn" },
    ]);
    expect(state("target")).toBe("21");
  });

  it("has nothing to do without anything to switch, and says so", () => {
    const { node, board, measured, journal, state } = climateNode({ mode: "auto" }, { outputs: {} });
    node.start();
    board.clock.run(3_000);
    measured(30);
    expect(journal.warnings).toEqual([
      "there is nothing to switch: set cooler, heater or fan to a pin",
      'setting "mode" is auto: there is nothing to cool with',
    ]);
    expect(state("action")).toBe("idle");
  });

  it("does not cool by itself, nor says that it does, with nothing to cool with", () => {
    const pins = new Pins();
    const io = pins.Digital as unknown as DigitalClass;
    const { node, board, broker, measured, journal, state, replies } = climateNode(
      { mode: "auto" },
      { outputs: { heater: { io, pin: 4 } } },
    );
    node.start();
    board.clock.run(3_000);
    measured(30);
    expect([state("action"), pins.level(4)]).toEqual(["idle", 0]);
    measured(10);
    expect([state("action"), pins.level(4)]).toEqual(["heating", 1]);
    for (const mode of ["cool", "auto", "heat"]) {
      broker.publish(`${BASE}/mode/set`, mode, 1);
      board.clock.run(1_000);
    }
    expect(replies(BASE).map(({ reason }) => reason)).toEqual([
      "there is nothing to cool with",
      "there is nothing to cool with",
    ]);
    expect(state("mode")).toBe("heat");
    expect(journal.warnings).toEqual(['setting "mode" is auto: there is nothing to cool with']);
  });

  it("refuses to heat with nothing to heat with", () => {
    const pins = new Pins();
    const io = pins.Digital as unknown as DigitalClass;
    const { node, board, broker, replies } = climateNode({}, { outputs: { cooler: { io, pin: 4 } } });
    node.start();
    board.clock.run(3_000);
    broker.publish(`${BASE}/mode/set`, "heat", 1);
    board.clock.run(1_000);
    expect(replies(BASE)).toMatchObject([{ reason: "there is nothing to heat with" }]);
  });

  it("does not heat by itself, nor says that it does, with nothing to heat with", () => {
    const pins = new Pins();
    const io = pins.Digital as unknown as DigitalClass;
    const { node, board, broker, replies, measured, journal, state } = climateNode(
      { mode: "auto" },
      { outputs: { cooler: { io, pin: 4 } } },
    );
    node.start();
    board.clock.run(3_000);
    expect(journal.warnings).toEqual(['setting "mode" is auto: there is nothing to heat with']);
    measured(10);
    expect(state("action")).toBe("idle");
    measured(30);
    expect([state("action"), pins.level(4)]).toEqual(["cooling", 1]);
    broker.publish(`${BASE}/mode/set`, "auto", 1);
    board.clock.run(1_000);
    expect(replies(BASE)).toMatchObject([{ reason: "there is nothing to heat with" }]);
  });

  it("switches nothing in safe mode, says so, and takes commands for the time after it", () => {
    const storage = new MemoryStorage();
    storage.values.set("boot", "7 5 0 0");
    const { node, board, measured, command, state, cools } = climateNode(
      { mode: "off" },
      { storage, resetReason: "panic" },
    );
    node.start();
    board.clock.run(3_000);
    expect(command({ id: "1", command: "mode", value: "cool" })).toEqual({ id: "1", outcome: "done" });
    measured(30);
    board.clock.run(600_000);
    expect([state("mode"), state("action"), cools()]).toEqual(["cool", "off", false]);
    board.clock.run(3_600_000);
    measured(30);
    expect([state("action"), cools()]).toEqual(["cooling", true]);
  });

  it("does nothing any more while it says goodbye", () => {
    const { board, broker, node, measured, cools, journal } = online();
    broker.mute.add("puback");
    node.stop(() => {});
    const before = journal.warnings.length;
    measured(30);
    board.clock.run(5_000);
    expect(cools()).toBe(false);
    expect(journal.actions.filter((action) => action === "cooling")).toEqual([]);
    expect(journal.warnings).toHaveLength(before);
  });

  it("leaves a broker that acknowledges nothing: its states would be old for ever", () => {
    const { board, broker, measured, journal, state } = online();
    broker.mute.add("puback");
    measured(30);
    measured(20);
    measured(30);
    expect(state("action")).toBe("cooling");
    measured(20);
    board.clock.run(15_000);
    expect(journal.lostReasons).toEqual([]);
    board.clock.run(25_000);
    expect(journal.lostReasons).toEqual(["the broker does not acknowledge messages"]);
    board.clock.run(10_000);
    expect(state("action")).toBe("idle");
  });

  it("does not hold a slow broker, that acknowledges in the end, for one that does not", () => {
    const { board, measured, journal } = online();
    for (let i = 0; i < 200; i++) {
      measured(i % 2 === 0 ? 30 : 20);
      board.clock.run(997);
    }
    expect(journal.lostReasons).toEqual([]);
  });

  it("keeps mode and target over a restart; without power nothing is switched", () => {
    const { board, storage, measured, command, cools } = online();
    measured(30);
    expect(cools()).toBe(true);
    command({ id: "1", command: "target", value: 25.5 });
    command({ id: "2", command: "mode", value: "auto" });
    board.powerOff();
    expect(cools()).toBe(false);
    const again = climateNode({}, { storage });
    again.node.start();
    again.board.clock.run(3_000);
    expect([again.state("mode"), again.state("target")]).toEqual(["auto", "25.5"]);
  });

  it("acts on a command at once, not a second later", () => {
    const { broker, board, measured, cools } = online({ target: 25 });
    const say = (topic: string, payload: string) => {
      broker.publish(`${BASE}/${topic}`, payload, 1);
      board.clock.run(100);
    };
    measured(23);
    say("target/set", "21");
    expect(cools()).toBe(true);
    say("mode/set", "off");
    expect(cools()).toBe(false);
    const time = NOW + board.clock.elapsed;
    say("command", JSON.stringify({ id: "1", command: "mode", value: "cool", time, ttl: 9 }));
    expect(cools()).toBe(true);
    say("command", '{"id":"2","command":"reset"}');
    expect(cools()).toBe(false);
  });

  it("goes back on reset to the mode that its image says, and says it", () => {
    const { command, measured, state } = online();
    measured(30);
    command({ id: "1", command: "mode", value: "off" });
    expect([state("mode"), state("action")]).toEqual(["off", "off"]);
    command({ id: "2", command: "reset" });
    expect([state("mode"), state("action")]).toEqual(["cool", "cooling"]);
  });

  it.each([
    ["a cooler", ["cooler"], ["off", "cool"]],
    ["a fan", ["fan"], ["off", "cool"]],
    ["a heater", ["heater"], ["off", "heat"]],
    ["a heater and a fan", ["heater", "fan"], ["off", "cool", "heat", "auto"]],
    ["a cooler and a heater", ["cooler", "heater"], ["off", "cool", "heat", "auto"]],
  ])("offers what it can do with %s", (_what, names, modes) => {
    const pins = new Pins();
    const all = {
      cooler: { io: pins.Digital as unknown as DigitalClass, pin: 4 },
      heater: { io: pins.Digital as unknown as DigitalClass, pin: 5 },
      fan: { io: pins.PWM as unknown as PWMClass, pin: 6 },
    };
    const outputs = Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
    const { node, board, broker } = climateNode({ mode: "off" }, { outputs });
    node.start();
    board.clock.run(3_000);
    const config = broker.retained.get("homeassistant/device/hearth-020000000001/config")?.payload ?? "{}";
    expect((JSON.parse(config) as { cmps: { climate: object } }).cmps.climate).toMatchObject({ modes });
  });

  it("goes back to what its image says on reset", () => {
    const { command, state, storage } = online();
    command({ id: "1", command: "target", value: 30 });
    expect(command({ id: "2", command: "reset" })).toEqual({ id: "2", outcome: "done" });
    expect([state("mode"), state("target")]).toEqual(["cool", "21"]);
    expect(storage.read("changed")).toBeUndefined();
  });

  it("changes nothing where the change cannot be kept", () => {
    const { command, state, storage } = online();
    Object.assign(storage, { fails: (call: string, key: string) => call === "write" && key === "changed" });
    expect(command({ id: "1", command: "target", value: 30 })).toEqual({
      id: "1",
      outcome: "refused",
      reason: "flash is worn",
    });
    expect(state("target")).toBe("21");
  });

  it("says goodbye with everything switched off", () => {
    const { board, node, measured, cools, broker } = online();
    measured(30);
    expect(cools()).toBe(true);
    node.stop(() => {});
    board.clock.run(2_000);
    expect(cools()).toBe(false);
    expect(broker.retained.get(`${BASE}/status`)?.payload).toBe("offline");
  });

  it("leaves heater and fan off too, and nothing running, when it has said goodbye", () => {
    const pins = new Pins();
    const outputs = {
      heater: { io: pins.Digital as unknown as DigitalClass, pin: 5 },
      fan: { io: pins.PWM as unknown as PWMClass, pin: 6 },
    };
    const { board, node, measured } = climateNode({ mode: "heat" }, { outputs });
    node.start();
    board.clock.run(3_000);
    measured(10);
    expect([pins.level(5), pins.duty(6)]).toEqual([1, 1]);
    node.stop(() => {});
    board.clock.run(5_000);
    expect([pins.level(5), pins.duty(6)]).toEqual([0, 0]);
    // The timer of the hardware watchdog, which nobody feeds any more.
    expect(board.clock.pending).toBe(1);
  });

  it("has relays that are off from the first moment on, also those that a low level switches on", () => {
    const levels: (0 | 1 | undefined)[] = [];
    const driven = new Pins(() => levels.push(driven.level(4)));
    const io = driven.Digital as unknown as DigitalClass;
    const { node, board, measured } = climateNode(
      {},
      { outputs: { cooler: { io, pin: 4, activeLow: true } } },
    );
    node.start();
    board.clock.run(3_000);
    expect(new Set(levels)).toEqual(new Set([1]));
    measured(30);
    expect(driven.level(4)).toBe(0);
  });

  it("turns a fan by the distance to the target", () => {
    const pins = new Pins();
    const { node, board, measured, journal } = climateNode(
      {},
      { outputs: { fan: { io: pins.PWM as unknown as PWMClass, pin: FAN } } },
    );
    node.start();
    board.clock.run(3_000);
    expect(journal.warnings).toEqual([]);
    expect(pins.duty(FAN)).toBe(0);
    measured(22);
    expect(pins.duty(FAN)).toBeCloseTo(0.65, 2);
    measured(30);
    expect(pins.duty(FAN)).toBe(1);
    measured(21);
    expect(pins.duty(FAN)).toBe(0);
    expect(journal.actions).toEqual(["cooling", "idle"]);
  });

  it("lets its relay alone while the fan turns faster and slower", () => {
    const pins: Pins = new Pins(() => clicks.push(`${pins.level(4)} ${pins.duty(6).toFixed(1)}`));
    const clicks: string[] = [];
    const outputs = {
      cooler: { io: pins.Digital as unknown as DigitalClass, pin: 4 },
      fan: { io: pins.PWM as unknown as PWMClass, pin: 6 },
    };
    const { node, board, measured } = climateNode({}, { outputs });
    node.start();
    board.clock.run(3_000);
    measured(22);
    clicks.length = 0;
    measured(22.5);
    measured(30);
    board.clock.run(10_000);
    expect(new Set(clicks)).toEqual(new Set(["1 0.8", "1 1.0"]));
    expect(clicks.length).toBeLessThan(6);
  });

  it("runs without a pin that it cannot have, and says so", () => {
    const pins = new Pins();
    const io = pins.Digital as unknown as DigitalClass;
    const { node, board, broker, journal, state, replies } = climateNode(
      {},
      { outputs: { cooler: { io, pin: 4 }, heater: { io, pin: 4 } } },
    );
    node.start();
    board.clock.run(3_000);
    expect(journal.warnings).toEqual(["heater: pin 4 is in use; it stays off"]);
    expect(state("action")).toBe("idle");
    broker.publish(`${BASE}/mode/set`, "heat", 1);
    board.clock.run(1_000);
    expect(replies(BASE)).toMatchObject([{ reason: "there is nothing to heat with" }]);
  });

  it("is well after a minute of turns, without a temperature", () => {
    const { board, storage } = online();
    expect(storage.read("boot")).toBe("1 1 0 0");
    board.clock.run(80_000);
    expect(storage.read("boot")).toBe("1 0 0 0");
  });

  it("drives its pins when something changes, and not at each turn", () => {
    let driven = 0;
    const pins = new Pins(() => {
      driven += 1;
    });
    const io = pins.Digital as unknown as DigitalClass;
    const { node, board, measured } = climateNode({}, { outputs: { cooler: { io, pin: 4 } } });
    node.start();
    measured(30);
    board.clock.run(3_000);
    const before = driven;
    board.clock.run(60_000);
    expect(driven).toBe(before);
  });

  /** Pins of relays that fail to switch to the levels that `stuck` names. */
  function stuckPins() {
    const pins = new Pins();
    const stuck = new Set<string>();
    const PinsDigital = pins.Digital as unknown as DigitalClass;
    class Sticky extends (PinsDigital as unknown as new (options: object) => Digital) {
      static readonly Output = PinsDigital.Output;
      #pin: number;
      constructor(options: { pin: number }) {
        super(options);
        this.#pin = options.pin;
      }
      override write(value: number): void {
        if (#pin in this && stuck.has(`${this.#pin}=${value}`)) throw new Error(`pin ${this.#pin} is stuck`);
        super.write(value);
      }
    }
    const io = Sticky as unknown as DigitalClass;
    return { pins, stuck, outputs: { cooler: { io, pin: 4 }, heater: { io, pin: 5 } } };
  }

  it("tries again each second what it could not switch, and does not say that it did", () => {
    const { pins, stuck, outputs } = stuckPins();
    const { node, board, measured, journal, state } = climateNode({}, { outputs });
    node.start();
    board.clock.run(3_000);
    stuck.add("4=1");
    measured(30);
    board.clock.run(10_000);
    expect([pins.level(4), state("action")]).toEqual([0, "idle"]);
    expect(journal.warnings).toEqual(["switching failed: pin 4 is stuck; it is tried again"]);
    stuck.clear();
    board.clock.run(1_100);
    expect([pins.level(4), state("action")]).toEqual([1, "cooling"]);
    stuck.add("4=0");
    measured(20);
    board.clock.run(10_000);
    expect([pins.level(4), state("action")]).toEqual([1, "cooling"]);
    stuck.clear();
    board.clock.run(1_100);
    expect([pins.level(4), state("action")]).toEqual([0, "idle"]);
    expect(journal.warnings).toHaveLength(2);
  });

  it("never heats while its cooler cannot be switched off, nor the other way round", () => {
    const { pins, stuck, outputs } = stuckPins();
    const { node, board, measured } = climateNode({ mode: "auto" }, { outputs });
    node.start();
    board.clock.run(3_000);
    measured(30);
    expect([pins.level(4), pins.level(5)]).toEqual([1, 0]);
    stuck.add("4=0");
    measured(10);
    board.clock.run(10_000);
    expect([pins.level(4), pins.level(5)]).toEqual([1, 0]);
    stuck.clear();
    board.clock.run(2_000);
    expect([pins.level(4), pins.level(5)]).toEqual([0, 1]);
    stuck.add("5=0");
    measured(30);
    board.clock.run(10_000);
    expect([pins.level(4), pins.level(5)]).toEqual([0, 1]);
    stuck.clear();
    board.clock.run(2_000);
    expect([pins.level(4), pins.level(5)]).toEqual([1, 0]);
  });

  it("lets the fan turn while its cooler cannot be switched off", () => {
    const { pins, stuck, outputs } = stuckPins();
    const fan = { io: pins.PWM as unknown as PWMClass, pin: 6 };
    const { node, board, measured } = climateNode({}, { outputs: { ...outputs, fan } });
    node.start();
    board.clock.run(3_000);
    measured(30);
    stuck.add("4=0");
    measured(20);
    board.clock.run(3_000);
    expect([pins.level(4), pins.duty(6)]).toEqual([1, 1]);
    stuck.clear();
    board.clock.run(1_100);
    expect([pins.level(4), pins.duty(6)]).toEqual([0, 0]);
  });

  it("goes back to rest where it was half switched on when the reason went", () => {
    const { pins, stuck, outputs } = stuckPins();
    const { node, board, measured } = climateNode({ mode: "auto" }, { outputs });
    node.start();
    board.clock.run(3_000);
    measured(30);
    stuck.add("4=0");
    measured(21);
    stuck.clear();
    measured(21.1);
    board.clock.run(2_000);
    expect([pins.level(4), pins.level(5)]).toEqual([0, 0]);
  });

  it("gives a pin back that it could open and not switch", () => {
    const { pins, stuck, outputs } = stuckPins();
    stuck.add("4=0");
    const { node, board, journal } = climateNode({}, { outputs });
    node.start();
    board.clock.run(3_000);
    expect(journal.warnings[0]).toBe("cooler: pin 4 is stuck; it stays off");
    const free = new (pins.Digital as unknown as DigitalClass)({ pin: 4, mode: 8 });
    free.close();
  });

  it("gives a pin back at its end that it could not switch off", () => {
    const { pins, stuck, outputs } = stuckPins();
    const { node, board } = climateNode({}, { outputs });
    node.start();
    board.clock.run(3_000);
    stuck.add("4=0");
    node.stop(() => {});
    board.clock.run(3_000);
    const free = new (pins.Digital as unknown as DigitalClass)({ pin: 4, mode: 8 });
    free.close();
  });

  it("obeys no command that acts before its clock is set", () => {
    const clock = new VirtualClock({ now: NOW });
    const subject = climateNode({ ntp: "off" }, { clock, clockUnset: true });
    subject.node.start();
    clock.run(3_000);
    expect(subject.command({ id: "1", command: "mode", value: "off" })).toMatchObject({
      outcome: "refused",
      reason: expect.stringMatching(/clock is not set/),
    });
    expect(ownClock(clock).now()).toBeUndefined();
  });
});

describe("a room with both", () => {
  it("is cooled to its target by what its sensor says, and drifts as before when it is off", () => {
    const ac = climateNode({ target: 19, minon: "5s", minoff: "3s" });
    const { board } = ac;
    const { hardware } = board;
    ac.node.start();
    const idle: number[] = [];
    const cooled: number[] = [];
    for (let second = 0; second < 300; second++) {
      board.clock.run(1_000);
      idle.push(hardware.room.temperature());
    }
    expect(Math.min(...idle)).toBeGreaterThan(21.9);
    expect(Math.max(...idle)).toBeLessThan(26.1);
    for (let second = 0; second < 600; second++) {
      board.clock.run(900);
      ac.measured(hardware.room.temperature());
      cooled.push(hardware.room.temperature());
    }
    // Within half a minute plainly lower.
    expect(cooled[30]).toBeLessThan(cooled[0] - 3);
    const settled = cooled.slice(200);
    expect(Math.max(...settled)).toBeLessThan(20.5);
    expect(Math.min(...settled)).toBeGreaterThan(17.5);
  });
});
