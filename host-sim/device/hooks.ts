/**
 * Node's module customization hooks: which module a specifier means for a program for Moddable. They are called in the
 * thread of the program (`registerHooks`) or in one of their own (`register`), whichever this Node has.
 */

import fs from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { locateDriver } from "./drivers.js";
import { manifestOf, withExtension } from "./manifest.js";
import { addressOf, MODULES, OWN, SCHEME, sourceOf } from "./modules.js";
import { isNative, Problem } from "./problem.js";

interface Resolved {
  url: string;
  format?: string | null;
  shortCircuit?: boolean;
}

interface Loaded {
  format: string;
  source?: unknown;
  shortCircuit?: boolean;
}

interface ResolveContext {
  parentURL?: string | undefined;
}

/** What is compiled of this repository is no program: it means what Node means. */
const OURS = new URL("../../", import.meta.url).href;

let entry: string | undefined;

/** @param program the file that was named on the command line */
export function initialize(program: string | undefined): void {
  entry = program;
}

export function resolve<Result>(
  specifier: string,
  context: ResolveContext,
  next: (specifier: string, context: ResolveContext) => Result,
): Result | Resolved {
  const { parentURL } = context;
  if (!isOfProgram(parentURL) || specifier.startsWith("node:")) return next(specifier, context);
  const own = MODULES[specifier];
  if (own !== undefined) return { url: addressOf(own), shortCircuit: true };
  const file = locate(specifier, parentURL);
  if (file !== undefined) return { url: pathToFileURL(file).href, shortCircuit: true };
  const substitute = OWN[specifier];
  if (substitute !== undefined) return { url: addressOf(substitute), shortCircuit: true };
  if (/^(embedded|mod|hearth):|^mc\//.test(specifier)) throw missing(specifier, parentURL);
  return explaining(() => next(specifier, context), specifier, parentURL);
}

export function load<Result>(
  url: string,
  context: object,
  next: (url: string, context: object) => Result,
): Result | Loaded {
  if (url.startsWith(SCHEME)) return { format: "module", source: sourceOf(url), shortCircuit: true };
  if (!url.startsWith("file:") || url.startsWith(OURS)) return next(url, context);
  const file = fileURLToPath(url);
  const extension = path.extname(file);
  if (file.includes(`${path.sep}node_modules${path.sep}`)) return next(url, context);
  if (extension === ".ts") return { format: "module", source: fromTypeScript(file), shortCircuit: true };
  if (extension !== ".js" && extension !== ".mjs") return next(url, context);
  // Moddable knows modules alone; Node takes `.js` for something else where no package.json says so.
  if (extension === ".js" && isCommonJS(file)) return next(url, context);
  const source = fs.readFileSync(file, "utf8");
  if (isNative(source)) throw new Problem(`${file} is native code of a device: nothing stands for it here`);
  return { format: "module", source, shortCircuit: true };
}

function isOfProgram(parentURL: string | undefined): parentURL is string {
  if (!parentURL?.startsWith("file:")) return false;
  return !parentURL.startsWith(OURS) && !parentURL.includes("/node_modules/");
}

/** By the manifest of whoever imports, by the program's, or a file beside. */
function locate(specifier: string, parentURL: string): string | undefined {
  const parent = fileURLToPath(parentURL);
  if (/^\.{0,2}\//.test(specifier)) return withExtension(path.resolve(path.dirname(parent), specifier));
  return (
    manifestOf(parent)?.locate(specifier) ??
    (entry === undefined ? undefined : manifestOf(entry)?.locate(specifier)) ??
    locateDriver(specifier)
  );
}

/** Loaded for those who have TypeScript alone. */
const require = createRequire(import.meta.url);

function fromTypeScript(file: string): string {
  const esbuild = require("esbuild") as typeof import("esbuild");
  const source = fs.readFileSync(file, "utf8");
  return esbuild.transformSync(source, { loader: "ts", format: "esm", sourcefile: file, sourcemap: "inline" })
    .code;
}

/** Whether the package of a file says that its `.js` are no modules. */
function isCommonJS(file: string): boolean {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const text = readIfThere(path.join(folder, "package.json"));
    if (text !== undefined) return /"type"\s*:\s*"commonjs"/.test(text);
    if (folder === path.dirname(folder)) return false;
  }
}

function readIfThere(file: string): string | undefined {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
}

function explaining<Result>(action: () => Result, specifier: string, parentURL: string): Result {
  const explain = (error: unknown): never => {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "ERR_UNSUPPORTED_ESM_URL_SCHEME") throw error;
    throw missing(specifier, parentURL);
  };
  try {
    const result = action();
    return result instanceof Promise ? (result.catch(explain) as Result) : result;
  } catch (error) {
    return explain(error);
  }
}

function missing(specifier: string, parentURL: string): Problem {
  const importer = fileURLToPath(parentURL);
  const hint = isBuiltin(specifier) ? "" : hintFor(specifier);
  return new Problem(`there is no module "${specifier}", which ${importer} imports${hint}`);
}

function hintFor(specifier: string): string {
  if (specifier.startsWith(".") || specifier.startsWith("/")) return "";
  if (process.env["MODDABLE"])
    return ": name it in a manifest.json beside the program, or see the README for those that there are";
  return ": set MODDABLE where the Moddable SDK is installed to have its drivers, or see the README for those that there are";
}
