import fs from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { makeImage } from "./image.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * An image of the firmware that was compiled last, of the same bytes each time.
 * @param version what it says of itself, as `0.2.0`; by default what `firmware/version.ts` says
 * @throws Error where what was compiled is not complete
 */
export async function bundleFirmware(version?: string): Promise<Uint8Array> {
  let bundled = version;
  const plugin = versioned(version, (text) => {
    bundled = text;
  });
  const { outputFiles } = await build({
    entryPoints: ["./host-sim/boot/firmware-image.js"],
    // Paths in the script's comments are relative to it.
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    format: "iife",
    globalName: "firmware",
    platform: "neutral",
    target: "es2023",
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
    plugins: [plugin],
  });
  if (bundled === undefined) throw new Error("the firmware that was compiled has no version");
  return makeImage(bundled, outputFiles[0].contents);
}

/** Puts another version into the firmware, and tells which one it has then. */
function versioned(version: string | undefined, tell: (version: string) => void): Plugin {
  return {
    name: "version",
    setup: ({ onLoad }) => {
      onLoad({ filter: /[/\\]firmware[/\\]version\.js$/ }, (file) => {
        const text = fs.readFileSync(file.path, "utf8");
        const contents = text.replace(/(?<=\bVERSION = )"([^"]*)"/, (_, own: string) => {
          tell(version ?? own);
          return JSON.stringify(version ?? own);
        });
        return { contents, loader: "js" };
      });
    },
  };
}
