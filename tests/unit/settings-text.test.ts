import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { Settings } from "../../firmware/config.js";
import { brokerOf, parsePoints, problemWith, readSettings, timeServersOf } from "../../firmware/settings.js";

const isAllowed = (name: keyof Settings, value: unknown) => problemWith(name, value) === undefined;

function read(raw: Record<string, unknown>) {
  const problems: string[] = [];
  return { settings: readSettings(raw, ["simulated", "tmp117", "uart"], problems), problems };
}

describe("a problem's line", () => {
  it.each([
    ["password", "hunter2-".repeat(9)],
    ["password", ["hunter2"]],
    ["broker", "mqtt://ann:hunter2@bro ker"],
    ["broker", "ann:hunter2@broker"],
    ["server", "mqtt://ann:hunter2@broker"],
    ["topic", "mqtt://ann:hunter2@broker/#"],
    ["broker", `mqtt://ann:hunter2@${"x".repeat(600)}`],
  ])("never shows a secret: %s", (name, value) => {
    const { problems } = read({ [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).not.toContain("hunter2");
  });

  it("stays one line, whatever the value holds", () => {
    for (const name of ["topic", "server", "sensor", "interval", "baud", "twopoint"]) {
      const { problems } = read({ [name]: "a\n+\rb" });
      expect(problems).toHaveLength(1);
      expect(problems[0]).not.toMatch(/[\n\r]/);
    }
  });

  it("does not grow with the value", () => {
    expect(read({ topic: "x".repeat(10_000) }).problems[0].length).toBeLessThan(250);
  });

  it("names the board's sensors where the sensor is not one of them", () => {
    expect(read({ sensor: "sht3x" }).problems[0]).toContain("simulated, tmp117, uart");
  });
});

describe("text", () => {
  it("is measured in bytes of UTF-8", () => {
    expect(isAllowed("ssid", "é".repeat(16))).toBe(true);
    expect(isAllowed("ssid", "é".repeat(17))).toBe(false);
  });

  it("has no U+0000", () => {
    expect(isAllowed("ssid", "a\0b")).toBe(false);
  });

  it.each([
    ["home/livingroom", true],
    ["Küche", true],
    ["a//b", true],
    ["home/$x", true],
    ["x".repeat(128), true],
    ["x".repeat(129), false],
    ["", false],
    ["/home", false],
    ["home/", false],
    ["home/+", false],
    ["home/#", false],
    ["$SYS/home", false],
    ["home\0", false],
  ])("%j as a topic base: %p", (topic, expected) => {
    expect(isAllowed("topic", topic)).toBe(expected);
  });

  it("gives the broker's parts, and nothing where there is none", () => {
    expect(brokerOf(read({ broker: "mqtt://ann:pw@host" }).settings)).toEqual({
      secure: false,
      user: "ann",
      password: "pw",
      host: "host",
      port: 1883,
    });
    expect(brokerOf(read({}).settings)).toBeUndefined();
  });
});

describe("parsePoints", () => {
  it.each([
    ["0.4,0,41.1,40", [0.4, 0, 41.1, 40]],
    [" 0.4 , 0 , 41.1 , 40 ", [0.4, 0, 41.1, 40]],
    ["-1,-2,3,4", [-1, -2, 3, 4]],
  ])("reads %j", (text, points) => {
    expect(parsePoints(text)).toEqual(points);
  });

  it.each([
    [""],
    ["1,2,3"],
    ["1,2,3,4,5"],
    ["1,2,,4"],
    ["1,2,x,4"],
    ["5,2,5,4"],
    ["1,2,1000,4"],
    ["1,NaN,2,3"],
  ])("refuses %j", (text) => {
    expect(parsePoints(text)).toBeUndefined();
  });

  it("takes any text without throwing", () => {
    fc.assert(fc.property(fc.string(), (text) => void parsePoints(text)));
  });
});

describe("the time servers", () => {
  const servers = (ntp?: string) => timeServersOf(read({ ntp }).settings);

  it("are several of different operators by default, and none of the pool, which asks for a zone of one's own", () => {
    const hosts = servers().map(({ host }) => host);
    const operators = hosts.map((host) => host.split(".").slice(-2).join("."));
    expect(new Set(operators).size).toBeGreaterThanOrEqual(3);
    expect(operators).not.toContain("ntp.org");
  });

  it("are those of the setting, up to four, at NTP's port where it names none", () => {
    expect(servers("192.168.1.1,time.lan:1123")).toEqual([
      { host: "192.168.1.1", port: 123 },
      { host: "time.lan", port: 1123 },
    ]);
    expect(servers("a,b,c,d")).toHaveLength(4);
    expect(isAllowed("ntp", "a,b,c,d,e")).toBe(false);
  });

  it("are none where the setting is off", () => {
    expect(servers("off")).toEqual([]);
  });
});
