import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * A compiled module with all that it imports, as one script for the engine, strict as modules are.
 * @param entry path of the module below the compiled tree, such as `host-sim/xs/worker/node.js`
 */
export async function bundleForXS(
  entry: string,
  { plugins = [] }: { plugins?: Plugin[] } = {},
): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`./${entry}`],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    format: "iife",
    platform: "neutral",
    target: "es2023",
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
    banner: { js: '"use strict";' },
    plugins,
  });
  return outputFiles[0].text;
}

/** The code of a simulated device's image as a script for the engine: `firmware` is a global then, and strict as modules are. */
export function imageForXS(code: string): string {
  return `globalThis.firmware = (() => {"use strict";\n${code}\nreturn firmware;\n})();`;
}
