import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import Database from "libsql";
import { lockStore } from "../../services/server/lock.js";
import { StoreError } from "../../services/server/store-error.js";
import { temporaryDirectory } from "../support/peers.js";
import { fill, NOON, Store } from "../support/store.js";

let directory: ReturnType<typeof temporaryDirectory>;
let file: string;
beforeEach(() => {
  directory = temporaryDirectory();
  file = path.join(directory.path, "store.db");
});
afterEach(() => directory.remove());

/** What opening it says. */
function problem(where = file): string {
  try {
    new Store(where).close();
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError);
    const { message } = error as Error;
    expect(message).not.toContain("\n");
    return message;
  }
  return "none";
}

function made(): void {
  const store = new Store(file);
  fill(store, "home/attic", [[NOON, 21.5]]);
  store.close();
}

describe("a store in a file", () => {
  it("is there again", () => {
    made();
    const store = new Store(file);
    expect(store.latest(store.deviceId("home/attic"), 3)).toEqual([
      { quantity: 0, value: 21.5, time: NOON, received: NOON },
    ]);
    store.close();
    store.close();
  });

  it("is its owner's alone, and one file when it is closed", () => {
    made();
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(fs.statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
  });

  it("writes ahead, and lets the operating system choose when to write", () => {
    const { database, close } = new Store(file);
    const pragma = (name: string) => database.prepare(`PRAGMA ${name}`).raw().get() as unknown;
    expect(pragma("journal_mode")).toEqual(["wal"]);
    expect(pragma("synchronous")).toEqual([1]);
    expect(pragma("busy_timeout")).toEqual([250]);
    void close;
    database.close();
  });

  it("is not made of a file that is something else, which stays as it is", () => {
    const text = "Dear diary, today was warm.\n".repeat(100);
    fs.writeFileSync(file, text);
    expect(problem()).toBe(`${file} is no database: give --store a file of its own`);
    expect(fs.readFileSync(file, "utf8")).toBe(text);
  });

  it("is not made of another program's database, which stays as it is", () => {
    const other = new Database(file);
    other.exec("CREATE TABLE contacts (name TEXT)");
    other.close();
    const before = fs.readFileSync(file);
    expect(problem()).toMatch(/another program's database/);
    expect(fs.readFileSync(file).equals(before)).toBe(true);
    expect(fs.readdirSync(directory.path)).toEqual(["store.db"]);
  });

  it("is left alone where a newer version has written it", () => {
    made();
    const newer = new Database(file);
    newer.exec("PRAGMA user_version=2");
    newer.close();
    expect(problem()).toMatch(/newer version of Hearth \(format 2, this one knows 1\)/);
    const again = new Database(file);
    expect(again.prepare("SELECT count(*) FROM reading").raw().get()).toEqual([1]);
    again.close();
  });

  it("is refused where it cannot be", () => {
    expect(problem(path.join(directory.path, "nowhere/store.db"))).toMatch(/no such directory/);
    expect(problem(directory.path)).toMatch(/is no file$/);
  });

  it("is refused where it cannot be written", () => {
    made();
    fs.chmodSync(file, 0o444);
    fs.chmodSync(directory.path, 0o555);
    // Root may write everything.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(problem()).toMatch(/cannot be written/);
    } finally {
      if (isRoot) process.seteuid?.(0);
      fs.chmodSync(directory.path, 0o755);
    }
  });

  it("is refused where it is damaged", () => {
    const store = new Store(file);
    fill(
      store,
      "home/attic",
      Array.from({ length: 2_000 }, (_, i) => [NOON + i, i] as const),
    );
    store.close();
    const bytes = fs.readFileSync(file);
    bytes.fill(0xa5, 100, 4_096);
    fs.writeFileSync(file, bytes);
    expect(problem()).toMatch(/is damaged|is no database/);
  });

  it("is one server's at a time", () => {
    const unlock = lockStore(file);
    expect(() => lockStore(file)).toThrow(/open in this process already/);
    unlock();
    lockStore(file)();
  });

  it("is one server's at a time by whatever name", () => {
    made();
    const link = path.join(directory.path, "link.db");
    fs.symlinkSync(file, link);
    const unlock = lockStore(link);
    expect(() => lockStore(file)).toThrow(/open in this process already/);
    unlock();
  });

  it("that another program holds for a moment is busy, and nothing is lost", () => {
    const store = new Store(file);
    const other = new Database(file);
    other.exec("BEGIN IMMEDIATE");
    expect(() => fill(store, "home/attic", [[NOON, 1]])).toThrow(
      expect.objectContaining({ code: "SQLITE_BUSY" }),
    );
    other.exec("COMMIT");
    other.close();
    fill(store, "home/attic", [[NOON, 1]]);
    expect(store.latest(1, 1)).toHaveLength(1);
    store.close();
  });
});
