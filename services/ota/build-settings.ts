/** The settings that mcconfig built into an image: its module `mc/config`, which it leaves where it builds. */

import fs from "node:fs";
import path from "node:path";

/** The source of `mc/config`. */
const FILE = "mc.config.js";

/** How far above the image it may be: `xsProj-esp32/build/xs_esp32.bin`. */
const LEVELS = 3;

/** Not to be in an image that everybody at the broker can fetch. */
const SECRETS = ["ssid", "password", "serverpassword", "key"] as const;

const URL_WITH_PASSWORD = /^mqtts?:\/\/[^@]*:.*@/is;

export interface BuildSettings {
  /** Where they were found. */
  readonly file: string;
  /** ms since 1970: when mcconfig wrote them. */
  readonly written: number;
  /** By name, those that were given a value. */
  readonly values: ReadonlyMap<string, string>;
}

/**
 * Looks for them from the image: above it, and in the folder `tmp` that mcconfig has beside the `bin` of the image.
 * @returns `undefined` where there are none
 */
export function findBuildSettings(image: string): BuildSettings | undefined {
  for (const folder of foldersOf(path.resolve(image))) {
    const file = path.join(folder, FILE);
    try {
      const text = fs.readFileSync(file, "utf8");
      const values = readSettings(text);
      if (values) return { file, written: fs.statSync(file).mtimeMs, values };
    } catch {
      // Not there.
    }
  }
  return undefined;
}

function foldersOf(image: string): string[] {
  const folders: string[] = [];
  let folder = path.dirname(image);
  for (let i = 0; i < LEVELS; i++, folder = path.dirname(folder)) folders.push(folder);
  const levels = path.dirname(image).split(path.sep);
  const bin = levels.lastIndexOf("bin");
  if (bin >= 0) folders.push(levels.with(bin, "tmp").join(path.sep));
  return folders;
}

/** Of `export default Object.freeze({...}, true);`, in which mcconfig leaves a comma behind the last one. */
export function readSettings(text: string): Map<string, string> | undefined {
  const body = /Object\.freeze\((\{.*\})/s.exec(text)?.[1];
  if (body === undefined) return undefined;
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(body.replace(/,\s*\}$/, "}")) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const given = Object.entries(parsed).filter(([, value]) => value !== "" && typeof value !== "object");
  return new Map(given.map(([name, value]) => [name, String(value)]));
}

/** Names of those that are secret. */
export function secretSettings({ values }: BuildSettings): string[] {
  const names: string[] = SECRETS.filter((name) => values.has(name));
  if (URL_WITH_PASSWORD.test(values.get("broker") ?? "")) names.push("broker (its password)");
  return names;
}
