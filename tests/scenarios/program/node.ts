import { boot } from "../../../firmware/boot.js";
import { QUANTITIES, type Reading } from "../../../firmware/codec/reading.js";
import type { Board } from "../../../firmware/compose.js";
import type { Monitor } from "../../../firmware/monitor.js";
import { VERSION } from "../../../firmware/version.js";
import type { Program, Tell } from "./program.js";

/** The whole node, as `firmware/main.ts` starts it. */
export interface NodeProgram {
  readonly kind: "node";
  /** Settings by name, as an image has them. */
  readonly image: Readonly<Record<string, string | number>>;
}

/** What of a firmware is needed to start it; an image of the simulated device exports it, too. */
export interface Bootable {
  readonly boot: typeof boot;
  readonly version: string;
}

/** The firmware that this was compiled with. */
export const ownFirmware: Bootable = Object.freeze({ boot, version: VERSION });

export function startNode(board: Board, { image }: NodeProgram, tell: Tell, firmware: Bootable): Program {
  const booted = firmware.boot({ board, image, monitor: lines(tell), version: firmware.version });
  for (const problem of booted.problems) tell(`problem ${problem}`);
  tell(`booted ${firmware.version}`);
  const node = booted.compose();
  node.start();
  return node;
}

/** Each thing that a monitor is told, as a line that begins with the method's name. */
function lines(tell: Tell): Monitor {
  const reading = ({ quantity, value, seq }: Reading) => `${QUANTITIES[quantity]} ${value} #${seq}`;
  return {
    link: (state) => tell(`link ${state}`),
    lost: (reason, retryIn) => tell(`lost ${reason}, next attempt in ${retryIn} ms`),
    recorded: (what) => tell(`recorded ${reading(what)}`),
    dropped: (first, count) => tell(`dropped ${count} from #${first} on`),
    delivered: (what, late) => tell(`delivered ${reading(what)}${late ? " late" : ""}`),
    receipt: (receipt) => tell(`receipt ${receipt}`),
    time: (now, change) => tell(`time ${now}${change === undefined ? "" : ` moved by ${change} ms`}`),
    commanded: (what, refusal) => tell(`commanded ${what}: ${refusal ?? "done"}`),
    acting: (action) => tell(`acting ${action}`),
    note: (text) => tell(`note ${text}`),
    warning: (text) => tell(`warning ${text}`),
  };
}
