import fs from "node:fs";
import path from "node:path";
import { Problem } from "./problem.js";

/** What a manifest of Moddable (SDK, "Manifest") says of modules, with all that it includes. */
export interface Manifest {
  readonly config: Readonly<Record<string, unknown>>;
  /** Specifiers of what is there before the program begins, in their order. */
  readonly preload: readonly string[];
  /** The file of a specifier, `undefined` where it names none that is there. */
  locate(specifier: string): string | undefined;
}

interface Json {
  build?: Record<string, string>;
  include?: string | string[];
  modules?: Record<string, string | string[]>;
  preload?: string | string[];
  config?: Record<string, unknown>;
  platforms?: Record<string, Json>;
}

/** Of the platforms that a manifest may have, the one that the simulated device is. */
const PLATFORM = "esp32";
const EXTENSIONS = [".js", ".mjs", ".ts"];

const read = new Map<string, Manifest | undefined>();

/**
 * The manifest of a program or module: in its folder or one above, as far as three.
 * @throws Error in one line where it cannot be read as JSON
 */
export function manifestOf(file: string): Manifest | undefined {
  let folder = path.dirname(path.resolve(file));
  for (let level = 0; level < 4; level++) {
    const manifest = path.join(folder, "manifest.json");
    if (fs.existsSync(manifest)) return readManifest(manifest);
    folder = path.dirname(folder);
  }
  return undefined;
}

/** @throws as `manifestOf` */
export function readManifest(file: string): Manifest {
  let manifest = read.get(file);
  if (!manifest) {
    const builder = new Builder();
    builder.add(file);
    manifest = builder;
    read.set(file, manifest);
  }
  return manifest;
}

/** `file`, or with one of the endings that a source may have. */
export function withExtension(file: string): string | undefined {
  return ["", ...EXTENSIONS]
    .map((extension) => file + extension)
    .find((candidate) => fs.statSync(candidate, { throwIfNoEntry: false })?.isFile());
}

class Builder implements Manifest {
  config: Record<string, unknown> = {};
  preload: string[] = [];
  #variables: Record<string, string> = {};
  #rules: [pattern: string, place: string][] = [];
  #done = new Set<string>();

  constructor() {
    const sdk = process.env["MODDABLE"];
    if (sdk) {
      const modules = path.join(sdk, "modules");
      this.#variables = { MODDABLE: sdk, MODULES: modules, BUILD: path.join(sdk, "build") };
    }
  }

  add(file: string): void {
    if (this.#done.has(file)) return;
    this.#done.add(file);
    let json: Json;
    try {
      json = JSON.parse(fs.readFileSync(file, "utf8"));
    } catch (error) {
      throw new Problem(`${file} cannot be read as a manifest: ${(error as Error).message}`);
    }
    this.#take(json, path.dirname(file));
  }

  locate(specifier: string): string | undefined {
    // What comes later holds: a manifest is behind those that it includes.
    for (let index = this.#rules.length - 1; index >= 0; index--) {
      const [pattern, place] = this.#rules[index];
      const file = match(specifier, pattern, place);
      const found = file === undefined ? undefined : withExtension(file);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #take(json: Json, folder: string): void {
    for (const [name, value] of Object.entries(json.build ?? {}))
      this.#variables[name] ??= this.#expand(value);
    for (const include of listOf(json.include)) {
      const file = this.#placeOf(include, folder);
      // What an SDK would bring is missing without one, and then missed by whoever imports it.
      if (file !== undefined && fs.existsSync(file)) this.add(file);
    }
    for (const [pattern, places] of Object.entries(json.modules ?? {}))
      for (const place of listOf(places)) {
        const file = this.#placeOf(place, folder);
        if (file !== undefined && pattern !== "~") this.#rules.push([pattern, file]);
      }
    Object.assign(this.config, json.config);
    this.preload.push(...listOf(json.preload));
    const platform = json.platforms?.[PLATFORM] ?? json.platforms?.["..."];
    if (platform) this.#take(platform, folder);
  }

  #placeOf(place: string, folder: string): string | undefined {
    const expanded = this.#expand(place);
    return expanded.includes("$(") ? undefined : path.resolve(folder, expanded);
  }

  #expand(text: string): string {
    return text.replace(/\$\((\w+)\)/g, (whole, name: string) => this.#variables[name] ?? whole);
  }
}

/** The file, less its ending, that a rule has for a specifier. */
function match(specifier: string, pattern: string, place: string): string | undefined {
  if (!pattern.endsWith("*")) return pattern === specifier ? place : undefined;
  const prefix = pattern.slice(0, -1);
  if (!specifier.startsWith(prefix)) return undefined;
  const rest = specifier.slice(prefix.length);
  if (place.endsWith("/*")) return path.join(path.dirname(place), rest);
  return path.basename(place) === rest ? place : undefined;
}

function listOf(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : typeof value === "string" ? [value] : value;
}
