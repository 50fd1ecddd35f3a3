import { generateKeyPairSync } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import { type Running as Booted, Chip } from "../../cli/chip.js";
import { VERSION } from "../../firmware/version.js";
import { bundleFirmware } from "../../host-sim/boot/bundle.js";
import { chipFiles, flashImage } from "../../host-sim/boot/chip-files.js";
import { makeImage } from "../../host-sim/boot/image.js";
import { installUpdate } from "../support/chip.js";
import { freePort } from "../support/peers.js";
import {
  CLI,
  itWith,
  type Running as Program,
  Running,
  scratchDirectory,
  startMosquitto,
  startNode,
  startTerminal,
  stopAll,
  subscribe,
} from "../support/programs.js";

afterEach(stopAll);

const OTHER = "9.9.9";
const other = await bundleFirmware(OTHER);

const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** A file with a key to update by. */
function keyFile(): string {
  const file = path.join(scratchDirectory(), "update.pub");
  fs.writeFileSync(file, publicKey.export({ type: "spki", format: "pem" }));
  return file;
}

/** A node in a thread of its own, with its flash in this directory. */
function startChip(state: string, ...args: string[]): Program {
  return startNode("--state", state, "--update-key", keyFile(), "--interval", "1s", ...args);
}

/** Runs it until a reading was delivered, and ends it. @returns what it printed */
async function runOnce(state: string, ...args: string[]): Promise<string> {
  const node = startChip(state, ...args);
  await node.until(/acknowledged/);
  expect(await node.stop("SIGTERM")).toBe(0);
  expect(node.errors).toBe("");
  return node.output;
}

/** A chip in a directory that has taken an update, and never run. */
function installUpdateFrom(state: string): void {
  flashImage(chipFiles(state), other);
  installUpdate(state, other, true);
}

const leftovers = (state: string) => fs.readdirSync(state).filter((name) => name.endsWith(".lock"));

describe("npm start -- node with an update key", () => {
  it("runs this checkout's firmware from its slot, each time as it is", async () => {
    const state = scratchDirectory();
    const first = await runOnce(state);
    expect(first).toContain(`Hearth ${VERSION}`);
    expect(first).toContain(`${VERSION} from ota_0, this checkout's`);
    expect(first).toContain("goodbye");
    expect(leftovers(state)).toEqual([]);
    // What an older build left there is not what runs.
    flashImage(chipFiles(state), other);
    const second = await runOnce(state);
    expect(second).toContain(`Hearth ${VERSION}`);
    expect(second).not.toContain("#1 ");
  });

  it("keeps all of it in a directory that is gone at the end, without --state", async () => {
    const temporary = scratchDirectory();
    const node = new Running(process.execPath, [CLI, "node", "--update-key", keyFile(), "--spread", "0ms"], {
      env: { ...process.env, TMPDIR: temporary },
    });
    await node.until(/acknowledged/);
    expect(fs.readdirSync(temporary)).toHaveLength(1);
    expect(node.output).toContain("without --state an update is gone at the end");
    expect(await node.stop("SIGINT")).toBe(0);
    expect(fs.readdirSync(temporary)).toEqual([]);
  });

  it("runs an update that was confirmed, also without the key, and says how to go back to the checkout's", async () => {
    const state = scratchDirectory();
    await runOnce(state);
    installUpdate(state, other, true);
    const node = startNode("--state", state, "--interval", "1s");
    await node.until(/acknowledged/);
    await node.stop();
    expect(node.output).toContain(`Hearth ${OTHER}`);
    const record = path.join(state, "otadata.flash");
    expect(node.output).toContain(
      `${OTHER} from ota_1; delete ${record} to run this checkout's (${VERSION})`,
    );
    fs.rmSync(record);
    expect(await runOnce(state)).toContain(`Hearth ${VERSION}`);
  });

  it("goes back to the old one when it is killed before the new one was confirmed", async () => {
    const state = scratchDirectory();
    await runOnce(state);
    installUpdate(state, other);
    // Nobody is there who could acknowledge a reading.
    const node = startChip(state, "--broker", `mqtt://127.0.0.1:${await freePort()}`);
    await node.until(new RegExp(`${OTHER} from ota_1, not confirmed yet`));
    await node.stop("SIGKILL");
    const output = await runOnce(state);
    expect(output).toContain("what ran from ota_1 was reset before it was confirmed: it is given up");
    expect(output).toContain(`Hearth ${VERSION}`);
    expect(await runOnce(state)).not.toContain("given up");
  });

  it("stays on the new one when it is killed after a reading was acknowledged", async () => {
    const state = scratchDirectory();
    await runOnce(state);
    installUpdate(state, other);
    const node = startChip(state);
    await node.until(/not confirmed yet[\s\S]*acknowledged/);
    // With the second one the first is behind it.
    await node.until(/acknowledged[\s\S]*acknowledged/);
    await node.stop("SIGKILL");
    const output = await runOnce(state);
    expect(output).not.toContain("given up");
    expect(output).toContain(`Hearth ${OTHER}`);
  });

  it("goes back, and says why in a line, when the new one throws", async () => {
    const state = scratchDirectory();
    await runOnce(state);
    installUpdate(state, makeImage(OTHER, 'function f() { throw new Error("bad bundle"); }\nf();'));
    const output = await runOnce(state);
    expect(output).toMatch(
      /! {2}the firmware in ota_1 threw what it did not catch: bad bundle at f \(firmware-9\.9\.9\.js:1:\d+\)/,
    );
    expect(output.match(/bad bundle/g)).toHaveLength(1);
    expect(output).toContain(`Hearth ${VERSION}`);
    expect(leftovers(state)).toEqual([]);
  });

  it("starts anew when its firmware throws later, as a device does, and what it kept is there", async () => {
    const state = scratchDirectory();
    await runOnce(state);
    const trap = 'setTimeout(() => { throw new Error("later"); }, 1500);\n';
    const code = Buffer.from(other).toString("utf8").split("\n").slice(1).join("\n");
    installUpdate(state, makeImage(OTHER, trap + code), true);
    const node = startChip(state, "--log", "json");
    await node.until(/"note","text":"the node starts anew: 9\.9\.9 from ota_1"/);
    await node.until(/later[\s\S]*"delivered"/);
    await node.stop();
    const warnings = node.lines.map((line) => JSON.parse(line)).filter(({ event }) => event === "warning");
    expect(warnings[0].text).toMatch(/^the firmware in ota_1 threw what it did not catch: later at /);
    // Neither the journal nor the storage was held by what had crashed.
    for (const { text } of warnings) expect(text).toMatch(/what it did not catch|safe mode/);
    const boots = (JSON.parse(fs.readFileSync(path.join(state, "hearth.json"), "utf8")) as { boot: string })
      .boot;
    expect(Number(boots.split(" ")[0])).toBeGreaterThan(2);
  });

  itWith("mosquitto", "mosquitto_pub", "socat")(
    "starts anew on command, with its serial port (needs mosquitto, mosquitto_pub, socat)",
    async () => {
      const broker = await startMosquitto();
      const diagnostics = await subscribe(broker, "home/livingroom/diagnostics");
      const terminal = await startTerminal(scratchDirectory());
      const node = startChip(
        scratchDirectory(),
        ...["--broker", `mqtt://127.0.0.1:${broker.port}`, "--uart", terminal.a, "--interval", "0ms"],
        ...["--diagnostics", "10s"],
      );
      const sensor = setInterval(() => fs.appendFileSync(terminal.b, "21.5\n"), 200);
      try {
        await node.until(/acknowledged/);
        const command = JSON.stringify({ id: "a", command: "restart", time: Date.now(), ttl: 30 });
        const publish = new Running("mosquitto_pub", [
          ...["-p", String(broker.port), "-q", "1", "-t", "home/livingroom/command", "-m", command],
        ]);
        expect(await publish.exited).toBe(0);
        await node.until(/the node starts anew: \S+ from ota_0\n[\s\S]*acknowledged/);
        await diagnostics.until(/"reset":"software"/);
      } finally {
        clearInterval(sensor);
      }
      expect(await node.stop()).toBe(0);
      expect(node.output).not.toMatch(/ ! /);
    },
    60_000,
  );

  itWith("socat")(
    "says what is wrong with its serial port, and ends all the same (needs socat)",
    async () => {
      const terminal = await startTerminal(scratchDirectory());
      const node = startChip(scratchDirectory(), "--uart", `${terminal.a}-missing`);
      await node.until(/-missing does not exist/);
      expect(await node.stop()).toBe(0);
    },
  );

  it("checks the key, in one line", async () => {
    const file = path.join(scratchDirectory(), "no.pub");
    fs.writeFileSync(file, "no key");
    const node = startNode("--update-key", file);
    expect(await node.exited).toBe(2);
    expect(node.errors).toMatch(/^hearth: option --update-key .*\n$/);
    expect(node.errors).not.toContain('no key"');
  });

  it("is not what npm start without a part runs, which says so where there was an update", async () => {
    const state = scratchDirectory();
    installUpdateFrom(state);
    const all = new Running(process.execPath, [CLI, "--state", state, "--spread", "0ms"]);
    await all.until(/npm start -- node runs what is in them, this runs the checkout's firmware/);
    expect(await all.stop()).toBe(0);
    expect(all.output).toContain(`Hearth ${VERSION}`);
  });

  it("keeps a second process away, in one line", async () => {
    const state = scratchDirectory();
    const node = startChip(state);
    await node.until(/acknowledged/);
    const second = startChip(state);
    expect(await second.exited).toBe(2);
    expect(second.errors).toMatch(
      /^hearth: --state: \S+chip is in use by process \d+: end that one first.*\n$/,
    );
    expect(second.output).toBe("");
    await node.stop();
  });

  it("says in one line where it cannot have its flash, or nothing in it can run", async () => {
    const state = scratchDirectory();
    const file = path.join(state, "file");
    fs.writeFileSync(file, "");
    const below = startChip(path.join(file, "below"));
    expect(await below.exited).toBe(2);
    expect(below.errors).toMatch(/^hearth: --state: .*below cannot be made: .*\n$/);
    await runOnce(state);
    installUpdate(state, other, true);
    for (const name of ["ota_0", "ota_1"] as const) {
      const slot = chipFiles(state)(name);
      slot.eraseBlock(0);
      slot.close();
    }
    const empty = startChip(state);
    expect(await empty.exited).toBe(1);
    expect(empty.errors).toMatch(
      /^hearth: neither slot has an image that can run: delete \S+otadata\.flash .*\n$/,
    );
  });

  it("is for one device alone", async () => {
    for (const option of ["--update-key", "--trial"]) {
      const all = new Running(process.execPath, [CLI, option, "x"]);
      expect(await all.exited).toBe(2);
      expect(all.errors).toMatch(
        new RegExp(`^hearth: option ${option} is for one device alone: npm start -- node .*\\n$`),
      );
    }
    const node = startNode("--update-key", "/nowhere/at/all");
    expect(await node.exited).toBe(2);
    expect(node.errors).toMatch(/^hearth: option --update-key: ENOENT.*\n$/);
  });
});

/** Code of a firmware that only does what `start` says, with `board` and `setInterval` at hand. */
function firmwareThat(starts: string, version: string): Uint8Array {
  return makeImage(
    version,
    `var firmware = {
      version: "${version}", MQTTClient: class {}, TMP117: {RANGE: {}}, SHT3x: {RANGE: {}}, sensorEntry() {},
      boot: ({board}) => ({
        settings: {why: board.resetReason}, problems: [],
        compose: () => ({ start() { ${starts} }, stop(onStopped) { onStopped(); } }),
      }),
    };`,
  );
}

const FEEDING = "board.journal.open(); setInterval(() => board.watchdog.feed(), 20);";

/** Milliseconds of a watchdog that bites; a thread must have started in them. */
const SHORT = 3_000;

describe("the hardware watchdog of a chip", () => {
  const chips: Chip[] = [];
  afterEach(async () => {
    for (const chip of chips.splice(0)) await chip.stop();
  });

  /** Switches on a chip that feeds its watchdog, with an update that does as it is told; until it is back on the first. */
  async function tryOut(
    starts: string,
    watchdog = 20_000,
  ): Promise<{ booted: Booted[]; warnings: string[] }> {
    const directory = scratchDirectory();
    const booted: Booted[] = [];
    const warnings: string[] = [];
    flashImage(chipFiles(directory), firmwareThat(FEEDING, "1.0.0"));
    installUpdate(directory, firmwareThat(starts, "2.0.0"));
    await new Promise<void>((resolve, reject) => {
      const chip = new Chip({
        settings: {},
        directory,
        monitor: { warning: (text) => warnings.push(text) },
        watchdog,
        onBooted: (running) => {
          booted.push(running);
          if (running.version === "1.0.0") resolve();
        },
        onFailed: (reason) => reject(new Error(reason)),
      });
      chips.push(chip);
      chip.start();
    });
    return { booted, warnings };
  }

  it.each([
    ["at once", "for (;;);"],
    ["later, with its files open", `${FEEDING} setTimeout(() => { for (;;); }, 300);`],
  ])("resets a firmware that hangs %s: the old one runs", async (_, starts) => {
    const { booted, warnings } = await tryOut(starts, SHORT);
    expect(booted.map(({ version }) => version)).toEqual(["2.0.0", "1.0.0"]);
    expect(booted[1].settings).toEqual({ why: "watchdog" });
    expect(warnings[0]).toBe("the firmware has not fed the watchdog for 3 s: the chip is reset");
    expect(warnings[1]).toContain("given up");
    expect(warnings).toHaveLength(2);
  });

  it("resets a firmware that hangs as it is loaded", async () => {
    const directory = scratchDirectory();
    flashImage(chipFiles(directory), firmwareThat(FEEDING, "1.0.0"));
    installUpdate(directory, makeImage("2.0.0", "for (;;);"));
    const version = await new Promise<string>((resolve) => {
      const chip = new Chip({
        settings: {},
        directory,
        monitor: {},
        watchdog: SHORT,
        onBooted: (running) => resolve(running.version),
        onFailed: resolve,
      });
      chips.push(chip);
      chip.start();
    });
    expect(version).toBe("1.0.0");
  });

  it("tells a restart on purpose from a crash and from an end without a word", async () => {
    const restarted = await tryOut("board.restart();");
    expect(restarted.booted[1].settings).toEqual({ why: "software" });
    expect(restarted.warnings).toHaveLength(1);
    const ended = await tryOut("process.exit(0);");
    expect(ended.warnings[0]).toBe("the firmware in ota_1 has ended by itself");
    const back = await tryOut("board.update.slots.goBack();");
    expect(back.booted.map(({ version }) => version)).toEqual(["2.0.0", "1.0.0"]);
    expect(back.warnings).toEqual([]);
  });

  it("leaves a firmware alone that feeds it", async () => {
    const { booted, warnings } = await tryOut(
      "let count = 0; setInterval(() => { board.watchdog.feed(); if (++count === 120) board.restart(); }, 50);",
      SHORT,
    );
    expect(booted[1].settings).toEqual({ why: "software" });
    expect(warnings.join()).not.toContain("watchdog");
  });

  it("does not keep a firmware that hangs from being ended", async () => {
    const directory = scratchDirectory();
    flashImage(chipFiles(directory), firmwareThat("for (;;);", "1.0.0"));
    const chip = await new Promise<Chip>((resolve) => {
      const made: Chip = new Chip({
        settings: {},
        directory,
        monitor: {},
        onBooted: () => resolve(made),
        onFailed: () => {},
      });
      made.start();
    });
    await chip.stop();
    expect(leftovers(directory)).toEqual([]);
  });
});
