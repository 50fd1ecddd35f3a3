/** Readings as CSV (RFC 4180), a stretch at a time: neither memory nor the event loop is held by their number. */

import type Database from "libsql";
import { QUANTITIES } from "../../firmware/codec/reading.js";
import { epochText } from "./numbering.js";

/** Rows of a stretch: some milliseconds. */
const STRETCH = 1_000;

export interface ExportQuery {
  devices: readonly { id: number; base: string }[];
  /** Indices in QUANTITIES. */
  quantities: readonly number[];
  /** ms since 1970: from this on, to before that. */
  from: number;
  to: number;
}

type Row = [time: number, epoch: number, seq: number, value: number, late: number];

export const CSV_HEADER = "time,device,quantity,value,epoch,seq,late\r\n";

/** By device, quantity and time; what is stored meanwhile is in it where its place has not been passed. */
export async function* exportCSV(
  database: Database.Database,
  { devices, quantities, from, to }: ExportQuery,
): AsyncGenerator<string> {
  const statement = database
    .prepare(
      `SELECT time, epoch, seq, value, late FROM reading
       WHERE device = ? AND quantity = ? AND (time, epoch, seq) > (?, ?, ?) AND time < ?
       ORDER BY time, epoch, seq LIMIT ${STRETCH}`,
    )
    .raw();
  yield CSV_HEADER;
  for (const { id, base } of devices) {
    const name = cell(base);
    for (const quantity of quantities) {
      let after: [number, number, number] = [from, Number.NEGATIVE_INFINITY, 0];
      for (;;) {
        const rows = statement.all(id, quantity, ...after, to) as Row[];
        if (rows.length > 0) yield rows.map((row) => line(name, quantity, row)).join("");
        if (rows.length < STRETCH) break;
        const [time, epoch, seq] = rows[rows.length - 1];
        after = [time, epoch, seq];
        // A reader that is quick leaves room for everything else too.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
}

function line(device: string, quantity: number, [time, epoch, seq, value, late]: Row): string {
  const number = epoch < 0 ? "," : `${epochText(epoch)},${seq}`;
  return `${new Date(time).toISOString()},${device},${QUANTITIES[quantity]},${value},${number},${late === 1}\r\n`;
}

/** A text; what a spreadsheet would calculate is made a text by an apostrophe (OWASP, CSV injection). */
export function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
