import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Devices } from "../../services/server/devices.js";
import { Events } from "../../services/server/events.js";
import { Ingest } from "../../services/server/ingest.js";
import { NOON, Store } from "../support/store.js";

const DAY = 86_400_000;

let store: Store;
let devices: Devices;
let events: Events;
let ingest: Ingest;
let now: number;
let replies: unknown[][];
beforeEach(() => begin());
afterEach(end);

function begin(limit?: number): void {
  now = NOON;
  replies = [];
  store = new Store();
  events = new Events();
  devices = new Devices(store, limit);
  const commands = { reply: (...values: unknown[]) => replies.push(values) };
  ingest = new Ingest(store, devices, events, commands, () => now);
}

function end(): void {
  events.close();
  store.close();
}

function take(topic: string, payload: string, retain = false): void {
  ingest.take({ topic, payload: Buffer.from(payload), retain });
}

const times = () => store.database.prepare("SELECT time FROM reading").raw().all().flat();
const reading = (time: number | undefined, seq = 1) =>
  JSON.stringify({ temperature: 21.5, time, seq, epoch: "5f3a09c1" });

describe("what comes", () => {
  it("is stored and remembered, with when it was taken and when it came", () => {
    take("home/attic/temperature", reading(NOON - 60_000));
    expect(times()).toEqual([NOON - 60_000]);
    expect(devices.list()).toEqual([
      {
        base: "home/attic",
        status: null,
        lastSeen: NOON,
        readings: { temperature: { value: 21.5, time: NOON - 60_000, received: NOON } },
        diagnostics: null,
        climate: null,
      },
    ]);
  });

  it.each([
    ["before 2020", 1_577_836_799_999],
    ["more than a day ahead", NOON + DAY + 1],
    ["not there", undefined],
  ])("is of the moment it came, where its time is %s", (_, time) => {
    take("home/attic/temperature", reading(time));
    expect(times()).toEqual([NOON]);
    // And gets its time when a copy says one.
    now += 5_000;
    take("home/attic/temperature", reading(NOON - 1));
    expect(times()).toEqual([NOON - 1]);
    expect(ingest.counts).toMatchObject({ stored: 1, repeated: 1 });
  });

  it.each([
    ["value", "temperature", '{"temperature":99,"time":1795176000000,"seq":1,"epoch":"5f3a09c1"}'],
    ["value and no time", "temperature", '{"temperature":99,"seq":1,"epoch":"5f3a09c1"}'],
    ["quantity", "humidity", '{"humidity":21.5,"time":1795176000000,"seq":1,"epoch":"5f3a09c1"}'],
  ])("is no copy where it has the number of another reading, and another %s", (_, quantity, other) => {
    for (const first of [reading(NOON), reading(undefined)]) {
      end();
      begin();
      take("home/attic/temperature", first);
      take(`home/attic/${quantity}`, other);
      take("home/attic/temperature", first);
      expect(ingest.counts).toMatchObject({ stored: 1, repeated: 1, conflicting: 1 });
      expect(devices.list()[0].readings).toMatchObject({ temperature: { value: 21.5, time: NOON } });
      expect(devices.list()[0].readings).not.toHaveProperty("humidity");
    }
  });

  it.each([1_577_836_800_000, NOON + DAY])("is believed at %s", (time) => {
    take("home/attic/temperature", reading(time));
    expect(times()).toEqual([time]);
  });

  it("is not stored where a bare number is retained, for it may be any age", () => {
    take("home/attic/temperature", "21.5", true);
    take("home/attic/temperature", '{"temperature":21.5,"time":5}', true);
    expect(times()).toEqual([]);
    take("home/attic/temperature", "21.5");
    take("home/attic/temperature", '{"temperature":21.5,"time":1795175999000}', true);
    expect(times()).toHaveLength(2);
  });

  it("leaves the newest value, when a late one comes", () => {
    take("home/attic/temperature", reading(NOON, 2));
    take(
      "home/attic/temperature",
      '{"temperature":3,"time":1795175000000,"seq":1,"epoch":"5f3a09c1","late":true}',
    );
    expect(devices.get("home/attic")?.readings["temperature"]).toMatchObject({ value: 21.5, time: NOON });
  });

  it("says nothing of when a device was there, where it is retained", () => {
    take("home/attic/status", "offline", true);
    expect(devices.get("home/attic")).toMatchObject({ status: "offline", lastSeen: null });
    take("home/attic/status", "online");
    expect(devices.get("home/attic")).toMatchObject({ status: "online", lastSeen: NOON });
  });

  it("says when a device was there by the time of its reading, where that is retained", () => {
    take("home/attic/temperature", reading(NOON - 5_000), true);
    expect(devices.get("home/attic")).toMatchObject({
      lastSeen: NOON - 5_000,
      readings: { temperature: { time: NOON - 5_000, received: NOON - 5_000 } },
    });
    take("home/cellar/temperature", reading(undefined), true);
    expect(devices.get("home/cellar")).toMatchObject({ lastSeen: null });
    take("home/attic/temperature", reading(NOON - 5_000));
    expect(devices.get("home/attic")).toMatchObject({ lastSeen: NOON });
  });

  it("is the state of an air conditioner", () => {
    take("home/attic/climate/mode", "cool", true);
    take("home/attic/climate/target", "19.5");
    take("home/attic/climate/action", "idle");
    expect(devices.get("home/attic/climate")?.climate).toEqual({
      mode: "cool",
      target: 19.5,
      action: "idle",
    });
  });

  it("is the answer to a command, but not one that is retained", () => {
    const reply = '{"id":"a1","outcome":"refused","reason":"no"}';
    take("home/attic/command/reply", reply, true);
    take("home/attic/command/reply", reply);
    expect(replies).toEqual([["home/attic", "a1", "refused", "no"]]);
  });

  it("is counted and left out where it is malformed, and makes no device", () => {
    take("home/attic/temperature", "warm");
    take("home/attic/temperature", "1e400");
    take("home/attic/light", "on");
    expect(ingest.counts.malformed).toBe(2);
    expect(devices.count).toBe(0);
  });

  it("is left out where it is of a device too many; those that are known go on", () => {
    end();
    begin(2);
    for (const base of ["a/1", "a/2", "a/3"]) take(`${base}/temperature`, reading(NOON));
    take("a/2/temperature", reading(NOON, 2));
    expect(devices.list().map(({ base }) => base)).toEqual(["a/1", "a/2"]);
    expect(ingest.counts).toMatchObject({ stored: 3, crowded: 1 });
    expect(store.devices()).toHaveLength(2);
  });

  it("is known again after a restart", () => {
    take("home/attic/temperature", reading(NOON - 5));
    take("home/attic/humidity", '{"humidity":45,"time":1795175999000,"seq":7,"epoch":"5f3a09c1"}');
    const before = devices.get("home/attic");
    expect(new Devices(store).get("home/attic")).toEqual(before);
  });

  it("harms nothing, whatever it is", () => {
    const topic = fc.array(
      fc.oneof(
        fc.string(),
        fc.constantFrom("temperature", "status", "diagnostics", "mode", "command", "reply"),
      ),
      { minLength: 1, maxLength: 4 },
    );
    const payload = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(topic, payload, fc.boolean(), (levels, bytes, retain) => {
        ingest.take({ topic: levels.join("/"), payload: bytes, retain });
      }),
      { numRuns: 500 },
    );
    expect(() => JSON.stringify(devices.list())).not.toThrow();
  });
});
