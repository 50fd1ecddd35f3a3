import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { CSV_HEADER, cell, type ExportQuery, exportCSV } from "../../services/server/csv.js";
import { fill, fillQuickly, NOON, Store } from "../support/store.js";

let store: Store;
beforeEach(() => {
  store = new Store();
});
afterEach(() => store.close());

async function exported(change: Partial<ExportQuery> = {}): Promise<string[]> {
  const query = { devices: store.devices(), quantities: [0, 1, 2], from: 0, to: NOON * 2, ...change };
  const chunks: string[] = [];
  for await (const chunk of exportCSV(store.database, query)) chunks.push(chunk);
  return chunks;
}

/** RFC 4180, 2, of one record. */
function parseRecord(record: string): string[] {
  const cells = [...record.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/g)];
  return cells.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain);
}

describe("the export", () => {
  it("has a line for each reading, with its number where it has one", async () => {
    const device = fill(store, "home/attic", [[NOON, -3.25]], 0x5f3a09c1);
    const bare = { epoch: undefined, seq: undefined, time: undefined };
    store.add({ device, quantity: 1, value: 45, ...bare, late: false, received: NOON + 1 });
    store.add({
      device,
      quantity: 0,
      value: 1,
      time: NOON + 2,
      epoch: 10,
      seq: 3,
      late: true,
      received: NOON,
    });
    expect((await exported()).join("")).toBe(
      `${CSV_HEADER}2026-11-20T12:00:00.000Z,home/attic,temperature,-3.25,5f3a09c1,1,false\r\n` +
        "2026-11-20T12:00:00.002Z,home/attic,temperature,1,0000000a,3,true\r\n" +
        "2026-11-20T12:00:00.001Z,home/attic,humidity,45,,,false\r\n",
    );
  });

  it("has every reading once, also where thousands are of one moment", async () => {
    const device = fillQuickly(store, "home/attic", 2_500, 0);
    fill(store, "home/attic", [[NOON, 1]], 0xffff_ffff);
    store.add({
      ...{ device, quantity: 0, value: 1, time: NOON, epoch: undefined, seq: undefined },
      ...{ late: false, received: NOON },
    });
    const chunks = await exported();
    const lines = chunks.join("").trimEnd().split("\r\n").slice(1);
    expect(lines).toHaveLength(2_502);
    expect(new Set(lines).size).toBe(2_502);
    // And never much of it at once.
    for (const chunk of chunks) expect(chunk.split("\r\n").length).toBeLessThanOrEqual(1_001);
  });

  it("has what was asked for", async () => {
    fill(store, "home/a", [
      [NOON - 1, 1],
      [NOON, 2],
      [NOON + 5, 3],
    ]);
    fill(store, "home/b", [[NOON, 4]]);
    const [first] = store.devices();
    const chunks = await exported({ devices: [first], quantities: [0], from: NOON, to: NOON + 5 });
    expect(chunks.join("")).toBe(
      `${CSV_HEADER}2026-11-20T12:00:00.000Z,home/a,temperature,2,00000001,2,false\r\n`,
    );
  });

  it("lets everything else go on between its parts", async () => {
    fillQuickly(store, "home/attic", 5_000, 1);
    let turns = 0;
    const count = () => {
      turns++;
      immediate = setImmediate(count);
    };
    let immediate = setImmediate(count);
    await exported();
    clearImmediate(immediate);
    expect(turns).toBeGreaterThanOrEqual(5);
  });
});

describe("a cell", () => {
  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])("is no formula: %j", (text) => {
    expect(parseRecord(cell(text))[0]).toBe(`'${text}`);
  });

  it("is read back as it was, whatever is in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', ",", "\r", "\n", "a", "=", "'") }), (text) => {
        fc.pre(!/^[=\r]/.test(text));
        expect(parseRecord(`b,${cell(text)}`)).toEqual(["b", text]);
      }),
    );
  });
});
