/** The page's files: those named here and no others, whatever a request's path says. */

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

export interface PageFile {
  file: string;
  type: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** From build/services/server/. */
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** By path of the request. */
export function pageFiles(): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  const add = (name: string, file: string) =>
    files.set(name, { file, type: TYPES[path.extname(file)] ?? "application/octet-stream" });
  add("/", path.join(ROOT, "page/index.html"));
  add("/style.css", path.join(ROOT, "page/style.css"));
  add("/icon.svg", path.join(ROOT, "page/icon.svg"));
  const scripts = path.join(ROOT, "build/page");
  if (fs.existsSync(scripts)) {
    for (const name of fs.readdirSync(scripts, { recursive: true, encoding: "utf8" }))
      if (name.endsWith(".js")) add(`/${name.replaceAll(path.sep, "/")}`, path.join(scripts, name));
  }
  const plot = path.dirname(createRequire(import.meta.url).resolve("uplot"));
  add("/vendor/uplot.js", path.join(plot, "uPlot.esm.js"));
  add("/vendor/uplot.css", path.join(plot, "uPlot.min.css"));
  return files;
}
