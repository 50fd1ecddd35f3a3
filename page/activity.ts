/** When an air conditioner worked, as far as the page has seen it. Pure. */

import type { Climate } from "./wire.js";

export interface Span {
  /** Milliseconds since 1970; the last one goes on. */
  from: number;
  to: number;
  action: "cooling" | "heating";
}

/** The most spans that are kept of one device. */
const LIMIT = 500;

export class Activity {
  readonly #spans = new Map<string, Span[]>();
  readonly #open = new Map<string, Span>();

  /** What a device does from `now` on; `undefined` where nobody knows. */
  tell(base: string, climate: Climate | null | undefined, now: number): void {
    const action = climate?.action;
    const open = this.#open.get(base);
    if (open) open.to = now;
    if (open && open.action === action) return;
    this.#open.delete(base);
    if (action !== "cooling" && action !== "heating") return;
    const span: Span = { from: now, to: now, action };
    const spans = this.#spans.get(base) ?? [];
    spans.push(span);
    if (spans.length > LIMIT) spans.shift();
    this.#spans.set(base, spans);
    this.#open.set(base, span);
  }

  /** All spans of a device; the one that goes on ends at `now`. */
  spans(base: string, now: number): readonly Span[] {
    const open = this.#open.get(base);
    if (open) open.to = now;
    return this.#spans.get(base) ?? [];
  }
}
