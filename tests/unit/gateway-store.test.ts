import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import Database from "libsql";
import { type Incoming, Store, storeProblem } from "../../services/gateway/store.js";
import { temporaryDirectory } from "../support/peers.js";

const open: Store[] = [];
const directories: (() => void)[] = [];
afterEach(() => {
  for (const store of open.splice(0)) store.close();
  for (const remove of directories.splice(0)) remove();
});

function scratch(): string {
  const { path: directory, remove } = temporaryDirectory();
  directories.push(remove);
  return directory;
}

function store(file?: string, keep = 100): Store {
  const made = new Store({ file, keep });
  open.push(made);
  return made;
}

const reading = (device: string, value: number, more: Partial<Incoming> = {}): Incoming => ({
  device,
  quantity: 0,
  value,
  stamp: { time: 1 },
  number: undefined,
  late: false,
  ...more,
});

describe("the gateway's store", () => {
  it("numbers each device's readings in an epoch of its own, and keeps the numbers that they bring", () => {
    const one = store();
    const number = { seq: 77, epoch: "5f3a09c1" };
    const add = [
      reading("a", 1),
      reading("b", 2),
      reading("a", 3),
      reading("b", 4, { number }),
      reading("b", 5),
    ];
    expect(one.add(add)).toEqual([1, 1, 2, 77, 2]);
    expect(one.epoch).toMatch(/^[0-9a-f]{8}$/);
    expect(one.lane(false, 0, 9).map(({ text }) => JSON.parse(text))).toEqual([
      { temperature: 1, time: 1, seq: 1, epoch: one.epoch },
      { temperature: 2, time: 1, seq: 1, epoch: one.epoch },
      { temperature: 3, time: 1, seq: 2, epoch: one.epoch },
      { temperature: 4, time: 1, seq: 77, epoch: "5f3a09c1" },
      { temperature: 5, time: 1, seq: 2, epoch: one.epoch },
    ]);
    expect(store().epoch).not.toBe(one.epoch);
  });

  it("gives no number and no identifier twice, also when all was delivered and it was opened again", () => {
    const file = path.join(scratch(), "deep", "gateway.db");
    const first = store(file);
    first.add([reading("a", 1), reading("a", 2)]);
    const { epoch, lastId } = first;
    first.remove(first.lane(false, 0, 9).map(({ id }) => id));
    expect(first.waiting).toBe(0);
    first.close();
    const second = store(file);
    expect([second.epoch, second.lastId, second.waiting]).toEqual([epoch, lastId, 0]);
    expect(second.add([reading("a", 3)])).toEqual([3]);
    expect(second.lastId).toBeGreaterThan(lastId);
  });

  it("knows its devices again, those too that have brought no reading", () => {
    const file = path.join(scratch(), "gateway.db");
    const first = store(file);
    first.add([reading("a", 1)], ["listener"]);
    first.close();
    const second = store(file);
    expect([...second.devices].sort()).toEqual(["a", "listener"]);
  });

  it("has what waits in two lanes, each in order", () => {
    const one = store();
    one.add([
      reading("a", 1),
      reading("a", 2, { late: true }),
      reading("a", 3),
      reading("a", 4, { late: true }),
    ]);
    expect(one.lane(false, 0, 9).map(({ id }) => id)).toEqual([1, 3]);
    expect(one.lane(true, 0, 9).map(({ id }) => id)).toEqual([2, 4]);
    expect(one.lane(true, 2, 9).map(({ id }) => id)).toEqual([4]);
    expect(one.between(1, 3, 9).map(({ id }) => id)).toEqual([2, 3]);
    expect(one.between(0, 4, 2).map(({ id }) => id)).toEqual([1, 2]);
  });

  it("takes all of what it is given or nothing, and goes on where it was", () => {
    const one = store();
    one.add([reading("a", 1)]);
    const bad = reading("a", 3, { device: null as unknown as string });
    expect(() => one.add([reading("a", 2), bad], ["b"])).toThrow();
    expect([one.waiting, one.lastId, one.knows("b")]).toEqual([1, 1, false]);
    expect(one.lane(false, 0, 9).map(({ id }) => id)).toEqual([1]);
    expect(one.add([reading("a", 2)])).toEqual([2]);
  });

  it("says how much room there is", () => {
    const one = store(undefined, 2);
    one.add([reading("a", 1), reading("a", 2)]);
    expect(one.room).toBe(0);
    one.remove([1]);
    expect(one.room).toBe(1);
    one.remove([1]); // twice is once
    expect(one.waiting).toBe(1);
  });

  it("is its owner's alone: readings tell who is at home", () => {
    const file = path.join(scratch(), "gateway.db");
    store(file).add([reading("a", 1)]);
    for (const name of [file, `${file}-wal`]) expect(fs.statSync(name).mode & 0o777).toBe(0o600);
  });

  it("takes nothing where its file was deleted or replaced, and still has what it took", () => {
    for (const replacement of [undefined, "another"]) {
      const file = path.join(scratch(), "gateway.db");
      const one = store(file);
      one.add([reading("a", 1)]);
      fs.renameSync(file, `${file}.away`);
      if (replacement !== undefined) fs.writeFileSync(file, replacement);
      expect(() => one.add([reading("a", 2)])).toThrow(/^its file was deleted or replaced/);
      expect(one.lane(false, 0, 9)).toHaveLength(1);
      one.remove([1]);
      expect(one.waiting).toBe(0);
      if (replacement !== undefined) fs.unlinkSync(file);
      fs.renameSync(`${file}.away`, file);
      expect(one.add([reading("a", 2)])).toEqual([2]);
    }
  });

  it("that is temporary goes on where its name was swept away", () => {
    const temporary = scratch();
    const directory = jest.spyOn(os, "tmpdir").mockReturnValue(temporary);
    const one = store();
    directory.mockRestore();
    const [name] = fs.readdirSync(temporary);
    fs.rmSync(path.join(temporary, name), { recursive: true });
    expect(one.add([reading("a", 1)])).toEqual([1]);
  });

  it("leaves no temporary file behind", () => {
    const ours = () => fs.readdirSync(os.tmpdir()).filter((name) => name.startsWith("hearth-gateway-"));
    const before = ours();
    const one = store();
    const added = ours().filter((name) => !before.includes(name));
    expect(added.length).toBeGreaterThan(0);
    one.close();
    for (const name of added.slice(0, 1)) expect(ours()).not.toContain(name);
  });
});

describe("a file that is no store is refused in one line", () => {
  const problem = (file: string) => {
    try {
      store(file);
      return "opened";
    } catch (error) {
      return (error as Error).message;
    }
  };

  it("in use by another gateway", () => {
    const file = path.join(scratch(), "gateway.db");
    store(file);
    expect(problem(file)).toBe(`the store ${file}: it is in use, by another gateway perhaps`);
  });

  it("no database", () => {
    const file = path.join(scratch(), "notes.txt");
    fs.writeFileSync(file, "these are notes\n".repeat(500));
    expect(problem(file)).toBe(`the store ${file}: it is no database`);
    expect(fs.readFileSync(file, "utf8")).toBe("these are notes\n".repeat(500));
  });

  it("another program's database", () => {
    const file = path.join(scratch(), "other.db");
    const other = new Database(file);
    other.exec("CREATE TABLE recipes (name)");
    other.close();
    expect(problem(file)).toBe(`the store ${file}: it holds something else than a gateway's readings`);
  });

  it("of a later version", () => {
    const file = path.join(scratch(), "gateway.db");
    store(file).close();
    const later = new Database(file);
    later.exec("PRAGMA user_version = 2");
    later.close();
    expect(problem(file)).toBe(`the store ${file}: it is of version 2, and this gateway's is 1`);
  });

  it("a directory", () => {
    const directory = scratch();
    expect(problem(directory)).toMatch(/: it cannot be opened: is it a directory/);
  });

  it("below a file", () => {
    const file = path.join(scratch(), "file");
    fs.writeFileSync(file, "");
    expect(problem(path.join(file, "gateway.db"))).toMatch(/^the store \S+: .*\b(ENOTDIR|EEXIST)/);
  });

  it("and says so in words where it fails later", () => {
    const words = (code: string) => storeProblem(Object.assign(new Error("x"), { code }));
    expect(words("SQLITE_FULL")).toBe("the disk is full");
    expect(words("SQLITE_IOERR_WRITE")).toBe("the disk fails");
    expect(words("SQLITE_READONLY_DBMOVED")).toBe("it may not be written");
    expect(words("SQLITE_CORRUPT")).toMatch("damaged");
  });
});
