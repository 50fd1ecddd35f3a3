import { describe, expect, it } from "@jest/globals";
import { Subscribers } from "../../host-sim/world/subscribers.js";

function subscriber(place: number, ...filters: string[]) {
  return { place, filters: new Map(filters.map((filter) => [filter, 1])) };
}

function of(...all: ReturnType<typeof subscriber>[]) {
  const subscribers = new Subscribers<ReturnType<typeof subscriber>>();
  for (const one of all) for (const filter of one.filters.keys()) subscribers.add(one, filter);
  return subscribers;
}

const places = (found: Iterable<{ place: number }>) => [...found].map(({ place }) => place);

describe("Subscribers", () => {
  it("finds those of the topic and those with a wildcard, each once and in their order", () => {
    const all = of(subscriber(3, "a"), subscriber(1, "a", "b/#"), subscriber(2, "b"), subscriber(0, "+"));
    expect(places(all.candidates("a"))).toEqual([0, 1, 3]);
    expect(places(all.candidates("b"))).toEqual([0, 1, 2]);
    expect(places(all.candidates("c"))).toEqual([0, 1]);
    expect(places(of(subscriber(1, "a"), subscriber(0, "a")).candidates("a"))).toEqual([0, 1]);
    expect(places(of(subscriber(0, "a")).candidates("b"))).toEqual([]);
  });

  it("finds none that has taken its filter back, or is gone", () => {
    const [one, other, wild] = [subscriber(0, "a", "b"), subscriber(1, "a"), subscriber(2, "#", "a")];
    const all = of(one, other, wild);
    all.remove(one, "a");
    expect(places(all.candidates("a"))).toEqual([1, 2]);
    expect(places(all.candidates("b"))).toEqual([0, 2]);
    all.forget(wild);
    expect(places(all.candidates("a"))).toEqual([1]);
    all.clear();
    expect(places(all.candidates("b"))).toEqual([]);
  });
});
