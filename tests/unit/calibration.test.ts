import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Calibration } from "../../firmware/pipeline/calibration.js";

describe("Calibration", () => {
  it("multiplies first and adds then", () => {
    expect(new Calibration(2, 3).process(10)).toBe(23);
  });

  it("changes nothing with gain 1 and offset 0", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        expect(new Calibration(1, 0).process(value) === value).toBe(true);
      }),
    );
  });

  it("puts both points of a two-point calibration on their references, and the middle between them", () => {
    const calibration = Calibration.twoPoint(0.4, 0, 41.2, 40);
    expect(calibration.process(0.4)).toBeCloseTo(0, 10);
    expect(calibration.process(41.2)).toBeCloseTo(40, 10);
    expect(calibration.process(20.8)).toBeCloseTo(20, 10);
  });

  it("goes through any two points that are apart", () => {
    const degrees = fc.double({ min: -200, max: 850, noNaN: true });
    fc.assert(
      fc.property(degrees, degrees, degrees, degrees, (raw1, reference1, raw2, reference2) => {
        fc.pre(Math.abs(raw1 - raw2) > 0.1);
        const calibration = Calibration.twoPoint(raw1, reference1, raw2, reference2);
        expect(calibration.process(raw1)).toBeCloseTo(reference1, 6);
        expect(calibration.process(raw2)).toBeCloseTo(reference2, 6);
      }),
    );
  });

  it("refuses two points with the same raw value", () => {
    expect(() => Calibration.twoPoint(20, 19, 20, 21)).toThrow(RangeError);
  });
});
