import { createHash } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { parseHTTPAddress } from "../../firmware/codec/http-url.js";
import type { Flash } from "../../firmware/ports.js";
import { Download } from "../../firmware/update/download.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import { seededRandom } from "../../host-sim/boards/virtual/random.js";
import { anyBytes, BLOCK } from "../support/range-bench.js";
import { headOf, RangeServer, rightAnswer, text } from "../support/range-server.js";

const FILE = anyBytes(5 * BLOCK + 77);
const MISMATCH =
  "the image's digest is not the manifest's: another image, or one that was changed on the way";

/** @param change what the slot does otherwise */
function bench(file = FILE, expected = FILE, change: (flash: Flash) => Partial<Flash> = () => ({})) {
  const clock = new VirtualClock();
  const net = new VirtualNetwork(clock);
  const domain = clock.domain();
  const host = net.host({ domain });
  const server = new RangeServer(file);
  net.listen("10.0.0.2", 80, server.accept);
  const flash = new VirtualFlash(8);
  const told: string[] = [];
  const waits: number[] = [];
  const hooks = { onTold: (_line: string) => {} };
  const tell = (line: string) => {
    told.push(line);
    hooks.onTold(line);
  };
  /** Bytes that were read back in each turn. */
  const turns = new Map<number, number>();
  let download: Download;
  const begin = (delay = 0) => {
    const handle = flash.open();
    const opened: Flash = {
      read: (into, position) => handle.read(into, position),
      write: (data, position) => handle.write(data, position),
      eraseBlock: (start, end) => handle.eraseBlock(start, end),
      status: () => handle.status(),
      close: () => handle.close(),
      ...change(handle),
    };
    download = new Download({
      dns: { io: host.Resolver },
      socket: { io: host.TCP },
      timer: domain.timer,
      clock,
      random: seededRandom(3),
      address: parseHTTPAddress("http://10.0.0.2/x") as NonNullable<ReturnType<typeof parseHTTPAddress>>,
      agent: "Hearth/0.1.0",
      flash: opened,
      size: expected.length,
      sha256: new Uint8Array(createHash("sha256").update(expected).digest()),
      digest: () => {
        const hash = createHash("sha256");
        const write = (data: Uint8Array) => {
          hash.update(data);
          turns.set(clock.steps, (turns.get(clock.steps) ?? 0) + data.length);
        };
        return { write, close: () => new Uint8Array(hash.digest()) };
      },
      onProgress: () => tell(`${download.done}`),
      onVerifying: () => tell("verifying"),
      onWaiting: (reason, wait) => {
        tell(`waits: ${reason}`);
        waits.push(wait);
      },
      onFault: (reason) => tell(`fault: ${reason}`),
      onVerified: () => tell("verified"),
    });
    download.start(delay);
    return download;
  };
  const there = () => {
    const read = new Uint8Array(expected.length);
    flash.open().read(read, 0);
    return Buffer.from(read).equals(expected);
  };
  const isQuiet = () => domain.pending === 0 && net.connections === 0;
  return { clock, net, server, flash, told, hooks, turns, waits, begin, there, isQuiet };
}

const PROGRESS = [1, 2, 3, 4, 5].map((block) => `${block * BLOCK}`).concat(`${FILE.length}`);

describe("the download of an image", () => {
  it("brings it into the slot, reads it back, and ends", () => {
    const { clock, server, told, begin, there, isQuiet } = bench();
    const download = begin(3_000);
    clock.run(2_999);
    expect(server.connections).toBe(0);
    clock.run(10_000);
    expect(told).toEqual([...PROGRESS, "verifying", "verified"]);
    expect(there()).toBe(true);
    expect(server.connections).toBe(1);
    expect(server.fetches()).toEqual([1, 1, 1, 1, 1, 1]);
    expect(isQuiet()).toBe(true);
    download.close();
    expect(told).toHaveLength(8);
  });

  it("reads one block back at a turn: others have theirs between", () => {
    const { clock, turns, begin } = bench();
    begin();
    clock.run(10_000);
    expect([...turns.values()]).toEqual([BLOCK, BLOCK, BLOCK, BLOCK, BLOCK, 77]);
  });

  it("goes on where another one was closed", () => {
    const { clock, server, told, begin, there } = bench();
    for (let at = 0; at < 30; at++) {
      const download = begin();
      clock.run(at);
      download.close();
      expect(download.done % BLOCK === 0 || download.done === FILE.length).toBe(true);
    }
    begin();
    clock.run(1_000);
    expect(told.at(-1)).toBe("verified");
    expect(there()).toBe(true);
    // The block that was under way was fetched again, each time, and none that was there.
    const progress = told.map(Number).filter((number) => !Number.isNaN(number));
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(server.fetches().every((count) => count >= 1)).toBe(true);
  });

  it("waits longer each time while the server is away, and wears nothing out", () => {
    const { clock, net, server, told, waits, begin, flash, there } = bench();
    begin();
    clock.run(60);
    net.listen("10.0.0.2", 80, undefined);
    net.resetAll();
    const before = flash.operations;
    const done = told.filter((line) => !Number.isNaN(Number(line))).length;
    clock.run(3_600_000);
    expect(told.filter((line) => line.startsWith("waits")).length).toBeGreaterThan(60);
    expect(flash.operations).toBe(before);
    expect(Math.max(...waits)).toBeGreaterThan(30_000);
    expect(Math.max(...waits)).toBeLessThan(60_000);
    expect(Math.max(...waits.slice(0, 2))).toBeLessThan(2_000);
    net.listen("10.0.0.2", 80, server.accept);
    clock.run(120_000);
    expect(told.at(-1)).toBe("verified");
    expect(there()).toBe(true);
    expect(done).toBeGreaterThan(0);
    expect(server.fetches().reduce((sum, count) => sum + count)).toBeLessThanOrEqual(7);
  });

  it("waits a short time again once a block has come", () => {
    const { clock, server, waits, told, begin } = bench();
    let count = 0;
    server.answer = (request, peer, file) => {
      count += 1;
      // Eight failures before each block.
      if (count % 9 === 0) rightAnswer(request, peer, file);
      else peer.write(text("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"));
    };
    begin();
    clock.run(3_600_000);
    expect(told.at(-1)).toBe("verified");
    expect(waits).toHaveLength(6 * 8);
    for (let block = 0; block < 6; block++) {
      expect(waits[block * 8]).toBeLessThan(1_000);
      expect(waits[block * 8 + 1]).toBeLessThan(2_000);
    }
  });

  it("ends where the server has something else", () => {
    const { clock, server, told, begin, isQuiet } = bench();
    server.answer = (request, peer, file) => peer.write(text(headOf(request, file.length + 1)));
    begin();
    clock.run(100_000);
    expect(told).toEqual([
      `fault: the server's file has ${FILE.length + 1} bytes, and the image ${FILE.length}`,
    ]);
    expect(isQuiet()).toBe(true);
  });

  it("ends where the image is another one of the same length, and forgets it", () => {
    const other = FILE.slice();
    other[BLOCK] ^= 1;
    const { clock, server, told, begin, isQuiet, there } = bench(other);
    begin();
    clock.run(10_000);
    expect(told).toEqual([...PROGRESS, "verifying", `fault: ${MISMATCH}`]);
    expect(isQuiet()).toBe(true);
    server.file = FILE;
    begin();
    clock.run(10_000);
    expect(told.at(-1)).toBe("verified");
    expect(there()).toBe(true);
    expect(server.fetches()).toEqual([2, 2, 2, 2, 2, 2]);
  });

  it("ends where the slot was changed after it was written", () => {
    const { clock, told, begin, flash } = bench();
    begin();
    clock.runUntil(() => told.length === 3);
    flash.flipBits(1, seededRandom(1), 0, BLOCK);
    clock.run(10_000);
    expect(told.at(-1)).toBe(`fault: ${MISMATCH}`);
  });

  it.each([
    ["failErases", "erase failed"],
    ["failWrites", "write failed"],
    ["failReads", "read failed"],
  ] as const)("ends where the flash fails, at once, within and when it is read back: %s", (what, reason) => {
    for (const stage of ["", PROGRESS[1], PROGRESS[4], "verifying"]) {
      const { clock, told, hooks, begin, flash, isQuiet, there } = bench();
      hooks.onTold = (line) => {
        if (line === stage) flash[what] = true;
      };
      begin();
      flash[what] = stage === "";
      clock.run(100_000);
      if (stage === "verifying" && what === "failErases") expect(told.at(-1)).toBe("verified");
      else expect(told.at(-1)).toBe(`fault: ${reason}`);
      expect(told.filter((line) => line.startsWith("fault")).length).toBeLessThanOrEqual(1);
      expect(isQuiet()).toBe(true);
      flash[what] = false;
      hooks.onTold = () => {};
      begin();
      clock.run(10_000);
      expect(told.at(-1)).toBe("verified");
      expect(there()).toBe(true);
    }
  });

  it("is quiet once it is closed, at whatever moment", () => {
    for (let at = 0; at < 100; at += 3) {
      const { clock, told, begin, isQuiet, net } = bench();
      if (at % 2) net.segment = 100;
      const download = begin();
      clock.run(at);
      download.close();
      download.close();
      const { length } = told;
      clock.run(100_000);
      expect(told).toHaveLength(length);
      expect(isQuiet()).toBe(true);
    }
  });

  it("fetches nothing where all is there already, and reads it back all the same", () => {
    const { clock, server, told, begin, flash } = bench();
    begin();
    clock.run(10_000);
    const { operations } = flash;
    begin();
    clock.run(10_000);
    expect(told.slice(8)).toEqual(["verifying", "verified"]);
    expect(server.connections).toBe(1);
    expect(flash.operations).toBe(operations);
  });

  it.each([PROGRESS[1], "verifying", "waits: the connection ended", "fault: "])(
    "may be closed by whoever is told %s",
    (word) => {
      const { clock, told, hooks, begin, isQuiet, server } = bench();
      if (word.startsWith("waits")) server.answer = (_request, peer) => peer.close();
      if (word.startsWith("fault")) server.file = FILE.subarray(1);
      const download = begin();
      hooks.onTold = (line) => {
        if (line.startsWith(word)) download.close();
      };
      clock.runUntil(() => told.at(-1)?.startsWith(word) === true);
      const { connections, requests } = server;
      const asked = requests.length;
      clock.run(100_000);
      expect(told.at(-1)?.startsWith(word)).toBe(true);
      expect([server.connections, server.requests.length]).toEqual([connections, asked]);
      expect(isQuiet()).toBe(true);
    },
  );

  it("has let its connection go when it reads back, and the slot when it tells how it ended", () => {
    for (const [file, end] of [
      [FILE, "verified"],
      [anyBytes(FILE.length, 9), `fault: ${MISMATCH}`],
    ] as const) {
      const seen: string[] = [];
      let closes = 0;
      const { clock, net, hooks, begin } = bench(file, FILE, (flash) => ({
        close: () => {
          closes += 1;
          flash.close();
        },
      }));
      hooks.onTold = (line) => {
        if (line === "verifying") seen.push(`${net.connections} connections, ${closes} closes`);
        if (line === end) seen.push(`${closes} closes`);
      };
      begin();
      clock.run(10_000);
      expect(seen).toEqual(["0 connections, 0 closes", "1 closes"]);
    }
  });

  it("reads the notes once", () => {
    let reads = 0;
    const { clock, told, begin } = bench(FILE, FILE, (flash) => ({
      read: (into, position) => {
        if (position >= 7 * BLOCK) reads += 1;
        return flash.read(into, position);
      },
    }));
    begin();
    clock.run(10_000);
    expect(told.at(-1)).toBe("verified");
    // And what was written for a new image, and the image's first byte: before and after it is kept, digested, written.
    expect(reads).toBe(2 + 4);
  });

  it("ends where a block's mark cannot be written", () => {
    const { clock, told, begin, isQuiet } = bench(FILE, FILE, (flash) => ({
      write: (data, position) => {
        if (position === 7 * BLOCK + 64 + 2) throw new Error("write failed");
        flash.write(data, position);
      },
    }));
    begin();
    clock.run(10_000);
    expect(told).toEqual([...PROGRESS.slice(0, 2), "fault: write failed"]);
    expect(isQuiet()).toBe(true);
  });

  it("tells how it ended though the slot cannot even be closed", () => {
    const { clock, told, begin, isQuiet } = bench(FILE, FILE, () => ({
      close: () => {
        throw new Error("close failed");
      },
    }));
    begin().close();
    begin();
    clock.run(10_000);
    expect(told.at(-1)).toBe("verified");
    expect(isQuiet()).toBe(true);
  });
});
