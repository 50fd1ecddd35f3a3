import fs from "node:fs";

/** A row of a partition table, as ESP-IDF has it. */
export interface Partition {
  readonly name: string;
  readonly type: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * Reads a partition table (ESP-IDF Programming Guide, "Partition Tables"): name, type, subtype, offset, size.
 * @throws Error in one line where it cannot be read, or has a row that is none
 */
export function readPartitions(file: string): Partition[] {
  const rows = fs.readFileSync(file, "utf8").split("\n");
  const partitions: Partition[] = [];
  for (const [index, row] of rows.entries()) {
    const line = row.replace(/#.*/, "").trim();
    if (line === "") continue;
    const [name, type, , , size] = line.split(",").map((cell) => cell.trim());
    const bytes = sizeOf(size);
    if (!name || !type || bytes === undefined)
      throw new Error(`${file}, line ${index + 1}: a row is name, type, subtype, offset, size`);
    partitions.push({ name, type, size: bytes });
  }
  return partitions;
}

/** Decimal or hexadecimal, or with K or M. */
function sizeOf(text: string | undefined): number | undefined {
  const match = /^(\d+|0x[0-9a-f]+)([KM]?)$/i.exec(text ?? "");
  if (!match) return undefined;
  const unit = match[2].toUpperCase();
  return Number(match[1]) * (unit === "M" ? 1_048_576 : unit === "K" ? 1_024 : 1);
}
