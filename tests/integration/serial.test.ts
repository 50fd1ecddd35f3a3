import { closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import { Serial, type SerialOptions } from "../../host-sim/io/serial.js";
import {
  hasProgram,
  pause,
  type SerialPair,
  serialPair,
  temporaryDirectory,
  until,
} from "../support/peers.js";

const run = hasProgram("socat") ? it : it.skip;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function cable(): Promise<SerialPair> {
  const pair = await serialPair();
  cleanups.push(() => pair.close());
  return pair;
}

function open(device: string, options: Partial<SerialOptions> = {}) {
  const events: string[] = [];
  let text = "";
  const port: Serial = new Serial({
    device,
    baud: 115_200,
    onReadable: () => {
      text += Buffer.from(port.read() as ArrayBuffer).toString();
    },
    onWritable: (count) => events.push(`writable ${count}`),
    onError: (reason) => events.push(`error ${reason?.message}`),
    ...options,
  });
  cleanups.push(() => port.close());
  return { port, events, text: () => text };
}

/** The sensor's end of the cable, of Node's files alone. */
function sensor(device: string): (text: string) => void {
  const file = openSync(device, constants.O_RDWR | constants.O_NOCTTY);
  cleanups.push(() => closeSync(file));
  return (text) => writeSync(file, text);
}

describe("Serial", () => {
  it("refuses to be made without a device or a baud rate", () => {
    expect(() => new Serial({ baud: 9600 })).toThrow("device is missing");
    expect(() => new Serial({ baud: 9600, device: "" })).toThrow(TypeError);
    expect(() => new Serial({ device: "/dev/null" })).toThrow(RangeError);
    expect(() => new Serial({ device: "/dev/null", baud: 0 })).toThrow(RangeError);
  });

  it("reports a device that does not exist by onError, once, with its name, and does not throw", async () => {
    const directory = temporaryDirectory();
    cleanups.push(directory.remove);
    const device = join(directory.path, "ttyUSB7");
    const { port, events } = open(device);
    expect(events).toEqual([]);
    await until(() => events.length > 0);
    await pause(20);
    expect(events).toEqual([`error ${device} does not exist`]);
    expect(() => port.read()).toThrow(SyntaxError);
    port.close();
  });

  it("closed before the device was found missing is silent", async () => {
    const { port, events } = open("/nowhere/ttyUSB7");
    port.close();
    await pause(50);
    expect(events).toEqual([]);
  });

  run("receives lines whole and in order (needs socat)", async () => {
    const pair = await cable();
    const { events, text } = open(pair.a);
    await until(() => events.length > 0);
    expect(events).toEqual(["writable 128"]);
    const say = sensor(pair.b);
    const lines = Array.from({ length: 500 }, (_, index) => `T=${index}.25\r\n`);
    for (let at = 0; at < lines.length; at += 50) {
      say(lines.slice(at, at + 50).join(""));
      await pause(2);
    }
    const sent = lines.join("");
    await until(() => text().length >= sent.length);
    expect(text()).toBe(sent);
  });

  run("sends bytes as they are, and is writable again (needs socat)", async () => {
    const pair = await cable();
    const near = open(pair.a);
    const got: number[] = [];
    const far = open(pair.b, {
      format: "number",
      onReadable: (count) => {
        for (let i = 0; i < count; i++) got.push(far.port.read() as unknown as number);
      },
    });
    await until(() => near.events.length > 0 && far.events.length > 0);
    const sent = [0, 3, 4, 10, 13, 17, 19, 26, 127, 128, 255];
    near.port.write(Uint8Array.from(sent));
    await until(() => got.length === sent.length && near.events.length > 1);
    expect(got).toEqual(sent);
    expect(near.events).toEqual(["writable 128", "writable 128"]);
  });

  run("reports once that the port is gone, and is closed then (needs socat)", async () => {
    const pair = await cable();
    const { port, events } = open(pair.a);
    await until(() => events.length > 0);
    await pair.unplug();
    await until(() => events.length > 1);
    await pause(50);
    expect(events).toEqual(["writable 128", expect.stringMatching(/^error .*gone/)]);
    expect(() => port.write(Uint8Array.of(1))).toThrow(SyntaxError);
  });

  run("says that a port is in use by another (needs socat)", async () => {
    const pair = await cable();
    const first = open(pair.a);
    await until(() => first.events.length > 0);
    const second = open(pair.a);
    await until(() => second.events.length > 0);
    expect(second.events).toEqual([`error ${pair.a} is in use by another program`]);
  });

  run("closed twice is harmless, is silent, and frees the device (needs socat)", async () => {
    const pair = await cable();
    const early = open(pair.a);
    early.port.close();
    await pause(50);
    const { port, events, text } = open(pair.a);
    await until(() => events.length > 0);
    port.close();
    port.close();
    await pause(50);
    sensor(pair.b)("unheard\n");
    await pause(20);
    expect([early.events, events, text()]).toEqual([[], ["writable 128"], ""]);
    const again = open(pair.a);
    await until(() => again.events.length > 0);
    expect(again.events).toEqual(["writable 128"]);
  });
});
