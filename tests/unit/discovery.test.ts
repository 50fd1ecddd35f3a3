import { describe, expect, it } from "@jest/globals";
import { type DiscoveredDevice, discoveryJSON, discoveryTopic } from "../../firmware/discovery/discovery.js";
import { bootedNode } from "../support/climate.js";
import { MemoryStorage } from "../support/memory-storage.js";

const TOPIC = "homeassistant/device/hearth-020000000001/config";

const SENSOR: DiscoveredDevice = {
  id: "hearth-020000000001",
  base: "home/livingroom",
  version: "1.2.3",
  plain: false,
  quantities: 1,
  isExact: true,
  diagnostics: true,
  identify: true,
  restart: true,
  climate: undefined,
};

type Components = Record<string, Record<string, unknown>>;

interface Config {
  dev: Record<string, unknown>;
  o: Record<string, unknown>;
  "~": string;
  avty_t: string;
  cmps: Components;
}

const configOf = (device: Partial<DiscoveredDevice> = {}) =>
  JSON.parse(discoveryJSON({ ...SENSOR, ...device })) as Config;

/**
 * Fields of Home Assistant's documentation (MQTT integration; sensor, climate and button), by their short forms, which
 * are those of its list of abbreviations.
 */
const COMMON = ["p", "uniq_id", "name", "ent_cat", "dev_cla"];
const DOCUMENTED: Readonly<Record<string, readonly string[]>> = {
  sensor: [...COMMON, "stat_t", "stat_cla", "unit_of_meas", "sug_dsp_prc", "val_tpl"],
  button: [...COMMON, "cmd_t", "cmd_tpl"],
  climate: [
    ...COMMON,
    "modes",
    "mode_stat_t",
    "mode_cmd_t",
    "temp_stat_t",
    "temp_cmd_t",
    "act_t",
    "curr_temp_t",
    "curr_temp_tpl",
    "min_temp",
    "max_temp",
    "temp_step",
    "precision",
    "temp_unit",
  ],
};

const CLIMATE = { follows: "home/livingroom/temperature", modes: ["off", "cool", "heat", "auto"] };

describe("what Home Assistant is told of a device", () => {
  it("is who it is, who says so, and when it is there", () => {
    expect(configOf()).toMatchObject({
      dev: {
        ids: ["hearth-020000000001"],
        name: "Livingroom",
        mf: "Hearth",
        mdl: "sensor node",
        sw: "1.2.3",
      },
      o: { name: "Hearth", sw: "1.2.3" },
      "~": "home/livingroom",
      avty_t: "~/status",
    });
  });

  it("has an entity for each quantity, with a unique id, its class and its unit", () => {
    const { cmps } = configOf({ quantities: 7 });
    expect(cmps["temperature"]).toEqual({
      p: "sensor",
      uniq_id: "hearth-020000000001_temperature",
      stat_t: "~/temperature",
      dev_cla: "temperature",
      stat_cla: "measurement",
      unit_of_meas: "°C",
      sug_dsp_prc: 1,
      val_tpl: "{{ value_json.temperature if value_json.late is not defined }}",
    });
    expect(cmps["humidity"]).toMatchObject({ dev_cla: "humidity", unit_of_meas: "%" });
    expect(cmps["pressure"]).toMatchObject({ dev_cla: "pressure", unit_of_meas: "Pa" });
  });

  it("has how it is, with a unit and a class where there are such", () => {
    const { cmps } = configOf();
    const common = { p: "sensor", stat_t: "~/diagnostics", ent_cat: "diagnostic" };
    expect(cmps["signal"]).toEqual({
      ...common,
      name: "Signal",
      uniq_id: "hearth-020000000001_signal",
      val_tpl: "{{ value_json.signal | default('') }}",
      unit_of_meas: "dBm",
      dev_cla: "signal_strength",
      stat_cla: "measurement",
    });
    expect(cmps["waiting"]).toEqual({
      ...common,
      name: "Readings waiting",
      stat_cla: "measurement",
      uniq_id: "hearth-020000000001_waiting",
      val_tpl: "{{ value_json.waiting | default('') }}",
    });
  });

  it.each([200, 500, 1_000])(
    "goes out in pieces where the board's socket takes %d bytes, and readings follow",
    (sendBuffer) => {
      const parts = bootedNode({ interval: "1s" }, { sendBuffer });
      const node = parts.make();
      node.start();
      parts.board.clock.run(30_000);
      expect(JSON.parse(parts.broker.retained.get(TOPIC)?.payload ?? "")).toHaveProperty("cmps");
      expect(parts.broker.payloads("home/livingroom/temperature").length).toBeGreaterThan(25);
      parts.board.net.resetAll();
      parts.board.clock.run(30_000);
      expect(parts.broker.payloads(TOPIC)).toHaveLength(2);
      node.stop(() => {});
      parts.board.clock.run(3_000);
      expect(parts.broker.retained.get("home/livingroom/status")?.payload).toBe("offline");
      expect(parts.journal.lostReasons).toHaveLength(1);
    },
  );

  it("that breaks off in the middle begins anew on the next connection", () => {
    const parts = bootedNode({ interval: "1s" }, { sendBuffer: 200 });
    parts.make().start();
    parts.board.clock.runUntil(() => parts.broker.payloads("home/livingroom/status").length > 0);
    parts.board.net.resetAll();
    parts.board.clock.run(30_000);
    expect(parts.broker.payloads(TOPIC)).toHaveLength(1);
    expect(JSON.parse(parts.broker.retained.get(TOPIC)?.payload ?? "")).toHaveProperty("cmps");
  });

  it("goes out in pieces on a connection with less room than the one before, too", () => {
    const parts = bootedNode({ interval: "1s" });
    parts.make().start();
    parts.board.clock.run(5_000);
    expect(parts.broker.retained.has(TOPIC)).toBe(true);
    Object.assign(parts.board.tcp, { sendBuffer: 1_000 });
    parts.board.net.resetAll();
    parts.board.clock.run(30_000);
    expect(parts.broker.payloads(TOPIC)).toHaveLength(2);
  });

  it("takes the number alone where that is what is published", () => {
    expect(configOf({ plain: true }).cmps["temperature"]).not.toHaveProperty("val_tpl");
  });

  it("leaves the platform alone of what is turned off, which takes it out of Home Assistant", () => {
    const { cmps } = configOf({ diagnostics: false, identify: false, restart: false });
    expect(cmps["uptime"]).toEqual({ p: "sensor" });
    expect(cmps["climate"]).toEqual({ p: "climate" });
    expect(cmps["restart"]).toEqual({ p: "button" });
    expect(cmps["identify"]).toEqual({ p: "button" });
    expect(cmps["humidity"]).toEqual({ p: "sensor" });
    expect(cmps["temperature"]).toHaveProperty("stat_t");
  });

  it("does not take back what may yet come", () => {
    expect(configOf({ isExact: false }).cmps).not.toHaveProperty("humidity");
  });

  it("has an air conditioner with its topics, and the temperature that it follows", () => {
    const { cmps, dev } = configOf({ base: "home/livingroom/climate", quantities: 0, climate: CLIMATE });
    expect(dev).toMatchObject({ name: "Livingroom climate", mdl: "air conditioner" });
    expect(cmps["climate"]).toMatchObject({
      p: "climate",
      name: null,
      modes: CLIMATE.modes,
      mode_stat_t: "~/mode",
      mode_cmd_t: "~/mode/set",
      temp_stat_t: "~/target",
      temp_cmd_t: "~/target/set",
      act_t: "~/action",
      curr_temp_t: "home/livingroom/temperature",
      min_temp: 10,
      max_temp: 35,
    });
    expect(cmps["temperature"]).toEqual({ p: "sensor" });
  });

  it("is made of objects of its own: XS stringifies none that lies in flash", () => {
    const refuse = () => {
      throw new TypeError("read only value");
    };
    const modes = Object.freeze(Object.assign([...CLIMATE.modes], { toJSON: refuse }));
    expect(configOf({ climate: { ...CLIMATE, modes } }).cmps["climate"]?.["modes"]).toEqual([...modes]);
  });

  it.each([
    ["a sensor", {}],
    ["a sensor of everything", { quantities: 7 }],
    ["an air conditioner", { quantities: 0, climate: CLIMATE }],
  ])("has documented fields only, for %s", (_what, device) => {
    const ids: unknown[] = [];
    for (const component of Object.values(configOf(device).cmps)) {
      const allowed = DOCUMENTED[String(component["p"])];
      for (const field of Object.keys(component)) expect(allowed).toContain(field);
      if (Object.keys(component).length > 1) ids.push(component["uniq_id"]);
    }
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("fits into the send buffer of an ESP32 with its topic, whatever the names are", () => {
    const base = "ö".repeat(64);
    const text = discoveryJSON({ ...SENSOR, id: '"'.repeat(64), base, quantities: 7, climate: CLIMATE });
    expect(Buffer.byteLength(text)).toBeLessThan(5_000);
  });

  it("is at a topic that a broker and Home Assistant allow, one for each id", () => {
    expect(discoveryTopic("homeassistant", "hearth-02ab")).toBe("homeassistant/device/hearth-02ab/config");
    const long = "x".repeat(60);
    const odd = [`${long}1`, `${long}2`, "a/b", "a_2fb", "a_2f", "a/", "a+b", "a#b", "a b", "ä", "a.b"].map(
      (id) => discoveryTopic("ha", id),
    );
    for (const topic of odd) expect(topic).toMatch(/^ha\/device\/[a-zA-Z0-9_-]+\/config$/);
    expect(new Set(odd).size).toBe(odd.length);
    for (const topic of odd) expect(topic.length).toBeLessThanOrEqual("ha/device//config".length + 32);
    expect(discoveryTopic("ha", "Node_7-b")).toBe("ha/device/Node_7-b/config");
  });
});

describe("a node and Home Assistant", () => {
  const started = (image: object = {}, storage = new MemoryStorage()) => {
    const parts = bootedNode({ ...image }, { storage });
    const node = parts.make();
    node.start();
    parts.board.clock.run(10_000);
    const config = () => parts.broker.retained.get(TOPIC)?.payload;
    return { ...parts, node, config, storage };
  };

  it("is announced by default, retained", () => {
    const { config } = started();
    expect((JSON.parse(config() ?? "") as Config).cmps["temperature"]).toHaveProperty("stat_t");
  });

  it("stays as it is announced, and is written down once", () => {
    const { storage, board, broker } = started();
    board.net.resetAll();
    board.clock.run(30_000);
    board.powerOff();
    const again = started({}, storage);
    for (const world of [broker, again.broker])
      expect(world.published.filter(({ topic, payload }) => topic === TOPIC && payload === "")).toEqual([]);
    expect(storage.writesOf("discovered")).toHaveLength(1);
  });

  it("announces what a serial sensor brings when it has brought it", () => {
    const { board, config } = started({ sensor: "uart", uart: "1", interval: 0 });
    const components = () => (JSON.parse(config() ?? "") as Config).cmps;
    expect(components()).not.toHaveProperty("humidity");
    board.line.send("skipped\nt=21 h=40\n");
    board.clock.run(5_000);
    expect(components()["humidity"]).toHaveProperty("stat_t");
  });

  it("is taken out again when discovery is turned off, once", () => {
    const { storage, board } = started();
    board.powerOff();
    const off = started({ discovery: "off" }, storage);
    expect(off.broker.published.filter(({ topic }) => topic === TOPIC).map(({ payload }) => payload)).toEqual(
      [""],
    );
    expect(storage.values.has("discovered")).toBe(false);
    off.board.powerOff();
    const later = started({ discovery: "off" }, storage);
    expect(later.broker.published.filter(({ topic }) => topic === TOPIC)).toEqual([]);
  });

  it("says nothing where it never was announced: a broker may forbid that topic", () => {
    const { broker } = started({ discovery: "off" });
    expect(broker.published.filter(({ topic }) => topic.includes("/device/"))).toEqual([]);
  });

  it("moves to another prefix, and leaves nothing behind", () => {
    const { storage, board } = started();
    board.powerOff();
    // The new place takes the old one's: it is never without one.
    Object.assign(storage, { delete: () => storage.writes.push("deleted") });
    const { broker } = started({ discovery: "ha" }, storage);
    expect(storage.writes).not.toContain("deleted");
    expect(broker.published.filter(({ topic }) => topic === TOPIC).map(({ payload }) => payload)).toEqual([
      "",
    ]);
    expect(broker.retained.has("ha/device/hearth-020000000001/config")).toBe(true);
    expect(storage.read("discovered")).toBe("ha/device/hearth-020000000001/config");
  });
});
