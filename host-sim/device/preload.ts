import fs from "node:fs";
import { pathToFileURL } from "node:url";
import { manifestOf } from "./manifest.js";
import { MODULES } from "./modules.js";
import { isNative, isProblem } from "./problem.js";

/**
 * Runs what a program's manifest has to be preloaded, as Moddable's linker does: some of it changes the device. What is in C,
 * or wants what is, is left out: it is missed by a program that imports it.
 */
export async function preload(program: string | undefined): Promise<void> {
  const manifest = program === undefined ? undefined : manifestOf(program);
  for (const specifier of new Set(manifest?.preload)) {
    if (specifier in MODULES) continue;
    const file = manifest?.locate(specifier);
    if (file === undefined || isNative(fs.readFileSync(file, "utf8"))) continue;
    try {
      await import(pathToFileURL(file).href);
    } catch (error) {
      if (!isProblem(error)) throw error;
    }
  }
}
