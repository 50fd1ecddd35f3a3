/** Commands to devices, and their answers. */

import { randomBytes } from "node:crypto";

/** Seconds for which a device may still act on it; its clock and ours may differ by some. */
const TTL = 20;

/** Milliseconds to wait for the answer. */
const ANSWER_TIMEOUT = 10_000;

/** Commands that wait for an answer at once. */
const PENDING_LIMIT = 64;

const COMMANDS: readonly string[] = [
  "interval",
  "calibration",
  "identify",
  "restart",
  "reset",
  "mode",
  "target",
];
const FIELDS: readonly string[] = ["base", "command", "value", "offset", "twopoint"];

/** Longest text of a field. */
const TEXT_LIMIT = 64;

export interface CommandRequest {
  base: string;
  command: string;
  value?: string | number;
  offset?: number;
  twopoint?: string;
}

export interface CommandResult {
  id: string;
  outcome: "done" | "refused" | "unanswered";
  reason?: string;
}

/** How commands leave. */
export interface CommandLink {
  readonly connected: boolean;
  /** QoS 1, not retained. */
  publish(topic: string, payload: string): void;
}

/**
 * What a page asks for. Whether a value is allowed is the device's to say.
 * @returns what is wrong with it, in a line
 */
export function readCommand(body: unknown): CommandRequest | string {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return "the body is no JSON object";
  const request = body as Record<string, unknown>;
  const unknown = Object.keys(request).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) return `"${unknown.slice(0, TEXT_LIMIT)}" is not part of a command`;
  const { base, command, value, offset, twopoint } = request;
  if (typeof base !== "string") return "base is missing";
  if (typeof command !== "string" || !COMMANDS.includes(command))
    return `command must be one of ${COMMANDS.join(", ")}`;
  if (value !== undefined && !isText(value) && !isNumber(value))
    return "value must be a number or a short text";
  if (offset !== undefined && !isNumber(offset)) return "offset must be a number";
  if (twopoint !== undefined && !isText(twopoint)) return "twopoint must be a short text";
  return request as unknown as CommandRequest;
}

export class Commands {
  #pending = new Map<string, { base: string; settle: (result: CommandResult) => void }>();
  #link: CommandLink;
  #timeout: number;

  constructor(link: CommandLink, timeout = ANSWER_TIMEOUT) {
    this.#link = link;
    this.#timeout = timeout;
  }

  /** Sends it and waits for the answer, `timeout` at most. */
  send(request: CommandRequest): Promise<CommandResult> {
    const { base, ...rest } = request;
    const id = randomBytes(8).toString("hex");
    const unanswered = (reason: string): CommandResult => ({ id, outcome: "unanswered", reason });
    if (!this.#link.connected)
      return Promise.resolve(unanswered("there is no connection to the broker; nothing was sent"));
    if (this.#pending.size >= PENDING_LIMIT)
      return Promise.resolve(unanswered("too many commands wait for an answer; nothing was sent"));
    return new Promise((resolve) => {
      const settle = (result: CommandResult) => {
        clearTimeout(timer);
        this.#pending.delete(id);
        resolve(result);
      };
      const timer = setTimeout(() => {
        const left = Math.max(0, TTL - this.#timeout / 1_000);
        settle(
          unanswered(
            `no answer within ${this.#timeout / 1_000} s; it may still take effect within ${left} s`,
          ),
        );
      }, this.#timeout);
      this.#pending.set(id, { base, settle });
      this.#link.publish(`${base}/command`, JSON.stringify({ id, ...rest, time: Date.now(), ttl: TTL }));
    });
  }

  /** An answer has come; one that is nobody's is left alone. */
  reply(base: string, id: string, outcome: "done" | "refused", reason: string | undefined): void {
    const pending = this.#pending.get(id);
    if (pending?.base !== base) return;
    pending.settle({ id, outcome, ...(reason !== undefined && { reason }) });
  }

  close(): void {
    for (const [id, { settle }] of this.#pending)
      settle({ id, outcome: "unanswered", reason: "the server ends; the command may still take effect" });
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= TEXT_LIMIT;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
