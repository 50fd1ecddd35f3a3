import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import { JournalRecord, RecordKind } from "../../firmware/outbox/record.js";
import { seededRandom } from "../../host-sim/boards/virtual/random.js";
import { CLI, itWith, Running, scratchDirectory, startNode, stopAll } from "../support/programs.js";

afterEach(stopAll);

/** Warnings of a node, without its time stamps. */
const warnings = (node: Running) =>
  node.lines.filter((line) => / ! {2}/.test(line)).map((line) => line.replace(/^.* ! {2}/, ""));

/** Nothing listens there: readings wait. */
const NOWHERE = ["--broker", "mqtt://127.0.0.1:9", "--interval", "1s"];

describe("a state directory", () => {
  it("that cannot be made costs a line, and the node runs", async () => {
    const file = path.join(scratchDirectory(), "file");
    fs.writeFileSync(file, "");
    const node = startNode("--state", path.join(file, "state"));
    await node.until(/acknowledged/);
    expect(warnings(node)).toEqual([
      expect.stringMatching(/^--state: .*file.*; settings and restarts are not kept in this run$/),
      expect.stringMatching(
        /^no journal \(.*file.*\): readings wait in memory and do not survive a restart; the next start tries again$/,
      ),
    ]);
  });

  it("with random bytes as journal costs a line, and is used anew", async () => {
    const state = scratchDirectory();
    const random = seededRandom(4);
    fs.writeFileSync(
      path.join(state, "journal.flash"),
      Uint8Array.from({ length: 64 * 4096 }, () => random() * 256),
    );
    const node = startNode("--state", state);
    await node.until(/acknowledged/);
    expect(warnings(node)).toEqual(["journal: 64 of 64 blocks cannot be read and will be used anew"]);
    expect(await node.stop("SIGTERM")).toBe(0);
    const again = startNode("--state", state);
    await again.until(/acknowledged/);
    expect(warnings(again).filter((line) => !line.includes("blocks cannot be read"))).toEqual([]);
  });

  it("with random bytes in a part of the journal keeps what else is in it", async () => {
    const state = scratchDirectory();
    const node = startNode("--state", state, ...NOWHERE);
    await node.until(/next attempt/);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await node.stop("SIGTERM");
    const file = path.join(state, "journal.flash");
    const bytes = fs.readFileSync(file);
    bytes.fill(0x5a, 32 * 2, 32 * 3); // one record: behind the header and the clock, the first reading
    bytes.fill(0x5a, 4096 * 7, 4096 * 9);
    fs.writeFileSync(file, bytes);
    const again = startNode("--state", state);
    await again.until(/late +#2/);
    expect(warnings(again)).toEqual(["journal: 2 of 2048 blocks cannot be read and will be used anew"]);
  });

  it("with the journal of another layout says so, leaves it there, and has one of its own", async () => {
    const state = scratchDirectory();
    const header = new JournalRecord();
    header.kind = RecordKind.HEADER;
    header.quantity = 15;
    header.encode();
    const bytes = new Uint8Array(16 * 4096).fill(0xff);
    bytes.set(header.bytes);
    bytes.fill(0x77, 1000, 2000);
    const file = path.join(state, "journal.flash");
    fs.writeFileSync(file, bytes);
    const node = startNode("--state", state);
    await node.until(/acknowledged/);
    expect(warnings(node)).toEqual([
      "journal: 1 of 16 blocks have layout 15, which this version cannot read: kept until their room is needed",
    ]);
    await node.stop("SIGTERM");
    expect(fs.readFileSync(file).subarray(0, 4096)).toEqual(Buffer.from(bytes.subarray(0, 4096)));
  });

  itWith("bash")("on a disk that is full costs a line, and the node runs (needs bash)", async () => {
    const state = scratchDirectory();
    // No file of this process may be longer than 64 KB.
    const node = new Running("bash", [
      "-c",
      `ulimit -f 64; exec "$@"`,
      "-",
      process.execPath,
      CLI,
      "node",
      "--state",
      state,
    ]);
    await node.until(/acknowledged/);
    expect(warnings(node)).toEqual([
      expect.stringMatching(
        /^no journal \(.*journal\.flash.*\): readings wait in memory and do not survive a restart; the next start tries again$/,
      ),
    ]);
  });

  it("in use by another node costs the second one a line", async () => {
    const state = scratchDirectory();
    const node = startNode("--state", state);
    await node.until(/acknowledged/);
    const second = startNode("--state", state, ...NOWHERE);
    await second.until(/next attempt/);
    expect(warnings(second)).toEqual([expect.stringMatching(/^no journal \(.*journal\.flash.*in use.*\)/)]);
  });
});
