import type { Arrival } from "./ledger.js";
import { hundredthsOf } from "./sensor.js";

/** A reading as it came; `undefined` for what is none. */
export function arrivalOf(payload: string): Arrival | undefined {
  try {
    const { temperature, seq, epoch } = JSON.parse(payload) as Record<string, unknown>;
    if (typeof temperature !== "number" || typeof seq !== "number" || typeof epoch !== "string")
      return undefined;
    return { epoch, seq, hundredths: hundredthsOf(temperature) };
  } catch {
    return undefined;
  }
}
