import { describe, expect, it } from "@jest/globals";
import { type Engine, nodeEngine } from "./engine.js";
import { SCENARIOS } from "./list.js";
import { readyUpdate } from "./update.js";
import { playVirtual } from "./virtual-stage.js";

const ENGINES: readonly Engine[] = [nodeEngine];

const ready = readyUpdate();

describe.each(ENGINES.map((engine) => [engine.name, engine] as const))(
  "the scenarios on %s, with the bytes that they have on Node",
  (_engine, engine) => {
    it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
      "%s",
      async (_name, scenario) => {
        const played = await playVirtual(scenario, engine, ready);
        expect(played.wire.length).toBeGreaterThan(3);
        expect(played).toEqual(await playVirtual(scenario, nodeEngine, ready));
      },
    );
  },
);
