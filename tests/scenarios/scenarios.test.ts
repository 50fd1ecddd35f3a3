import { afterAll, describe, expect, it } from "@jest/globals";
import { hasXS } from "../../host-sim/xs/process.js";
import { nodeEngine } from "./engine.js";
import { SCENARIOS } from "./list.js";
import { readyUpdate } from "./update.js";
import { playVirtual } from "./virtual-stage.js";
import { makeXSEngine } from "./xs-engine.js";

const ready = readyUpdate();

const xs = hasXS() ? await makeXSEngine() : undefined;

afterAll(() => xs?.close());

const named = SCENARIOS.map((scenario) => [scenario.name, scenario] as const);

describe("the scenarios on Node", () => {
  it.each(named)("%s", async (_name, scenario) => {
    const played = await playVirtual(scenario, nodeEngine, ready);
    expect(played.wire.length).toBeGreaterThan(3);
    expect(await playVirtual(scenario, nodeEngine, ready)).toEqual(played);
  });
});

describe("the scenarios on XS, with the same bytes on the wire as on Node", () => {
  (xs ? it : it.skip).each(named)("%s (needs the XS engine)", async (_name, scenario) => {
    const played = await playVirtual(scenario, xs as NonNullable<typeof xs>, ready);
    expect(played).toEqual(await playVirtual(scenario, nodeEngine, ready));
  });
});
