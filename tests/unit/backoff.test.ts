import { describe, expect, it } from "@jest/globals";
import { Backoff } from "../../firmware/links/backoff.js";

describe("Backoff", () => {
  const bounds = (backoff: Backoff, count: number) => Array.from({ length: count }, () => backoff.next());

  it("doubles its bound from 1 s to 60 s", () => {
    expect(bounds(new Backoff(() => 0.999999), 8)).toEqual([
      999, 1999, 3999, 7999, 15999, 31999, 59999, 59999,
    ]);
  });

  it("waits anything from nothing to the bound: full jitter", () => {
    expect(bounds(new Backoff(() => 0), 4)).toEqual([0, 0, 0, 0]);
    expect(bounds(new Backoff(() => 0.5), 3)).toEqual([500, 1000, 2000]);
  });

  it("begins again after a connection of 30 s, and not after a shorter one", () => {
    const backoff = new Backoff(() => 0.5);
    bounds(backoff, 4);
    backoff.ended(29_999);
    expect(backoff.next()).toBe(8000);
    backoff.ended(30_000);
    expect(backoff.next()).toBe(500);
  });

  it("begins with a wider bound where a fleet wants its attempts spread, also the first after a good connection", () => {
    const backoff = new Backoff(() => 0.5, 20_000);
    expect(bounds(backoff, 4)).toEqual([10_000, 20_000, 30_000, 30_000]);
    backoff.ended(30_000);
    expect(backoff.next()).toBe(10_000);
  });

  it("stays at a bound that is wider than a minute", () => {
    expect(bounds(new Backoff(() => 0.5, 600_000), 3)).toEqual([300_000, 300_000, 300_000]);
  });

  it("is never below 1 s: without a spread a broker that refuses would be asked without a pause", () => {
    expect(bounds(new Backoff(() => 0.5, 0), 3)).toEqual([500, 1000, 2000]);
  });
});
