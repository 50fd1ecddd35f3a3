/** Programs for an ECMA-419 host, each in a process of its own, as a user runs them. */

import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import { startEmbeddedBroker } from "../../host-sim/world/embedded-broker.js";
import { runProgram, startProgram } from "../support/moddable-program.js";
import { freePort } from "../support/peers.js";
import { scratchDirectory, stopAll } from "../support/programs.js";

afterEach(stopAll);

const PROGRAMS = "tests/programs";

describe("node --import ./host-sim/register.js", () => {
  it("runs a TCP server and its client", () => {
    const { status, lines } = runProgram(`${PROGRAMS}/tcp-echo.js`);
    expect([status, lines]).toEqual([0, ["client: hello", "server: the client is gone"]]);
  });

  it("runs a program that sends itself a packet, on a port from its command line", async () => {
    const { status, lines } = runProgram(`${PROGRAMS}/udp.js`, { args: [`port=${await freePort()}`] });
    expect([status, lines]).toEqual([0, ["buffer", "1 from 127.0.0.1: datagram"]]);
  });

  it("runs sensor drivers on the simulated parts of the default bus", () => {
    const { status, output } = runProgram(`${PROGRAMS}/sensors.js`);
    const match = /^thermometer (\d\d\.\d\d)\nboth (\d\d\.\d\d) (\d\d\.\d)\n$/.exec(output);
    expect([status, match === null]).toEqual([0, false]);
    for (const temperature of (match as RegExpExecArray).slice(1, 3).map(Number)) {
      expect(temperature).toBeGreaterThan(22);
      expect(temperature).toBeLessThan(26.1);
    }
  });

  it("runs drivers of a user's own parts, which a module brings that is loaded before", () => {
    const { status, lines } = runProgram(`${PROGRAMS}/own-driver.js`, {
      imports: [`./${PROGRAMS}/own-chip.js`],
    });
    expect([status, lines]).toEqual([0, ["counter 40 41", "memory 1,2,3"]]);
  });

  it("runs a program on pins: edges come later, jumpers connect, and the light is dimmed", () => {
    const { status, lines } = runProgram(`${PROGRAMS}/pins.js`);
    const expected = ["input 1", "light 0.50", "analog 1024 of 12 bits", "rising, 1"];
    expect([status, lines]).toEqual([0, expected]);
  });

  it("brings Wi-Fi up with what is on the command line", () => {
    const { status, lines } = runProgram(`${PROGRAMS}/wifi.js`, { args: ["ssid=Casa", "password=x"] });
    const expected = ["connection 200", "connection 400", "connection 500", "joined Casa"];
    expect([status, lines]).toEqual([0, expected]);
  });

  it("speaks MQTT to a broker, by the client that the device has", async () => {
    const broker = await startEmbeddedBroker(0);
    try {
      const program = startProgram(`${PROGRAMS}/mqtt.js`, { args: [`port=${broker.port}`] });
      expect([await program.exited, program.lines]).toEqual([0, ["home/temperature 21.4"]]);
    } finally {
      await broker.close();
    }
  });

  it("has the globals of XS, and Moddable's modules for data", () => {
    const { status, lines } = runProgram(`${PROGRAMS}/globals.js`);
    expect([status, lines]).toEqual([
      0,
      ["123456789é", "4660", "true", "f4 bb3d", "15E2B0D3 MTIzNDU2Nzg5", "0,1,2 123456789 /b", "true 2"],
    ]);
  });

  it("finds modules, settings and what is to be preloaded by the program's manifest, TypeScript too", () => {
    const { status, lines, errors } = runProgram(`${PROGRAMS}/with-manifest/main.js`);
    expect([status, lines, errors]).toEqual([0, ["hello, world, pin 13, every 5 s, true"], ""]);
  });
});

describe("what a program keeps", () => {
  const storage = (env: NodeJS.ProcessEnv = {}) => runProgram(`${PROGRAMS}/storage.js`, { env });
  const expected = (boot: number, log: string, flash: string) => [
    `boot ${boot}, boots`,
    `log ${log}`,
    `flash ${flash} of 224`,
    "partitions otadata,ota_0,ota_1,journal",
  ];

  it("is gone with the process without HEARTH_STATE", () => {
    for (let run = 0; run < 2; run++) expect(storage().lines).toEqual(expected(1, "1;", "1,255,255,255"));
  });

  it("is there again with the HEARTH_STATE of before", () => {
    const HEARTH_STATE = path.join(scratchDirectory(), "device");
    expect(storage({ HEARTH_STATE }).lines).toEqual(expected(1, "1;", "1,255,255,255"));
    expect(storage({ HEARTH_STATE }).lines).toEqual(expected(2, "1;2;", "1,2,255,255"));
  });

  it("has the partitions of the table that HEARTH_PARTITIONS names", () => {
    const table = path.join(scratchDirectory(), "partitions.csv");
    fs.writeFileSync(table, "# mine\njournal, data, 0x40, , 8K\n\nxs_test, data, 1, 0x20000, 0x1000\n");
    expect(storage({ HEARTH_PARTITIONS: table }).lines.slice(2)).toEqual([
      "flash 1,255,255,255 of 2",
      "partitions journal,xs_test",
    ]);
  });

  it("holds an update, which is chosen to run", () => {
    const HEARTH_STATE = scratchDirectory();
    const { status, lines } = runProgram(`${PROGRAMS}/update.js`, { env: { HEARTH_STATE } });
    expect([status, lines]).toEqual([0, ["complete"]]);
    const [first, second] = ["ota_0", "ota_1"].map((slot) =>
      fs.readFileSync(path.join(HEARTH_STATE, `${slot}.flash`)).subarray(0, 16_384),
    );
    expect(second.equals(first)).toBe(true);
  });
});

describe("a program that cannot run", () => {
  const program = (source: string) => {
    const file = path.join(scratchDirectory(), "program.mjs");
    fs.writeFileSync(file, source);
    return { file, ...runProgram(file) };
  };

  it.each([
    ["embedded:io/bluetoothle/central", "import BLE from 'embedded:io/bluetoothle/central'"],
    ["piu/MC", "import {} from 'piu/MC'"],
    ["./nowhere", "import {} from './nowhere'"],
  ])("for want of the module %s says so in one line", (name, source) => {
    const { status, errors, file } = program(source);
    expect(status).toBe(1);
    expect(errors.trimEnd().split("\n")).toHaveLength(1);
    expect(errors).toContain(`hearth: there is no module "${name}", which ${file} imports`);
  });

  it("can find out for itself which modules there are", () => {
    const { status, lines } = program(
      "try { await import('embedded:x') } catch (error) { trace(error.message.split(',')[0], '\\n') }",
    );
    expect([status, lines]).toEqual([0, ['there is no module "embedded:x"']]);
  });

  it("for want of a manifest that is JSON says so in one line", () => {
    const directory = scratchDirectory();
    fs.writeFileSync(path.join(directory, "manifest.json"), "{");
    fs.writeFileSync(path.join(directory, "main.js"), "");
    const { status, errors } = runProgram(path.join(directory, "main.js"));
    expect(status).toBe(1);
    expect(errors).toMatch(/^hearth: .*manifest\.json cannot be read as a manifest: .*\n$/);
  });

  it("for want of a state directory, or of a partition table that is one, says so in one line", () => {
    const storage = `${PROGRAMS}/storage.js`;
    const file = path.join(scratchDirectory(), "table.csv");
    fs.writeFileSync(file, "journal, data\n");
    for (const [env, reason] of [
      [{ HEARTH_STATE: path.join(file, "x") }, "table.csv/x cannot be made: not a directory"],
      [{ HEARTH_PARTITIONS: file }, "table.csv, line 1: a row is name, type, subtype, offset, size"],
      [{ HEARTH_PARTITIONS: "/nowhere.csv" }, "/nowhere.csv"],
    ] as const) {
      const { status, errors } = runProgram(storage, { env });
      expect([status, errors.trimEnd().split("\n").length]).toEqual([1, 1]);
      expect(errors).toContain(reason);
    }
  });

  it("for want of a serial port says in one line how to name one", () => {
    const { status, errors } = program("new device.io.Serial({ ...device.Serial.default, baud: 9600 })");
    expect([status, errors]).toEqual([
      1,
      "hearth: no serial port: name one in the environment, as HEARTH_SERIAL=/dev/ttyUSB0\n",
    ]);
  });

  it("as it throws fails as any program of Node does, with where it was", () => {
    const { status, errors, file } = program("throw new RangeError('mine')");
    expect(status).toBe(1);
    expect(errors).toContain("RangeError: mine");
    expect(errors).toContain(file);
  });
});
