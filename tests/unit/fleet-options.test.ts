import { describe, expect, it } from "@jest/globals";
import { parseFleetArguments } from "../../bench/fleet/options.js";
import { UsageError } from "../../cli/command.js";

const parse = (...argv: string[]) => parseFleetArguments(argv);

describe("the options of npm run fleet", () => {
  it("have defaults, of which two differ in simulated time", () => {
    expect(parse()).toMatchObject({
      devices: 2_000,
      broker: undefined,
      topic: "fleet",
      interval: 1_000,
      duration: 60_000,
      kick: undefined,
      spread: 30_000,
      ramp: 200,
      virtual: false,
      json: false,
    });
    expect(parse("--virtual")).toMatchObject({ devices: 10_000, interval: 10_000, virtual: true, seed: 1 });
  });

  it("are taken as they are given", () => {
    expect(
      parse(
        ...["--devices", "50", "--topic", "a/b", "--interval", "5s", "--for", "2m", "--spread", "40s"],
        ...["--ramp", "500", "--processes", "4", "--log", "json", "--kick"],
      ),
    ).toEqual({
      devices: 50,
      broker: undefined,
      topic: "a/b",
      interval: 5_000,
      duration: 120_000,
      kick: 1_000,
      spread: 40_000,
      ramp: 500,
      processes: 4,
      virtual: false,
      seed: 1,
      json: true,
    });
    expect(parse("--kick", "30s")?.kick).toBe(30_000);
    expect(parse("--broker", "mqtt://u:p@192.168.1.2", "--kick")).toMatchObject({
      kick: 1_000,
      broker: { endpoint: { host: "192.168.1.2", port: 1883, user: "u", password: "p" }, secure: undefined },
    });
  });

  it("never ask for more processes than there are devices", () => {
    expect(parse("--devices", "2", "--processes", "8")?.processes).toBe(2);
  });

  it.each<[string[], RegExp]>([
    [["--devices", "0"], /--devices.*whole number from 1 to 60000/],
    [["--devices", "many"], /whole number/],
    [["--interval", "50ms"], /--interval is "50ms": allowed is a duration from 100ms to 1d/],
    [["--interval", "soon"], /--interval is "soon"/],
    [["--for", "2d"], /--for is "2d": allowed is a duration up to 1d/],
    [["--kick", "2h"], /--kick is "2h".*1h/],
    [["--spread", "11m"], /--spread is "11m".*10m/],
    [["--ramp", "0"], /--ramp.*whole number from 1/],
    [["--processes", "0"], /--processes/],
    [["--topic", "a/#"], /--topic is "a\/#": allowed is a topic/],
    [["--topic", "x".repeat(59)], /--topic .*1 to 58 bytes/],
    [["--broker", "http://x"], /option --broker/],
    [["--broker", "mqtt://x", "--virtual"], /--broker is for real sockets, and --virtual has none/],
    [["--processes", "2", "--virtual"], /--processes is for real sockets/],
    [["--broker", "mqtt://x", "--kick", "5s"], /--kick takes no duration with --broker/],
    [["--seed", "3"], /--seed goes with --virtual/],
    [["--pin", "ab"], /--pin is for a broker at mqtts/],
    [["--device", "5"], /unknown option '--device'/],
    [["more"], /too many arguments/],
  ])("are refused in one line: %j", (argv, message) => {
    expect(() => parse(...argv)).toThrow(UsageError);
    expect(() => parse(...argv)).toThrow(message);
    try {
      parse(...argv);
    } catch (error) {
      expect((error as Error).message).not.toContain("\n");
    }
  });
});
