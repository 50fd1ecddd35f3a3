import type { Boots } from "./health/boots.js";
import type { Counters } from "./monitor.js";
import type { Outbox } from "./outbox/outbox.js";
import type { NetworkInterface } from "./ports.js";
import type { BootTime } from "./time.js";

/** Where the fields of `<base>/diagnostics` come from; what is missing leaves its field out. */
export interface DiagnosticsSources {
  time: BootTime;
  boots: Boots;
  version: string;
  counters: Counters;
  board: { freeMemory?(): number };
  network: NetworkInterface | undefined;
  outbox: Outbox;
  update: { readonly word: string; readonly reason: string | undefined };
}

/** The payload of `<base>/diagnostics`. The README's table says what each field is: keep the two alike. */
export function diagnosticsJSON(sources: DiagnosticsSources): string {
  const { time, boots, outbox, counters } = sources;
  return JSON.stringify({
    uptime: time.uptime(),
    boot: time.boot,
    version: sources.version,
    mode: boots.isSafe ? "safe" : "normal",
    reset: boots.reset,
    unwell: boots.unwell,
    stalls: boots.stalls,
    free: sources.board.freeMemory?.(),
    signal: sources.network?.signal,
    waiting: outbox.size,
    dropped: outbox.dropped,
    update: sources.update.word,
    updatereason: sources.update.reason,
    ...counters,
  });
}
