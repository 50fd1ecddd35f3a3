import { describe, expect, it } from "@jest/globals";
import {
  axisLabels,
  formatAge,
  formatBytes,
  formatMoment,
  formatNumber,
  formatQuantity,
  formatSpan,
  formatWidth,
} from "../../page/format.js";
import { parentOf, readableName, visible } from "../../page/names.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("numbers on the page", () => {
  it("have a true minus and no negative nought", () => {
    expect(formatNumber(-3.14, 1)).toBe("−3.1");
    expect(formatNumber(-0.04, 1)).toBe("0.0");
    expect(formatNumber(21.45, 1)).toBe("21.4");
    expect(formatNumber(1e12, 1)).toBe("1.00e+12");
  });

  it("are a dash where there is none", () => {
    for (const nothing of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY])
      expect(formatNumber(nothing, 1)).toBe("–");
    expect(formatQuantity(null, "temperature")).toBe("–");
  });

  it("have the unit of their quantity, and pascal as hectopascal", () => {
    expect(formatQuantity(21.44, "temperature")).toBe("21.4 °C");
    expect(formatQuantity(21.44, "temperature", 1)).toBe("21.44 °C");
    expect(formatQuantity(46.2, "humidity")).toBe("46 %");
    expect(formatQuantity(101_325, "pressure")).toBe("1013.3 hPa");
    expect(formatQuantity(5, "constructor")).toBe("5.00");
  });
});

describe("memory on the page", () => {
  it("is in the largest unit that it fills", () => {
    expect([0, 1_023, 150_000, 24_463_851_520].map(formatBytes)).toEqual([
      "0 B",
      "1023 B",
      "146 KB",
      "22.8 GB",
    ]);
  });
});

describe("times on the page", () => {
  it("are ages that a person would say", () => {
    const ages: [number, string][] = [
      [-5_000, "just now"],
      [999, "just now"],
      [1_000, "1 s ago"],
      [59_999, "59 s ago"],
      [MINUTE, "1 min ago"],
      [HOUR - 1, "59 min ago"],
      [HOUR, "1 h ago"],
      [47 * HOUR, "47 h ago"],
      [2 * DAY, "2 days ago"],
      [Number.NaN, "never"],
    ];
    for (const [age, text] of ages) expect(formatAge(age)).toBe(text);
    expect(formatSpan(-1)).toBe("0 s");
  });

  it("have their date where it is another day", () => {
    const now = new Date(2026, 10, 20, 15, 4, 5).getTime();
    expect(formatMoment(now - HOUR, now)).toBe("14:04");
    expect(formatMoment(now - HOUR, now, true)).toBe("14:04:05");
    expect(formatMoment(now - DAY, now)).toBe("Thu 19 Nov, 15:04");
    expect(formatMoment(Number.NaN, now)).toBe("–, –");
    expect(formatMoment(1e300, now)).toBe("–, –");
  });

  it("stand below the axis with the date at each new day, and as dates where ticks are days", () => {
    const noon = new Date(2026, 10, 20, 12).getTime();
    expect(axisLabels([noon, noon + 6 * HOUR, noon + 12 * HOUR], 6 * HOUR)).toEqual([
      "12:00\nFri 20 Nov",
      "18:00",
      "00:00\nSat 21 Nov",
    ]);
    expect(axisLabels([noon, noon + 10_000], 10_000)).toEqual(["12:00:00\nFri 20 Nov", "12:00:10"]);
    expect(axisLabels([noon], DAY)).toEqual(["Fri 20 Nov"]);
  });

  it("say how wide a bucket is", () => {
    expect([1, 1_000, 90_000, 15 * MINUTE, HOUR, DAY].map(formatWidth)).toEqual([
      "1 ms",
      "1 s",
      "1.5 min",
      "15 min",
      "1 h",
      "1 d",
    ]);
  });
});

describe("names on the page", () => {
  it("are readable words of the base", () => {
    expect(readableName("home/livingroom")).toBe("Livingroom");
    expect(readableName("home/living_room/climate")).toBe("Living room · Climate");
    expect(readableName("home")).toBe("Home");
    expect(readableName("garage/door-1")).toBe("Garage · Door 1");
    expect(readableName("home/ñu")).toBe("Ñu");
    expect(readableName("home//")).toBe("(no name)");
  });

  it("show nothing that turns or hides text, and are of bounded length", () => {
    expect(readableName("home/\u202egnp.exe\u0000")).toBe("�gnp.exe�");
    expect(visible("a\nb")).toBe("a�b");
    expect([...visible("😀".repeat(200), 10)].length).toBe(10);
  });

  it("tell whose room a device is in", () => {
    expect(parentOf("home/livingroom/climate")).toBe("home/livingroom");
    expect(parentOf("home")).toBeUndefined();
  });
});
