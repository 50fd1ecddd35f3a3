import { Store } from "../../services/server/store.js";

/** A moment at the start of an hour, ms since 1970. */
export const NOON = 1_795_176_000_000;

/** Puts readings of temperature into a store: pairs of a time, ms, and a value. They get numbers of an epoch of their own. */
export function fill(
  store: Store,
  base: string,
  readings: Iterable<readonly [time: number, value: number]>,
  epoch = 1,
): number {
  const device = store.deviceId(base);
  let seq = 0;
  for (const [time, value] of readings)
    store.add({ device, quantity: 0, value, time, epoch, seq: ++seq, late: false, received: time });
  return device;
}

/** The same within one transaction, for many. */
export function fillQuickly(store: Store, base: string, count: number, step: number, from = NOON): number {
  const device = store.deviceId(base);
  store.database.exec(`
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${count})
    INSERT INTO reading SELECT ${device}, 0, ${from} + i * ${step}, 7, i, 20 + i % 10, ${from}, 0, 1 FROM n;
    INSERT INTO bucket SELECT device, quantity, 60000, time / 60000 * 60000, min(value), max(value), sum(value), count(*)
      FROM reading WHERE device = ${device} GROUP BY time / 60000;
    INSERT INTO bucket SELECT device, quantity, 3600000, start / 3600000 * 3600000, min(min), max(max), sum(sum), sum(count)
      FROM bucket WHERE device = ${device} AND width = 60000 GROUP BY start / 3600000;
  `);
  return device;
}

export { Store };
