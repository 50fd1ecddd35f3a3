import { describe, expect, it } from "@jest/globals";
import { Quantity } from "../../firmware/codec/reading.js";
import type { Sample } from "../../firmware/ports.js";
import { sampleValue } from "../../firmware/sensors/sample.js";

/** Temperature, humidity, pressure. */
const valuesOf = (sample: Sample) =>
  [Quantity.TEMPERATURE, Quantity.HUMIDITY, Quantity.PRESSURE].map((quantity) =>
    sampleValue(sample, quantity),
  );

describe("sampleValue", () => {
  it.each<[string, Sample, (number | undefined)[]]>([
    ["TMP117", { temperature: 21.4, alert: 0 }, [21.4, undefined, undefined]],
    ["TMP102, LM75, NTC_Thermistor", { temperature: -5 }, [-5, undefined, undefined]],
    ["SHT3x", { hygrometer: { humidity: 45 }, thermometer: { temperature: 21.4 } }, [21.4, 45, undefined]],
    [
      "SHT3x, its temperature's checksum wrong",
      { hygrometer: { humidity: 45 }, thermometer: {} },
      [undefined, 45, undefined],
    ],
    ["SHTC3, its humidity left out", { thermometer: { temperature: 21.4 } }, [21.4, undefined, undefined]],
    [
      "BMP280",
      { barometer: { pressure: 101_325 }, thermometer: { temperature: 21.4 } },
      [21.4, undefined, 101_325],
    ],
    [
      "BME68x",
      {
        thermometer: { temperature: 21.4 },
        hygrometer: { humidity: 0.45 },
        barometer: { pressure: 101_325 },
      },
      [21.4, 0.45, 101_325],
    ],
    ["BME68x without new data", undefined, [undefined, undefined, undefined]],
    ["nothing at all", {}, [undefined, undefined, undefined]],
  ])("takes the values of %s", (_part, sample, values) => {
    expect(valuesOf(sample)).toEqual(values);
  });

  it("takes a zero for the value that it is", () => {
    expect(valuesOf({ thermometer: { temperature: 0 }, humidity: 0, pressure: 0 })).toEqual([0, 0, 0]);
  });

  it("is NaN where a value is there and no number, so that it is counted and not published", () => {
    expect(valuesOf({ temperature: "21.4", hygrometer: { humidity: null }, pressure: Number.NaN })).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
  });

  it("prefers the group, and looks beside it where the group is no object", () => {
    expect(sampleValue({ temperature: 1, thermometer: { temperature: 2 } }, Quantity.TEMPERATURE)).toBe(2);
    expect(sampleValue({ temperature: 1, thermometer: null }, Quantity.TEMPERATURE)).toBe(1);
  });
});
