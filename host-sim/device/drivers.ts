import fs from "node:fs";
import path from "node:path";
import { readManifest } from "./manifest.js";

let index: Map<string, string> | undefined;

/**
 * The file of a sensor driver of the Moddable SDK, where one is installed (MODDABLE in the environment): its drivers have
 * a manifest each, so that a program needs none to import one.
 */
export function locateDriver(specifier: string): string | undefined {
  if (!/^embedded:(sensor|RTC)\//.test(specifier)) return undefined;
  const sdk = process.env["MODDABLE"];
  if (!sdk) return undefined;
  index ??= indexOf(path.join(sdk, "modules", "drivers"));
  const manifest = index.get(specifier);
  return manifest === undefined ? undefined : readManifest(manifest).locate(specifier);
}

/** The manifests by the specifiers that they name. */
function indexOf(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  if (!fs.existsSync(folder)) return found;
  for (const name of fs.readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (path.basename(name) !== "manifest.json") continue;
    const file = path.join(folder, name);
    for (const [specifier] of fs.readFileSync(file, "utf8").matchAll(/embedded:[\w/-]+/g))
      found.set(specifier, file);
  }
  return found;
}
