import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { Flusher, logFlush } from "../../services/server/flusher.js";
import { StoreError } from "../../services/server/store-error.js";
import { temporaryDirectory } from "../support/peers.js";
import { fill, NOON, Store } from "../support/store.js";

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe("what is committed", () => {
  it("is flushed a second later, once for all that came meanwhile, and not again without a change", async () => {
    let flushes = 0;
    const flusher = new Flusher(
      async () => {
        flushes++;
      },
      () => {},
    );
    for (let i = 0; i < 100; i++) flusher.changed();
    await jest.advanceTimersByTimeAsync(999);
    expect(flushes).toBe(0);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(flushes).toBe(1);
    flusher.changed();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(flushes).toBe(2);
  });

  it("is flushed again where it came while a slow disk was at it, one flush at a time", async () => {
    const done: (() => void)[] = [];
    const flusher = new Flusher(
      () => new Promise((resolve) => done.push(resolve)),
      () => {},
    );
    flusher.changed();
    await jest.advanceTimersByTimeAsync(1_000);
    flusher.changed();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(done).toHaveLength(1);
    done[0]();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(done).toHaveLength(2);
  });

  it("is no more to be had from a disk that fails, which is said once", async () => {
    const errors: unknown[] = [];
    const flusher = new Flusher(
      () => Promise.reject(new Error("EIO")),
      (error) => errors.push(error),
    );
    for (let i = 0; i < 3; i++) {
      flusher.changed();
      await jest.advanceTimersByTimeAsync(1_000);
    }
    expect(errors).toHaveLength(1);
  });

  it("is in a log that can be flushed beside SQLite", async () => {
    jest.useRealTimers();
    const directory = temporaryDirectory();
    const file = path.join(directory.path, "store.db");
    const store = new Store(file);
    fill(store, "home/attic", [[NOON, 1]]);
    expect(fs.statSync(`${file}-wal`).size).toBeGreaterThan(0);
    await logFlush(file)();
    fill(store, "home/attic", [[NOON + 1, 2]], 2);
    expect(store.latest(1, 1)[0].value).toBe(2);
    store.close();
    directory.remove();
  });

  it.each([
    ["deleted", (file: string) => fs.unlinkSync(file)],
    [
      "replaced",
      (file: string) => {
        fs.copyFileSync(file, `${file}.copy`);
        fs.renameSync(`${file}.copy`, file);
      },
    ],
  ])("is said to be nowhere where the file was %s, instead of acknowledged for ever", async (_, harm) => {
    jest.useRealTimers();
    const directory = temporaryDirectory();
    const file = path.join(directory.path, "store.db");
    const store = new Store(file);
    fill(store, "home/attic", [[NOON, 1]]);
    const flush = logFlush(file);
    await flush();
    harm(file);
    await expect(flush()).rejects.toThrow(
      new StoreError(
        `${file} was deleted or replaced while the server ran: start again, and what comes is stored in what is there now`,
      ),
    );
    store.close();
    directory.remove();
  });
});
