import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { columnsOf } from "../../page/columns.js";
import {
  gapsOf,
  indexAt,
  insertReading,
  prune,
  removeReading,
  replaceRange,
  usualInterval,
} from "../../page/rows.js";
import { type Row, readingRow } from "../../page/wire.js";

const readings = (...times: number[]): Row[] => times.map((time) => readingRow(time, time / 10));
const times = (rows: readonly Row[]) => rows.map((row) => row.time);
const bucketRow = (time: number, count: number): Row => ({ time, low: 1, mean: 2, high: 3, count });

describe("rows of a device", () => {
  it("take a reading where it belongs, and one of the same time in place of it", () => {
    const rows = readings(10, 20, 40);
    insertReading(rows, 30, 3);
    insertReading(rows, 50, 5);
    insertReading(rows, 5, 0.5);
    insertReading(rows, 20, 99);
    expect(times(rows)).toEqual([5, 10, 20, 30, 40, 50]);
    expect(rows[2].mean).toBe(99);
  });

  it("are in order and without doubles, whatever comes when", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 })), (arrivals) => {
        const rows: Row[] = [];
        for (const time of arrivals) insertReading(rows, time, time);
        expect(times(rows)).toEqual([...new Set(arrivals)].sort((a, b) => a - b));
        for (const row of rows) expect(rows[indexAt(rows, row.time)]).toBe(row);
      }),
    );
  });

  it("give away the one of a time, and no other", () => {
    const rows = readings(10, 20, 30);
    removeReading(rows, 20);
    removeReading(rows, 25);
    expect(times(rows)).toEqual([10, 30]);
  });

  it("are replaced in a range, and only there", () => {
    const rows = readings(10, 20, 30, 40);
    replaceRange(rows, 20, 35, readings(15, 22, 28, 36));
    expect(times(rows)).toEqual([10, 22, 28, 40]);
    replaceRange(rows, 50, 60, readings(55));
    expect(times(rows)).toEqual([10, 22, 28, 40, 55]);
    replaceRange(rows, 0, 30, []);
    expect(times(rows)).toEqual([40, 55]);
  });

  it("forget what is older, but for one that the line comes in from", () => {
    const rows = readings(10, 20, 30, 40);
    prune(rows, 30);
    expect(times(rows)).toEqual([20, 30, 40]);
    prune(rows, 5);
    expect(times(rows)).toEqual([20, 30, 40]);
  });
});

describe("a gap", () => {
  it("is where no reading came for several times the usual interval", () => {
    const rows = readings(0, 10, 20, 30, 81, 91, 101);
    expect(usualInterval(rows, 0)).toBe(10);
    expect(gapsOf(rows, 0)).toEqual([{ from: 30, to: 81 }]);
  });

  it("is not where a few readings were lost, nor in what is too little to tell", () => {
    expect(gapsOf(readings(0, 10, 20, 70, 80, 90), 0)).toEqual([]);
    expect(gapsOf(readings(0, 1_000_000), 0)).toEqual([]);
    expect(gapsOf([], 60)).toEqual([]);
  });

  it("is an empty bucket where others are full", () => {
    const rows = [0, 60, 120, 240, 300].map((time) => bucketRow(time, 12));
    expect(gapsOf(rows, 60)).toEqual([{ from: 180, to: 240 }]);
  });

  it("is not an empty bucket where readings are rarer than buckets", () => {
    const rows = [0, 60, 180, 240, 420, 480, 540, 1_200].map((time) => bucketRow(time, 1));
    expect(gapsOf(rows, 60)).toEqual([{ from: 600, to: 1_200 }]);
  });
});

describe("columns that are drawn", () => {
  it("have nothing in a gap, and no band where rows are readings", () => {
    const { times: x, low, mean, high } = columnsOf(readings(0, 10, 20, 90, 100), 0, 2);
    expect(x).toEqual([0, 10, 20, 55, 90, 100]);
    expect(mean).toEqual([0, 2, 4, null, 18, 20]);
    expect([...low, ...high].every((value) => value === null)).toBe(true);
  });

  it("have a bucket at its middle, from its lowest to its highest", () => {
    const { times: x, low, mean, high } = columnsOf([bucketRow(0, 5), bucketRow(60, 5)], 60, 1);
    expect({ x, low, mean, high }).toEqual({ x: [30, 90], low: [1, 1], mean: [2, 2], high: [3, 3] });
  });
});
