import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import { Running, scratchDirectory, stopAll } from "../support/programs.js";

const ROOT = new URL("../../../", import.meta.url).pathname;

afterEach(stopAll);

const fuzz = (cwd: string, ...options: string[]) =>
  new Running(process.execPath, ["build/bench/decoder/main.js", ...options], { cwd });

/** A copy of the program whose decoder lacks one check. */
function withoutCheck(file: string, check: string): string {
  const directory = scratchDirectory();
  for (const part of ["firmware", "bench", "host-sim", "cli"]) {
    fs.cpSync(path.join(ROOT, "build", part), path.join(directory, "build", part), { recursive: true });
  }
  fs.copyFileSync(path.join(ROOT, "package.json"), path.join(directory, "package.json"));
  fs.symlinkSync(path.join(ROOT, "node_modules"), path.join(directory, "node_modules"));
  const target = path.join(directory, "build", file);
  const code = fs.readFileSync(target, "utf8");
  expect(code).toContain(check);
  fs.writeFileSync(target, code.replace(check, "false"));
  return directory;
}

describe("npm run fuzz", () => {
  it("prints what was run and where mqtt-packet says otherwise, with exit status 0", async () => {
    const run = fuzz(ROOT, "--seeds", "60", "--seed", "1000", "--threads", "2");
    expect(await run.exited).toBe(0);
    expect(run.errors).toBe("");
    expect(run.output).toMatch(/^60 streams of [\d,]+ bytes, in [\d,]+ lives of a client\.$/m);
    expect(run.output).toMatch(
      /^ {2}PUBLISH with a bad topic +MQTT-1\.5\.3-1, MQTT-1\.5\.3-2, MQTT-3\.3\.2-2 +[\d,]+$/m,
    );
    expect(run.output).toMatch(/^ {2}not so by mqtt-packet +by +takes it +waits for the rest$/m);
  });

  it.each<[string, string, string]>([
    ["whose parser takes packet identifier 0", "firmware/mqtt/packets.js", "header.id === 0"],
    ["that reads on before a message is read", "firmware/mqtt/client.js", "this.#unread > 0"],
    ["that takes surrogates", "firmware/codec/utf8.js", "(point >= 0xd800 && point < 0xe000)"],
  ])(
    "finds a decoder %s, with exit status 1 and the one command that shows it again",
    async (_what, file, check) => {
      const directory = withoutCheck(file, check);
      const run = fuzz(directory, "--seeds", "200", "--threads", "1");
      expect(await run.exited).toBe(1);
      const again = /again {4}npm run fuzz -- (--seed \d+ --seeds 1)$/m.exec(run.output);
      expect(again).not.toBeNull();
      const repeated = fuzz(directory, ...(again?.[1] ?? "").split(" "));
      expect(await repeated.exited).toBe(1);
      expect(repeated.output).toBe(run.output.slice(run.output.indexOf("seed ")));
    },
  );

  it("runs one stream that it is given", async () => {
    const run = fuzz(ROOT, "--stream", "30050001");
    expect(await run.exited).toBe(0);
    expect(run.output).toMatch(/^1 streams of 4 bytes/m);
  });

  it("says in one line what is wrong with its options, with exit status 2", async () => {
    const run = fuzz(ROOT, "--seeds", "all");
    expect(await run.exited).toBe(2);
    expect(run.output).toBe("");
    expect(run.errors).toBe(
      'fuzz: option --seeds is "all": allowed is a whole number from 1 to 4294967295\n',
    );
  });
});
