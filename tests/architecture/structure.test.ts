import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "@jest/globals";

const ROOT = new URL("../../../", import.meta.url).pathname;

function sources(folder: string): string[] {
  return fs
    .readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => path.join(folder, file));
}

/** The specifiers that a file imports at run time; `import type` is gone by then. */
function imports(file: string): string[] {
  const text = fs.readFileSync(path.join(ROOT, file), "utf8");
  return [...text.matchAll(/^(?:import|export)(?! type)[^;]*? from "([^"]+)"|^import "([^"]+)"/gms)].map(
    (match) => match[1] ?? match[2],
  );
}

/** Without comments, and with strings emptied. */
function code(file: string): string {
  return fs
    .readFileSync(path.join(ROOT, file), "utf8")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|\s)\/\/.*$/gm, "")
    .replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""');
}

const isBoardCode = (file: string) => file.startsWith("firmware/boards/") || file === "firmware/main.ts";
const firmware = sources("firmware").filter((file) => !file.endsWith(".d.ts"));
const core = firmware.filter((file) => !isBoardCode(file));

describe("the rooms of the code", () => {
  it("has files to look at", () => {
    expect(core.length).toBeGreaterThan(25);
  });

  it.each(core)("%s imports nothing but firmware, and no board", (file) => {
    for (const specifier of imports(file)) {
      expect(specifier).toMatch(/^\.\.?\/[\w./-]+\.js$/);
      const target = path.join(path.dirname(file), specifier);
      expect(target).toMatch(/^firmware\//);
      expect(target).not.toMatch(/^firmware\/boards\//);
    }
  });

  it.each(firmware)("%s uses neither async nor what only Node has", (file) => {
    expect(code(file)).not.toMatch(
      /\basync\b|\bawait\b|\bPromise\b|\bBuffer\b|\bprocess\.|\bsetTimeout\b|\bsetInterval\b/,
    );
    expect(code(file)).not.toMatch(
      /\bconsole\.|\bTextEncoder\b|\bTextDecoder\b|\bnew URL\b|\bstructuredClone\b|\bcrypto\b/,
    );
  });

  it("asks nowhere where it runs", () => {
    for (const file of core) expect(code(file)).not.toMatch(/\bsimulator\b|\bplatform\b|\bglobalThis\b/i);
  });

  it("makes links, sources and outboxes in compose.ts and its halves alone", () => {
    for (const file of core.filter((name) => !/^firmware\/compose(-\w+)?\.ts$/.test(name))) {
      expect(code(file)).not.toMatch(
        /new (Climate|Dispatcher|Postbox|Announcement|Watchdog|MQTTLink|TCPLink|Outbox|Queue|Journal|Recorder|Pipeline|PolledSource|UARTSource|TimeSync|WallClock|TickKeeper)\b/,
      );
    }
  });

  it("keeps data going one way: no room behind another is imported by it", () => {
    const order = ["sensors", "pipeline", "outbox", "links"];
    for (const file of core) {
      const from = order.indexOf(file.split("/")[1]);
      if (from < 0) continue;
      for (const specifier of imports(file)) {
        const to = order.indexOf(path.join(path.dirname(file), specifier).split("/")[1]);
        // A link reads the outbox; nothing else looks into another of these rooms.
        if (to >= 0 && to !== from) expect([file, order[to]]).toEqual([file, "outbox"]);
      }
    }
  });

  it.each(sources("host-sim/chips"))("%s has nothing of Node in it", (file) => {
    for (const specifier of imports(file)) {
      expect(specifier).toMatch(/^\.\.?\//);
      expect(path.join(path.dirname(file), specifier)).toMatch(/^(host-sim\/chips|firmware)\//);
    }
  });

  it.each(sources("tests/scenarios/program"))("%s runs wherever the firmware does", (file) => {
    for (const specifier of imports(file)) {
      const target = path.join(path.dirname(file), specifier);
      expect(target).toMatch(/^(tests\/scenarios\/program|firmware)\//);
      expect(target).not.toMatch(/^firmware\/boards\//);
    }
  });

  it.each(sources("page"))("%s imports nothing that the server does not serve", (file) => {
    for (const specifier of imports(file))
      expect(specifier).toMatch(/^\.\/[\w-]+\.js$|^\/vendor\/uplot\.js$/);
  });
});

describe("what the repository says of itself", () => {
  const read = (file: string) => fs.readFileSync(path.join(ROOT, file), "utf8");

  it("has one version", async () => {
    const { VERSION } = await import("../../firmware/version.js");
    expect((JSON.parse(read("package.json")) as { version: string }).version).toBe(VERSION);
  });

  it("lists every setting in the README with its default and what is allowed", async () => {
    const { SETTINGS, Kind } = await import("../../firmware/config.js");
    const { allowed } = await import("../../firmware/settings.js");
    const { formatDuration } = await import("../../firmware/codec/duration.js");
    const readme = read("README.md");
    const missing: string[] = [];
    for (const setting of SETTINGS) {
      const value =
        setting.kind === Kind.DURATION ? formatDuration(Number(setting.default)) : String(setting.default);
      const row = `| \`${setting.name}\` | ${value === "" ? "–" : `\`${value}\``} | ${allowed(setting).replace(", such as 500ms, 10s or 5m", "")} |`;
      if (!readme.includes(row)) missing.push(row);
    }
    expect(missing).toEqual([]);
  });

  it("lists every module in the README that a program for an ECMA-419 host can import", async () => {
    const { MODULES, OWN } = await import("../../host-sim/device/modules.js");
    const section = read("README.md").split("## ECMA-419 on Node")[1].split("\n## ")[0];
    for (const specifier of Object.keys({ ...MODULES, ...OWN }))
      expect(section).toContain(`\`${specifier}\``);
  });

  it("names every dependency in the README, and no other", () => {
    const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<
      string,
      Record<string, string>
    >;
    const section = read("README.md").split("## Dependencies")[1];
    for (const name of Object.keys({ ...dependencies, ...devDependencies }))
      expect(section).toContain(`\`${name}\``);
  });

  it("puts every folder of the firmware into the manifest, or into one that it includes", () => {
    const manifest = JSON.parse(read("manifest.json")) as { include: string[] };
    const files = ["manifest.json", ...manifest.include.filter((file) => file.startsWith("./"))];
    const places = new Map<string, string>();
    for (const file of files) {
      const { modules } = JSON.parse(read(file)) as { modules: Record<string, string | string[]> };
      for (const [specifier, place] of Object.entries(modules)) {
        if (typeof place === "string") places.set(specifier, path.join(path.dirname(file), place));
      }
    }
    const folders = new Set(core.map((file) => path.dirname(file)));
    for (const folder of folders) expect(places.get(`${folder}/*`)).toBe(`${folder}/*`);
  });

  it("lays the flash out in 4 MB: two equal slots of 1.5 MB, and at least 768 KB of journal", () => {
    const rows = read("firmware/boards/esp32/partitions.csv")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.split(",").map((cell) => cell.trim()));
    let end = 0x9000;
    const sizes: Record<string, number> = {};
    for (const [name, type, , offset, size] of rows) {
      expect(Number(offset)).toBeGreaterThanOrEqual(end);
      if (type === "app") expect(Number(offset) % 0x10000).toBe(0);
      end = Number(offset) + Number(size);
      sizes[name] = Number(size);
    }
    expect(end).toBeLessThanOrEqual(0x400000);
    expect(sizes["ota_0"]).toBe(0x180000);
    expect(sizes["ota_1"]).toBe(0x180000);
    expect(sizes["journal"]).toBeGreaterThanOrEqual(768 * 1024);
    expect(sizes["nvs"]).toBeGreaterThan(0);
    expect(sizes["otadata"]).toBe(0x2000);
  });

  it("has a bootloader that goes back, and that passes a damaged image over", () => {
    const lines = read("firmware/boards/esp32/sdkconfig.defaults").split("\n");
    expect(lines).toContain("CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y");
    expect(lines).toContain("CONFIG_BOOTLOADER_SKIP_VALIDATE_ALWAYS=n");
  });
});
