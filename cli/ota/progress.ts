/** A line for each step of a device. */

import { Phase, type Progress } from "../../services/ota/rollout.js";
import type { Mark, OTAOutput } from "./output.js";

/** Per cent of a download between two lines. */
const STEP = 25;

export class ProgressLines {
  #output: OTAOutput;
  /** What was printed of each device last. */
  #last = new Map<string, string>();

  constructor(output: OTAOutput) {
    this.#output = output;
  }

  progress(progress: Progress): void {
    const { base, said, phase } = progress;
    const [mark, text] = describe(progress);
    if (this.#last.get(base) === text) return;
    this.#last.set(base, text);
    this.#output.tell(
      "device",
      { base, ...said, ...(phase === Phase.WITHDRAWN && { withdrawn: true }), ...reasonOf(progress) },
      mark,
      `${base}  ${text}`,
    );
  }
}

function reasonOf({ reason }: Progress): { failure?: string } {
  return reason === undefined ? {} : { failure: reason };
}

function describe({ said, phase, reason }: Progress): [Mark, string] {
  if (phase === Phase.FAILED) return ["failed", reason ?? "failed"];
  if (phase === Phase.WITHDRAWN) return ["warning", "withdrawn"];
  if (!said) return ["going", "waiting"];
  const { state, version, done, size, reason: why } = said;
  switch (state) {
    case "downloading":
      if (done === undefined || size === undefined || size === 0) return ["going", state];
      return ["going", `downloading ${Math.floor((done * 100) / size / STEP) * STEP} %`];
    case "trial":
      return ["going", `trial of ${version}`];
    case "confirmed":
      return ["done", `confirmed, runs ${version}`];
    default:
      return ["going", why === undefined ? state : `${state}: ${why}`];
  }
}
