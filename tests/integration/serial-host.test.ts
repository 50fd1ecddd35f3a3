import fs from "node:fs";
import { MessageChannel } from "node:worker_threads";
import { afterEach, describe, expect, it } from "@jest/globals";
import type { Serial, SerialClass } from "../../firmware/ports.js";
import { remoteSerial } from "../../host-sim/io/remote-serial.js";
import { SerialHost } from "../../host-sim/io/serial-host.js";
import { hasProgram, type SerialPair, serialPair, until } from "../support/peers.js";

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

/** A class whose ports are at the other end of a channel. */
function remote(): { io: SerialClass; host: SerialHost } {
  const { port1, port2 } = new MessageChannel();
  const host = new SerialHost(port1);
  cleanups.push(() => host.close());
  return { io: remoteSerial(port2), host };
}

function open(Class: SerialClass, device: string) {
  const events: string[] = [];
  let text = "";
  const options = {
    device,
    baud: 115_200,
    format: "buffer",
    onReadable(this: Serial, count: number) {
      const bytes = new Uint8Array(count);
      this.read(bytes);
      text += Buffer.from(bytes).toString();
    },
    onWritable: (count: number) => events.push(`writable ${count}`),
    onError: (reason?: Error) => events.push(`error ${reason?.message}`),
  };
  const port = new Class(options) as Serial & { write(data: Uint8Array): void };
  cleanups.push(() => port.close());
  return { port, events, text: () => text };
}

/** Whether this process has a file open. */
const isOpen = (file: string) =>
  fs.readdirSync("/proc/self/fd").some((number) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${number}`) === file;
    } catch {
      return false;
    }
  });

describe("a serial port at the other end of a channel", () => {
  run("passes bytes both ways, and says how many more it takes (needs socat)", async () => {
    const { a, b } = await cable();
    const { io } = remote();
    const near = open(io, a);
    const far = open(remote().io, b);
    await until(() => near.events.length > 0 && far.events.length > 0);
    expect(near.events).toEqual(["writable 128"]);
    near.port.write(Buffer.from("x".repeat(128)));
    expect(() => near.port.write(Buffer.from("y"))).toThrow("output full");
    await until(() => near.events.length > 1);
    far.port.write(Buffer.from("21.5\n"));
    await until(() => far.text().length === 128 && near.text() === "21.5\n");
    expect(near.events.at(-1)).toBe("writable 128");
  });

  run("tells which one is lost, and that once (needs socat)", async () => {
    const pair = await cable();
    const { io } = remote();
    const [one, other] = [open(io, pair.a), open(io, pair.b)];
    await until(() => one.events.length > 0 && other.events.length > 0);
    const missing = open(io, `${pair.a}-missing`);
    await until(() => missing.events.length > 0);
    expect(missing.events).toEqual([`error ${pair.a}-missing does not exist`]);
    await pair.unplug();
    await until(() => one.events.length > 1 && other.events.length > 1);
    expect(one.events).toEqual(["writable 128", `error ${pair.a} is gone`]);
    expect(other.events).toEqual(["writable 128", `error ${pair.b} is gone`]);
  });

  run("is free for others when the host has closed, whatever it was doing (needs socat)", async () => {
    const { a, b } = await cable();
    const { io, host } = remote();
    const file = fs.realpathSync(a);
    const opened = open(io, a);
    await until(() => opened.events.length > 0);
    if (fs.existsSync("/proc/self/fd")) expect(isOpen(file)).toBe(true);
    open(io, b);
    open(io, `${a}-missing`);
    await host.close();
    if (fs.existsSync("/proc/self/fd"))
      for (const end of [file, fs.realpathSync(b)]) expect(isOpen(end)).toBe(false);
    const again = open(remote().io, a);
    await until(() => again.events.length > 0);
    expect(again.events).toEqual(["writable 128"]);
  });

  run("can be closed while it is being opened (needs socat)", async () => {
    const { a } = await cable();
    const { io, host } = remote();
    open(io, a).port.close();
    open(io, `${a}-missing`).port.close();
    // Both requests of each are there now.
    await new Promise((resolve) => setTimeout(resolve, 0));
    await host.close();
    if (fs.existsSync("/proc/self/fd")) expect(isOpen(fs.realpathSync(a))).toBe(false);
  });

  it("checks its options as the class of the main thread does", () => {
    const { io } = remote();
    const make = (options: object) => new io(options as ConstructorParameters<SerialClass>[0]);
    expect(() => make({ baud: 9_600 })).toThrow("device is missing");
    expect(() => make({ device: "/dev/null" })).toThrow(RangeError);
    expect(() => make({ device: "/dev/null", baud: 0 })).toThrow(RangeError);
  });
});
