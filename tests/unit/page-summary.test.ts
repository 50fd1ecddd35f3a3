import { describe, expect, it } from "@jest/globals";
import { gapsText, shortText, statisticsOf, summaryOf } from "../../page/summary.js";
import { type Row, readingRow } from "../../page/wire.js";

const NOW = new Date(2026, 10, 20, 15).getTime();
const MINUTE = 60_000;
const view = { from: NOW - 60 * MINUTE, to: NOW, live: true };
const at = (minutes: number, value: number) => readingRow(NOW - minutes * MINUTE, value);

describe("the graph in numbers and words", () => {
  it("is of what is shown, and no more", () => {
    const rows = [at(70, 99), at(50, 20), at(49, 22), at(48, 21)];
    const statistics = statisticsOf(rows, 0, view);
    expect(statistics).toMatchObject({ low: 20, high: 22, mean: 21, readings: 3, rows: 3 });
    expect(statistics.last?.value).toBe(21);
  });

  it("weighs a bucket by its readings", () => {
    const bucket = (minutes: number, mean: number, count: number): Row => ({
      ...{ time: NOW - minutes * MINUTE, low: mean - 1, mean, high: mean + 1 },
      count,
    });
    const statistics = statisticsOf([bucket(20, 20, 30), bucket(10, 24, 10)], 10 * MINUTE, view);
    expect(statistics).toMatchObject({ low: 19, high: 25, mean: 21, readings: 40, rows: 2 });
  });

  it("says gaps, and the first of many", () => {
    const gap = (minutes: number) => ({ from: NOW - minutes * MINUTE, to: NOW - (minutes - 5) * MINUTE });
    expect(gapsText([], NOW)).toBe("no gap");
    expect(gapsText([gap(30)], NOW)).toBe("1 gap (14:30 to 14:35)");
    expect(gapsText([gap(40), gap(30), gap(20), gap(10)], NOW)).toMatch(/^4 gaps \(.*and more\)$/);
  });

  it("reads as sentences", () => {
    const statistics = statisticsOf([at(3, 20), at(2, 21), at(1, 20.5)], 0, view);
    expect(summaryOf("temperature", view, NOW, [{ name: "Attic", statistics }])).toBe(
      "Temperature from 14:00 to now. Attic: 20.00 °C to 21.00 °C, mean 20.50 °C, last 20.50 °C at 14:59; 3 readings, no gap.",
    );
    expect(summaryOf("temperature", view, NOW, [])).toContain("No device is chosen.");
    const nothing = statisticsOf([], 0, view);
    expect(summaryOf("temperature", view, NOW, [{ name: "Attic", statistics: nothing }])).toContain(
      "Attic: no readings.",
    );
    expect(shortText({ ...statistics, readings: 1_234 })).toBe("1,234");
  });
});
