import { it } from "@jest/globals";
import { build } from "esbuild";
import { hasXS } from "../../host-sim/xs/process.js";

/** `it` where the XS engine is installed; `it.skip` elsewhere. Name it in the test's name: "(needs the XS engine)". */
export const itOnXS: typeof it | typeof it.skip = hasXS() ? it : it.skip;

/** A script for the engine made of the text of a module, whose imports are seen from the compiled tree. */
export async function scriptOf(contents: string, resolveDir = process.cwd()): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir },
    bundle: true,
    write: false,
    format: "iife",
    platform: "neutral",
    target: "es2023",
    logLevel: "silent",
    banner: { js: '"use strict";' },
  });
  return outputFiles[0].text;
}
