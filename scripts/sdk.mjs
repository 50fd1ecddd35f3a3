/** What scripts need of the Moddable SDK, and what they say where it is missing. */

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
export const GUIDE = "https://www.moddable.com/documentation/Moddable%20SDK%20-%20Getting%20Started";

/** Folder of the SDK's tools, and the simulator's platform, by operating system. */
export const HOSTS = { linux: "lin", darwin: "mac", win32: "win" };

/** Something that the user can mend: its message is what is missing and what to do. */
export class Missing extends Error {}

/** The environment in which mcconfig runs. @throws Missing */
export function environment(host, needsIDF) {
  const { MODDABLE, IDF_PATH } = process.env;
  if (!MODDABLE)
    throw new Missing(`MODDABLE is not set: install the Moddable SDK and point it there (${GUIDE})`);
  if (!fs.existsSync(path.join(MODDABLE, "xs"))) {
    throw new Missing(
      `MODDABLE is ${MODDABLE}, which is no Moddable SDK: point it at the SDK's folder (${GUIDE})`,
    );
  }
  const tools = path.join(MODDABLE, "build", "bin", host, "release");
  const suffix = host === "win" ? ".exe" : "";
  if (!fs.existsSync(path.join(tools, `mcconfig${suffix}`))) {
    throw new Missing(`the SDK's tools are not built (no mcconfig in ${tools}): build them as in ${GUIDE}`);
  }
  const compiler = path.join(ROOT, "node_modules", ".bin");
  if (!fs.existsSync(path.join(compiler, "tsc"))) {
    throw new Missing("the pinned TypeScript compiler is not installed: run npm ci");
  }
  if (needsIDF) {
    if (!IDF_PATH) {
      throw new Missing(
        `IDF_PATH is not set: install ESP-IDF v6.0 and run its export script (${GUIDE} under ESP32)`,
      );
    }
    if (!fs.existsSync(path.join(IDF_PATH, "tools", "idf.py"))) {
      throw new Missing(`IDF_PATH is ${IDF_PATH}, which holds no tools/idf.py: point it at ESP-IDF v6.0`);
    }
    if (spawnSync("idf.py", ["--version"], { stdio: "ignore" }).error) {
      throw new Missing(
        `idf.py is not on PATH: run . ${path.join(IDF_PATH, "export.sh")} in this shell first`,
      );
    }
  }
  return { ...process.env, PATH: [tools, compiler, process.env.PATH].join(path.delimiter) };
}
