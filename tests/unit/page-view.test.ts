import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import {
  advanced,
  between,
  firstSpan,
  lastSpan,
  panned,
  pinched,
  pointsFor,
  spanOf,
  zoomed,
} from "../../page/view.js";

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;

describe("the time that the graph shows", () => {
  it("goes on while it is live, and stays where somebody has gone", () => {
    const live = lastSpan(HOUR, NOW);
    expect(advanced(live, NOW + 5_000)).toEqual({ from: NOW + 5_000 - HOUR, to: NOW + 5_000, live: true });
    const past = panned(live, -1, NOW);
    expect(past).toEqual({ from: NOW - 2 * HOUR, to: NOW - HOUR, live: false });
    expect(advanced(past, NOW + 5_000)).toBe(past);
    expect(panned(past, 1, NOW).live).toBe(true);
  });

  it("zooms a live view at now, and another at its middle", () => {
    expect(zoomed(lastSpan(HOUR, NOW), 0.5, NOW)).toEqual({ from: NOW - HOUR / 2, to: NOW, live: true });
    const past = between(NOW - 4 * HOUR, NOW - 2 * HOUR, NOW);
    expect(zoomed(past, 0.5, NOW)).toEqual({ from: NOW - 3.5 * HOUR, to: NOW - 2.5 * HOUR, live: false });
    expect(zoomed(past, 0.5, NOW, 0)).toMatchObject({ from: NOW - 4 * HOUR, to: NOW - 3 * HOUR });
  });

  it("is what was dragged over, from either side", () => {
    expect(between(NOW - HOUR, NOW - 2 * HOUR, NOW)).toEqual({
      from: NOW - 2 * HOUR,
      to: NOW - HOUR,
      live: false,
    });
  });

  it("keeps below two fingers what was there", () => {
    const view = between(NOW - 4 * HOUR, NOW - 2 * HOUR, NOW);
    const after = pinched(view, [0.4, 0.6], [0.2, 0.8], NOW);
    const at = (one: typeof view, place: number) => one.from + place * spanOf(one);
    expect(at(after, 0.2)).toBeCloseTo(at(view, 0.4), 0);
    expect(at(after, 0.8)).toBeCloseTo(at(view, 0.6), 0);
    const moved = pinched(view, [0.2, 0.6], [0.4, 0.8], NOW);
    expect(spanOf(moved)).toBeCloseTo(spanOf(view), 0);
    expect(moved.from).toBeCloseTo(view.from - 0.2 * spanOf(view), 0);
  });

  it("never ends past now, nor is it shorter or longer than can be shown, whatever is done", () => {
    const step = fc.oneof(
      fc.record({ zoom: fc.double({ min: 0.01, max: 100, noNaN: true }) }),
      fc.record({ pan: fc.double({ min: -10, max: 10, noNaN: true }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let view = lastSpan(HOUR, NOW);
        for (const one of steps) {
          view = "zoom" in one ? zoomed(view, one.zoom, NOW) : panned(view, one.pan, NOW);
          expect(view.to).toBeLessThanOrEqual(NOW);
          expect(spanOf(view)).toBeGreaterThanOrEqual(9_999);
          expect(spanOf(view)).toBeLessThanOrEqual(400 * 24 * HOUR + 1);
          if (view.live) expect(view.to).toBe(NOW);
        }
      }),
    );
  });

  it("begins with the last minutes where there is no more, and with the hour otherwise", () => {
    expect([NOW - 1_000, NOW - 299_999].map((oldest) => firstSpan(oldest, NOW))).toEqual([300_000, 300_000]);
    expect(firstSpan(NOW - 300_000, NOW)).toBe(HOUR);
  });

  it("asks for as many points as can be seen", () => {
    expect([0, 300, 800, 5_000].map(pointsFor)).toEqual([150, 450, 1_200, 2_000]);
  });
});
