import type { ServerResponse } from "node:http";
import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { Devices } from "../../services/server/devices.js";
import { Events } from "../../services/server/events.js";
import { Store } from "../support/store.js";

let events: Events;
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate"] });
  events = new Events();
});
afterEach(() => {
  events.close();
  jest.useRealTimers();
});

/** A page that reads, or does not. */
class Page extends Writable {
  text = "";
  writes = 0;
  reads: boolean;
  constructor(reads: boolean) {
    super();
    this.reads = reads;
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    this.writes++;
    if (this.reads) done();
  }
}

function open(reads: boolean): Page {
  const page = new Page(reads);
  events.add(page as unknown as ServerResponse);
  return page;
}

const say = (value: number) => events.reading(0, "home/attic", { time: 5, value, late: false });

describe("events", () => {
  it("begin with how often to come again, and the link to the broker", () => {
    events.setBroker({ connected: true, reason: null });
    const page = open(true);
    expect(page.text).toBe('retry: 2000\n\nevent: broker\ndata: {"connected":true,"reason":null}\n\n');
  });

  it("of a tenth of a second are one write, whatever their number", () => {
    const page = open(true);
    const before = page.writes;
    for (let i = 0; i < 100; i++) say(i);
    expect(page.writes).toBe(before);
    jest.advanceTimersByTime(100);
    expect(page.writes).toBe(before + 1);
    expect(page.text.match(/event: reading/g)).toHaveLength(100);
  });

  it("say of a device once how it is, however often it has changed in that time", () => {
    const store = new Store();
    const devices = new Devices(store);
    const device = devices.ensure("home/attic");
    if (!device) throw new Error("no device");
    const page = open(true);
    for (const status of ["online", "offline", "online"] as const) {
      device.status = status;
      events.device(device);
    }
    jest.advanceTimersByTime(100);
    say(1);
    jest.advanceTimersByTime(100);
    expect(page.text.match(/event: device\ndata: .*/g)).toEqual([
      `event: device\ndata: ${JSON.stringify(device)}`,
    ]);
    store.close();
  });

  it("say that the connection is alive", () => {
    const page = open(true);
    jest.advanceTimersByTime(15_000);
    expect(page.text.endsWith(": keep-alive\n\n")).toBe(true);
  });

  it("are cut off for a page that does not read, before it costs a megabyte, and go on for others", () => {
    const [deaf, page] = [open(false), open(true)];
    let most = 0;
    for (let i = 0; i < 20_000; i++) {
      say(i);
      most = Math.max(most, deaf.writableLength);
    }
    jest.advanceTimersByTime(200);
    expect(deaf.destroyed).toBe(true);
    expect(most).toBeLessThan(1_000_000);
    expect(page.text.match(/event: reading/g)).toHaveLength(20_000);
  });

  it("cost nothing where no page is open", () => {
    for (let i = 0; i < 10; i++) say(i);
    jest.advanceTimersByTime(100);
    expect(open(true).text).not.toContain("event: reading");
  });

  it("end with the server", () => {
    const page = open(true);
    events.close();
    expect(page.destroyed).toBe(true);
  });
});
