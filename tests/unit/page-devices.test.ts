import { describe, expect, it } from "@jest/globals";
import { Activity } from "../../page/activity.js";
import { Choice, SLOTS } from "../../page/choice.js";
import { Devices } from "../../page/devices.js";
import { deviceOf, type Reading } from "../../page/wire.js";

const reading = (time: number, value: number, late = false): Reading => ({
  ...{ base: "home/a", quantity: "temperature", was: null },
  ...{ time, value, late },
});
const device = (base: string, time = 0, value = 0) =>
  deviceOf({ base, readings: { temperature: { value, time, received: time } } })!;

describe("devices that are known", () => {
  it("have their newest reading, whatever comes late or again", () => {
    const changed: string[] = [];
    const devices = new Devices((base) => changed.push(base));
    const value = () => devices.get("home/a")?.readings.get("temperature")?.value;
    devices.read(reading(1_000, 1), 1_000);
    devices.read(reading(2_000, 2), 2_000);
    devices.read(reading(1_500, 1.5), 2_100);
    devices.read(reading(2_500, 9, true), 2_200);
    expect(value()).toBe(2);
    // A list that was on its way is older than what was told meanwhile.
    devices.replaceAll([device("home/a", 1_000, 1)]);
    expect(value()).toBe(2);
    devices.replaceAll([device("home/a", 3_000, 3)]);
    expect(value()).toBe(3);
    expect(changed).toEqual(["home/a", "home/a", "home/a", "home/a"]);
  });

  it("are gone when the server has them no more", () => {
    const changed: string[] = [];
    const devices = new Devices((base) => changed.push(base));
    devices.replaceAll([device("home/a"), device("home/b")]);
    devices.replaceAll([device("home/b")]);
    expect(devices.all.map(({ base }) => base)).toEqual(["home/b"]);
    expect(changed.at(-1)).toBe("home/a");
  });

  it("have a pace, which one long pause does not change much", () => {
    const devices = new Devices(() => {});
    for (let time = 0; time <= 100_000; time += 5_000) devices.read(reading(time, 1), time);
    expect(devices.pace("home/a")).toBe(5_000);
    devices.read(reading(10_000_000, 1), 10_000_000);
    expect(devices.pace("home/a")).toBe(14_000);
  });
});

describe("the choice of what is drawn", () => {
  const memory = () => {
    const kept = new Map<string, string>();
    return {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
  };

  it("is the first four, until somebody chooses, who is remembered", () => {
    const kept = memory();
    const choice = new Choice(kept);
    for (const base of ["a", "b", "c", "d", "e"]) choice.offer(base);
    expect(choice.all).toEqual([
      ["a", 0],
      ["b", 1],
      ["c", 2],
      ["d", 3],
    ]);
    choice.toggle("b");
    expect(choice.offer("e")).toBe(false);
    choice.toggle("f");
    choice.offer("g");
    // A colour that is free again is taken again; the others keep theirs.
    expect(choice.all.map(([base]) => base)).toEqual(["a", "f", "c", "d"]);
    expect(new Choice(kept).all.map(([base]) => base)).toEqual(["a", "f", "c", "d"]);
  });

  it("is no more than can be told apart, and survives a memory that is full or nonsense", () => {
    const full = {
      ...memory(),
      setItem: () => {
        throw new Error("QuotaExceededError");
      },
    };
    const choice = new Choice(full);
    for (let number = 0; number < 20; number += 1) choice.toggle(`d${number}`);
    expect(choice.all).toHaveLength(SLOTS);
    expect(choice.isFull).toBe(true);
    for (const text of ["{", "3", "[1,null,{}]"])
      expect(new Choice({ ...memory(), getItem: () => text }).all).toEqual([]);
  });
});

describe("what an air conditioner did", () => {
  const climate = (action: string | null) => ({ mode: "cool" as const, target: 20, action });

  it("is spans of work, the last of which goes on", () => {
    const activity = new Activity();
    activity.tell("c", climate("idle"), 0);
    activity.tell("c", climate("cooling"), 10);
    activity.tell("c", climate("cooling"), 15);
    activity.tell("c", climate("idle"), 20);
    activity.tell("c", climate("heating"), 30);
    expect(activity.spans("c", 42)).toEqual([
      { from: 10, to: 20, action: "cooling" },
      { from: 30, to: 42, action: "heating" },
    ]);
    activity.tell("c", undefined, 50);
    expect(activity.spans("c", 90).at(-1)?.to).toBe(50);
  });
});
