import { QUANTITIES } from "../codec/reading.js";
import { LinkState } from "../links/link-state.js";
import type { Monitor } from "../monitor.js";

/** A node's life as traces, which the debugger and the serial console show. */
export const traceMonitor: Monitor = Object.freeze<Monitor>({
  link(state) {
    if (state === LinkState.ONLINE) trace("online\n");
    else if (state === LinkState.OFFLINE) trace("no network\n");
  },
  lost(reason, retryIn) {
    trace(reason, ", next attempt in ", retryIn, " ms\n");
  },
  delivered(reading, late) {
    trace(QUANTITIES[reading.quantity], " ", reading.value, " #", reading.seq, late ? " late" : "", "\n");
  },
  receipt(receipt) {
    trace("server: ", receipt, "\n");
  },
  time(now, change) {
    trace("time ", new Date(now).toISOString(), change === undefined ? "" : `, moved by ${change} ms`, "\n");
  },
  commanded(what, refusal) {
    trace(what, refusal === undefined ? ": done" : `: refused, ${refusal}`, "\n");
  },
  acting(action) {
    trace(action, "\n");
  },
  note(text) {
    trace(text, "\n");
  },
  warning(text) {
    trace("warning: ", text, "\n");
  },
});
