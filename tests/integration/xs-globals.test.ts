import fs from "node:fs";
import { describe, expect } from "@jest/globals";
import type { Plugin } from "esbuild";
import { XSProcess } from "../../host-sim/xs/process.js";
import { SCENARIOS } from "../scenarios/list.js";
import { playVirtual } from "../scenarios/virtual-stage.js";
import { makeXSEngine } from "../scenarios/xs-engine.js";
import { itOnXS, scriptOf } from "../support/xs.js";

/** Puts a statement where the firmware begins to connect. */
function using(statement: string): Plugin {
  return {
    name: "using",
    setup: ({ onLoad }) => {
      onLoad({ filter: /[/\\]firmware[/\\]links[/\\]mqtt-link\.js$/ }, ({ path }) => {
        const text = fs.readFileSync(path, "utf8");
        const contents = text.replace(/^ {4}start\(.*\{$/m, (line) => `${line}\n${statement}`);
        if (contents === text) throw new Error("the firmware has no such method any more");
        return { contents, loader: "js" };
      });
    },
  };
}

const connects = SCENARIOS.find(({ name }) =>
  name.includes("announces itself"),
) as (typeof SCENARIOS)[number];

async function play(statement: string): Promise<string> {
  const engine = await makeXSEngine([using(statement)]);
  try {
    await playVirtual(connects, engine);
    return "played";
  } catch (error) {
    return (error as Error).message;
  } finally {
    engine.close();
  }
}

describe("the globals of a firmware on XS", () => {
  itOnXS.each([
    ["Buffer", "Buffer.from('x');"],
    ["setTimeout", "setTimeout(() => {}, 1);"],
    ["TextEncoder", "new TextEncoder();"],
    ["console", "console.log('x');"],
    ["process", "process.exit();"],
    ["performance", "performance.now();"],
    ["setImmediate", "setImmediate(() => {});"],
  ])("have no %s: a firmware that uses it crashes (needs the XS engine)", async (name, statement) => {
    expect(await play(statement)).toMatch(
      new RegExp(`^the firmware crashed: .*get ${name}: undefined variable$`),
    );
  });

  itOnXS("are those of a device in what the firmware may use (needs the XS engine)", async () => {
    expect(
      await play("ArrayBuffer.fromString('x'); String.fromArrayBuffer(new ArrayBuffer(1)); trace('x');"),
    ).toBe("played");
  });

  itOnXS("convert text as a device's do (needs the XS engine)", async () => {
    const script = await scriptOf(
      `import { becomeDevice } from "./build/host-sim/xs/worker/globals.js";
       becomeDevice();
       const bytes = new Uint8Array(ArrayBuffer.fromString("21 °C"));
       const same = [50, 49, 32, 0xc2, 0xb0, 67].every((byte, i) => bytes[i] === byte) && bytes.length === 6;
       if (!same) throw new Error("fromString");
       if (String.fromArrayBuffer(bytes.buffer) !== "21 °C") throw new Error("fromArrayBuffer");
       let failed = false;
       try { String.fromArrayBuffer(new Uint8Array([0xff]).buffer) } catch { failed = true }
       if (!failed) throw new Error("takes what is no UTF-8");`,
    );
    const engine = new XSProcess((request) => request);
    try {
      expect(() => engine.evaluate(`${script}\nundefined;`)).not.toThrow();
    } finally {
      engine.close();
    }
  });
});
