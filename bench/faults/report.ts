import { FAULTS, type RunResult } from "./run.js";

/** What all runs together have seen. */
export class Totals {
  runs = 0;
  repeated = 0;
  days = 0;
  taken = 0;
  arrived = 0;
  duplicates = 0;
  dropped = 0;
  doubtful = 0;
  connections = 0;
  cuts = 0;
  growth = 0;
  erases = 0;
  readonly struck: Record<string, number> = {};

  add(result: RunResult, repeated: boolean): void {
    this.runs += 1;
    if (repeated) this.repeated += 1;
    this.days += result.days;
    this.taken += result.taken;
    this.arrived += result.arrived;
    this.duplicates += result.duplicates;
    this.dropped += result.dropped;
    this.doubtful += result.doubtful;
    this.connections += result.connections;
    this.cuts += result.cuts;
    this.erases = Math.max(this.erases, result.erases);
    this.growth = Math.max(this.growth, result.growth);
    for (const [name, count] of Object.entries(result.struck))
      this.struck[name] = (this.struck[name] ?? 0) + count;
  }

  /** @param seconds of real time that it took */
  table(seconds: number): string {
    const faults = FAULTS.filter(({ name }) => this.struck[name] !== undefined).map(
      ({ name, about }) => [name, count(this.struck[name]), about] as const,
    );
    const results = [
      ["runs", count(this.runs), `of which ${count(this.repeated)} twice, with the same trace to the byte`],
      [
        "simulated days",
        count(Math.round(this.days)),
        `${(this.days / 365.25).toFixed(2)} years, ${(this.days / seconds).toFixed(1)} days a second`,
      ],
      ["readings taken", count(this.taken), ""],
      ["delivered", count(this.arrived), "at least once"],
      ["repeated", count(this.duplicates), "came to the broker again"],
      ["dropped", count(this.dropped), "and counted by the node"],
      [
        "lost with power",
        count(this.doubtful),
        "under way to the flash, or in memory where the settings or the board keep them there",
      ],
      ["connections", count(this.connections), "that the broker accepted"],
      ["power cuts", count(this.cuts), ""],
      ["erases", count(this.erases), "of the flash block that was erased most often"],
      [
        "memory",
        count(this.growth),
        "bytes that the heap grew at most from a run's second third to its last",
      ],
    ] as const;
    return `${columns([["fault", "strikes", ""], ...faults])}\n\n${columns(results)}`;
  }
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function columns(rows: readonly (readonly [string, string, string])[]): string {
  const first = Math.max(...rows.map(([name]) => name.length));
  const second = Math.max(...rows.map(([, value]) => value.length));
  return rows
    .map(([name, value, about]) => `  ${name.padEnd(first)}  ${value.padStart(second)}  ${about}`.trimEnd())
    .join("\n");
}
