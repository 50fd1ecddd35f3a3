import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Bytes of the firmware's source without comments and blanks, by folder: what a device has of it is bytecode, of some half
 * as many bytes. The files beside the folders are `firmware`.
 */
export async function sizes(): Promise<Map<string, number>> {
  const { metafile } = await build({
    entryPoints: ["./host-sim/boot/firmware-image.js"],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    metafile: true,
    minifySyntax: true,
    minifyWhitespace: true,
    format: "esm",
    platform: "neutral",
    target: "es2023",
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
  });
  const found = new Map<string, number>();
  const [output] = Object.values(metafile.outputs);
  for (const [file, { bytesInOutput }] of Object.entries(output.inputs)) {
    const folder = /firmware\/(?:(.*)\/)?[^/]+$/.exec(file);
    if (!folder || file.includes("host-sim")) continue;
    const name = folder[1] === undefined ? "firmware" : `firmware/${folder[1]}`;
    found.set(name, (found.get(name) ?? 0) + bytesInOutput);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
