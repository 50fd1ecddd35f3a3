import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { Kind, SETTINGS, type Settings } from "../../firmware/config.js";
import { problemWith, readSettings } from "../../firmware/settings.js";
import { CERTIFICATE, makeKeys, pem } from "../support/keys.js";

const keys = makeKeys();
const KEY = keys.pkcs8;
const PUBLIC_KEY = keys.public;
const OTHER_CURVE = generateKeyPairSync("ec", { namedCurve: "secp384r1" })
  .publicKey.export({ type: "spki", format: "pem" })
  .toString();

const isAllowed = (name: keyof Settings, value: unknown) => problemWith(name, value) === undefined;

const SENSORS = ["simulated", "tmp117", "uart"];

function read(raw: Record<string, unknown>) {
  const problems: string[] = [];
  return { settings: readSettings(raw, SENSORS, problems), problems };
}

const defaults = read({}).settings;
const all = SETTINGS.map((entry): [keyof Settings, (typeof SETTINGS)[number]] => [entry.name, entry]);
const isNumeric = (kind: Kind) =>
  kind === Kind.INTEGER || kind === Kind.NUMBER || kind === Kind.TENTHS || kind === Kind.DURATION;
const numbers = all.filter(([, { kind }]) => isNumeric(kind));
const whole = numbers.filter(([, { kind }]) => kind !== Kind.NUMBER && kind !== Kind.TENTHS);

/** Something that each setting refuses, as text. */
const WRONG: Readonly<Record<keyof Settings, string>> = {
  ssid: "x".repeat(33),
  password: "hunter2-".repeat(9),
  broker: "http://ann:hunter2@broker",
  ca: "MIIhunter2=",
  pin: "sha256//hunter2",
  cert: "hunter2",
  key: "-----BEGIN hunter2-----",
  server: "server",
  serverpassword: "hunter2-\nhunter2-",
  topic: "home/#",
  id: "x".repeat(65),
  sensor: "thermocouple",
  uart: "x".repeat(129),
  baud: "fast",
  receive: "49",
  data: "-1",
  clock: "1.5",
  address: "0x78",
  probe: "DS18B20",
  interval: "5 minutes",
  sampling: "25h",
  heartbeat: "-1s",
  deadband: "101",
  offset: "-51",
  twopoint: "1,2,3",
  median: "32",
  smoothing: "1.1",
  payload: "xml",
  keepalive: "4s",
  window: "0",
  queue: "15",
  durability: "never",
  full: "all",
  spread: "11m",
  diagnostics: "often",
  watchdog: "25h",
  ntp: "pool.ntp.org,,10.0.0.1",
  device: "toaster",
  discovery: "home assistant/#",
  led: "49",
  follows: "home/+/temperature",
  mode: "dry",
  target: "19.25",
  hysteresis: "0",
  minon: "2h",
  minoff: "-1s",
  hold: "25h",
  updatekey: "MIIhunter2=",
  trial: "59s",
  cooler: "-2",
  heater: "4.5",
  fan: "49",
  relay: "middle",
};

/** Values of these are not shown: they are secrets, or may hold one by mistake. */
const HIDDEN = new Set([Kind.PUBLIC_KEY, Kind.SECRET, Kind.BROKER, Kind.CERTIFICATE, Kind.KEY]);

describe("every setting", () => {
  it("has one entry, frozen, with a reason", () => {
    expect(new Set(SETTINGS.map(({ name }) => name)).size).toBe(SETTINGS.length);
    expect(Object.keys(defaults).sort()).toEqual(SETTINGS.map(({ name }) => name).sort());
    for (const entry of SETTINGS) {
      expect(Object.isFrozen(entry)).toBe(true);
      expect(entry.reason.length).toBeGreaterThan(10);
    }
  });

  it.each(all)("%s has its default when it is missing or empty, without a word", (name, entry) => {
    const value = name === "sensor" ? "simulated" : entry.default;
    for (const raw of [{}, { [name]: undefined }, { [name]: "" }]) {
      const { settings, problems } = read(raw);
      expect(settings[name]).toBe(value);
      expect(problems).toEqual([]);
    }
  });

  it.each(all)("%s allows its own default, as it is and as text", (name, entry) => {
    const value = name === "sensor" ? "simulated" : entry.default;
    expect(read({ [name]: value }).problems).toEqual([]);
    const { settings, problems } = read({ [name]: String(value) });
    expect([settings[name], problems]).toEqual([value, []]);
  });

  it.each(all)(
    "%s that is wrong costs one line with its name, its value and what is allowed",
    (name, { kind }) => {
      const wrong = WRONG[name];
      const { settings, problems } = read({ ...defaults, [name]: wrong });
      expect(settings).toEqual(defaults);
      expect(problems).toHaveLength(1);
      const [line] = problems;
      expect(line).toMatch(new RegExp(`^setting "${name}" is .+: allowed is .+$`));
      if (HIDDEN.has(kind)) expect(line).not.toContain("hunter2");
      else expect(line).toContain(`"${wrong.slice(0, 40)}`);
    },
  );

  it.each(all)("%s refuses what is neither text nor a number", (name) => {
    for (const wrong of [true, false, null, {}, [], () => 1, Number.NaN, 10n, Symbol("x")]) {
      const { settings, problems } = read({ [name]: wrong });
      // A number is as good as its text, and text may say anything where it is free.
      if (Number.isNaN(wrong) && isAllowed(name, "NaN")) continue;
      expect([problems.length, settings[name]]).toEqual([1, defaults[name]]);
    }
  });

  it("is read for itself: one that is wrong leaves the others as they are given", () => {
    const { settings, problems } = read({ interval: "soon", baud: "115200", topic: "attic" });
    expect(settings).toEqual({ ...defaults, baud: 115_200, topic: "attic" });
    expect(problems).toHaveLength(1);
  });

  it("that nobody knows is not looked at", () => {
    const { settings, problems } = read({ colour: "red", sntp: "" });
    expect([settings, problems]).toEqual([defaults, []]);
  });
});

describe("a number", () => {
  it.each(numbers)(
    "%s is allowed at both ends of its range and refused beyond them",
    (name, { minimum, maximum }) => {
      for (const value of [minimum, maximum, String(minimum), String(maximum)]) {
        expect(read({ [name]: value })).toMatchObject({ problems: [], settings: { [name]: Number(value) } });
      }
      for (const value of [
        minimum - 1,
        maximum + 1,
        Number.POSITIVE_INFINITY,
        `${maximum + 1}`,
        `${minimum - 1}`,
      ]) {
        const { problems } = read({ [name]: value });
        expect(problems).toHaveLength(1);
        expect(problems[0]).toContain(`"${value}"`);
      }
    },
  );

  it.each(whole)("%s is whole", (name, { minimum }) => {
    expect(isAllowed(name, minimum + 0.5)).toBe(false);
  });

  it.each(numbers)("%s refuses text that is no number", (name) => {
    for (const text of ["ten", " ", "1,5", "12abc", "--1"]) expect(isAllowed(name, text)).toBe(false);
  });

  it("of an address may be written as the datasheets do", () => {
    expect(read({ address: "0x48" }).settings.address).toBe(0x48);
  });

  it("of a duration may have a unit", () => {
    expect(read({ interval: "2.5s", diagnostics: "5m", heartbeat: "1d" }).settings).toMatchObject({
      interval: 2_500,
      diagnostics: 300_000,
      heartbeat: 86_400_000,
    });
  });
});

describe("a text", () => {
  it("of a server may say that there is none, where a device has kept one", () => {
    expect(read({ server: "off" })).toEqual({ settings: defaults, problems: [] });
  });

  it("of a topic has no control characters, which brokers may refuse [MQTT-1.5.3]", () => {
    for (const topic of ["a\x1b[31mb", "a\n", "\x7f", "a\x9f"]) expect(isAllowed("topic", topic)).toBe(false);
    expect(isAllowed("topic", "häuser/wärme")).toBe(true);
  });
});

describe("all as text", () => {
  it("as mcconfig gives it is read in each setting's own type", () => {
    const given: Settings = {
      ssid: "Casa 2",
      password: "correct horse",
      broker: "mqtts://ann:pass@broker.lan:8884",
      ca: CERTIFICATE,
      pin: "0123456789abcdef".repeat(4),
      cert: CERTIFICATE,
      key: KEY,
      server: "10.0.0.2:9000",
      serverpassword: "battery staple",
      topic: "home/attic",
      id: "attic-1",
      sensor: "uart",
      uart: "2",
      baud: 115_200,
      receive: 17,
      data: 4,
      clock: 5,
      address: 73,
      probe: "ds18b20",
      interval: 10_000,
      sampling: 1_000,
      heartbeat: 600_000,
      deadband: 0.25,
      offset: -1.5,
      twopoint: "0.4,0,41.1,40",
      median: 5,
      smoothing: 0.2,
      payload: "plain",
      keepalive: 60_000,
      window: 4,
      queue: 256,
      durability: "outage",
      full: "thin",
      spread: 30_000,
      diagnostics: 0,
      watchdog: 3_600_000,
      ntp: "10.0.0.1,time.lan:1123",
      device: "climate",
      discovery: "ha",
      led: 2,
      follows: "home/attic/temperature",
      mode: "auto",
      target: 19.5,
      hysteresis: 1,
      minon: 60_000,
      minoff: 120_000,
      hold: 0,
      updatekey: PUBLIC_KEY,
      trial: 86_400_000,
      cooler: -1,
      heater: 27,
      fan: 25,
      relay: "low",
    };
    const text = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
    expect(read(text)).toEqual({ settings: given, problems: [] });
  });

  it.each([
    ["ssid", 12_345_678, "12345678"],
    ["password", 12_345_678, "12345678"],
    ["uart", 1, "1"],
    ["id", 7, "7"],
  ] as const)("%s may come as a number all the same", (name, given, value) => {
    expect(read({ [name]: given }).settings[name]).toBe(value);
  });
});

describe("certificates and keys", () => {
  it.each([
    ["ca", CERTIFICATE],
    ["cert", pem("CERTIFICATE", CERTIFICATE)],
    ["ca", pem("CERTIFICATE", CERTIFICATE).repeat(2)],
    ["key", keys.pkcs8],
    ["key", keys.pkcs1],
    ["key", keys.sec1],
    ["key", keys.rsaPkcs8.replace(/-----[^-]+-----|\n/g, "")],
  ] as const)("%s is taken as PEM and as base64", (name, text) => {
    expect(read({ [name]: text })).toMatchObject({ problems: [], settings: { [name]: text } });
  });

  it.each([
    ["ca", keys.pkcs8, "a private key"],
    ["cert", keys.sec1, "a private key"],
    ["ca", keys.encrypted, "encrypted"],
    ["ca", keys.public, "a public key"],
    ["ca", CERTIFICATE.slice(0, 100), "cut short, or something else"],
    ["ca", "/etc/ca.pem", "neither PEM nor base64"],
    ["ca", `${CERTIFICATE}${" ".repeat(4_000)}`, "bytes long"],
    ["key", CERTIFICATE, "a certificate"],
    ["key", keys.encrypted, "encrypted"],
    ["key", keys.encryptedOld, "encrypted"],
    ["key", keys.public, "a public key"],
    ["key", pem("CERTIFICATE", CERTIFICATE) + keys.pkcs8, "cut short, or something else"],
    ["key", keys.pkcs8.slice(0, 60), "neither PEM nor base64"],
    ["updatekey", keys.pkcs8, "no public key"],
    ["updatekey", keys.encrypted, "encrypted"],
    ["updatekey", OTHER_CURVE, "a public key of another kind"],
  ] as const)("%s says what it is instead, and shows nothing of it", (name, text, instead) => {
    const { problems } = read({ [name]: text });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(
      new RegExp(`^setting "${name}" is .*${instead} \\(it may hold a secret.*allowed is`),
    );
    expect(problems[0]).not.toContain("\n");
    for (const line of text.split("\n").filter((part) => part.length > 20))
      expect(problems[0]).not.toContain(line);
  });

  it("updatekey says where one comes from", () => {
    expect(read({ updatekey: "x" }).problems[0]).toContain(
      "allowed is a public key on P-256 as PEM (update.pub of npm run ota -- keygen), or the base64",
    );
  });

  it("take as many bytes as a device can keep", () => {
    const fill = (length: number) => CERTIFICATE + " ".repeat(length - CERTIFICATE.length);
    expect(isAllowed("ca", fill(3_999))).toBe(true);
    expect(isAllowed("ca", fill(4_000))).toBe(false);
  });
});
