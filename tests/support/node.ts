import { compose, sensorNames } from "../../firmware/compose.js";
import type { Subscription } from "../../firmware/links/inbox.js";
import type { Monitor } from "../../firmware/monitor.js";
import type { Node } from "../../firmware/node.js";
import { readSettings } from "../../firmware/settings.js";
import { VirtualBoard, type VirtualBoardOptions } from "../../host-sim/boards/virtual/board.js";
import { MemoryBroker } from "../../host-sim/world/memory-broker.js";

/** What a monitor was told, as lines. */
export class Journal implements Monitor {
  readonly lines: string[] = [];
  readonly warnings: string[] = [];
  readonly notes: string[] = [];
  readonly lostReasons: string[] = [];
  readonly retries: number[] = [];
  readonly receipts: string[] = [];
  readonly actions: string[] = [];
  readonly gaps: [number, number][] = [];
  readonly delivered: NonNullable<Monitor["delivered"]> = ({ seq, value }, late) => {
    this.lines.push(`delivered ${seq} ${value}${late ? " late" : ""}`);
  };
  readonly dropped: NonNullable<Monitor["dropped"]> = (first, count) => {
    this.gaps.push([first, count]);
  };
  readonly link: NonNullable<Monitor["link"]> = (state) => {
    this.lines.push(`link ${state}`);
  };
  readonly lost: NonNullable<Monitor["lost"]> = (reason, retryIn) => {
    this.lines.push(`lost ${reason}`);
    this.lostReasons.push(reason);
    this.retries.push(retryIn);
  };
  readonly receipt: NonNullable<Monitor["receipt"]> = (receipt) => {
    this.receipts.push(receipt);
  };
  readonly acting: NonNullable<Monitor["acting"]> = (action) => {
    this.actions.push(action);
  };
  readonly note: NonNullable<Monitor["note"]> = (text) => {
    this.notes.push(text);
  };
  readonly warning: NonNullable<Monitor["warning"]> = (text) => {
    this.lines.push(`warning ${text}`);
    this.warnings.push(text);
  };
}

export interface VirtualNode {
  board: VirtualBoard;
  broker: MemoryBroker;
  journal: Journal;
  node: Node;
}

/** A whole node on a virtual board, with a broker at 10.0.0.1; not started. */
export function virtualNode(
  settings: Readonly<Record<string, unknown>> = {},
  options: VirtualBoardOptions & {
    subscriptions?: readonly Subscription[];
    window?: number;
    /** By default a new one. */
    board?: VirtualBoard;
  } = {},
  world: { boot?: number; broker?: MemoryBroker } = {},
): VirtualNode {
  const board = options.board ?? new VirtualBoard({ now: 1_795_175_351_184, ...options });
  const broker = world.broker ?? new MemoryBroker();
  board.net.listen("10.0.0.1", 1883, broker.accept);
  const problems: string[] = [];
  const checked = readSettings(
    { broker: "mqtt://10.0.0.1", interval: "1s", diagnostics: 0, ...settings },
    sensorNames(board),
    problems,
  );
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const journal = new Journal();
  const { subscriptions } = options;
  const node = compose({
    board,
    // A test may want a wider window than the settings allow.
    settings: { ...checked, window: options.window ?? checked.window },
    monitor: journal,
    boot: world.boot ?? 1,
    version: "0.0.0",
    ...(subscriptions && { subscriptions }),
  });
  return { board, broker, journal, node };
}
