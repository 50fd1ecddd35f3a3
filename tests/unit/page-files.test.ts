import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "@jest/globals";

const FOLDER = new URL("../../../page/", import.meta.url).pathname;
const read = (file: string) => fs.readFileSync(path.join(FOLDER, file), "utf8");
const modules = fs.readdirSync(FOLDER).filter((file) => file.endsWith(".ts"));

/** Luminance and contrast as in WCAG 2.2, 1.4.3. */
function luminance(colour: string): number {
  const channels = [1, 3, 5].map((start) => {
    const share = Number.parseInt(colour.slice(start, start + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2];
}

function contrast(first: string, second: string): number {
  const [low, high] = [luminance(first), luminance(second)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** The colours of each `:root` rule. */
function palettes(): Record<string, string>[] {
  return [...read("style.css").matchAll(/:root[^{]*\{([^}]*)\}/g)].map(([, body]) =>
    Object.fromEntries(
      [...body.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, colour]) => [name, colour]),
    ),
  );
}

describe("the page's files", () => {
  it("has every module in index.html, so that none waits for another to be found", () => {
    const html = read("index.html");
    for (const file of modules) expect(html).toContain(`"/${file.replace(/ts$/, "js")}"`);
    for (const [, name] of html.matchAll(/"\/([\w-]+)\.js"/g)) expect(modules).toContain(`${name}.ts`);
  });

  it.each(modules)("%s makes no HTML of texts, and no style that the policy forbids", (file) => {
    expect(read(file)).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|\beval\b|new Function|setAttribute\("style"/,
    );
  });

  it("has no script, style or handler in index.html itself", () => {
    expect(read("index.html")).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
  });

  it("has one dark palette, asked for by the system or by somebody", () => {
    const [, system, chosen] = palettes();
    expect(Object.keys(chosen).length).toBeGreaterThan(15);
    expect(chosen).toEqual(system);
  });

  it.each([
    ["light", 0],
    ["dark", 1],
  ])("has enough contrast in its %s colours", (_name, index) => {
    const colour = palettes()[index];
    const problems: string[] = [];
    const check = (front: string, back: string, least: number) => {
      const found = contrast(colour[front], colour[back]);
      if (!(found >= least)) problems.push(`${front} on ${back}: ${found.toFixed(2)}`);
    };
    for (const back of ["paper", "card", "sunken"])
      for (const front of ["ink", "muted"]) check(front, back, 4.5);
    for (const front of ["accent", "good", "warn", "bad", "cooling", "heating"]) check(front, "card", 4.5);
    check("warn", "warn-soft", 4.5);
    check("bad", "bad-soft", 4.5);
    check("on-accent", "accent", 4.5);
    check("control", "card", 3);
    for (let line = 0; line < 8; line += 1) check(`line-${line}`, "card", 3);
    expect(problems).toEqual([]);
  });
});
