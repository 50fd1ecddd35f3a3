import type { Random } from "./random.js";

/** Milliseconds since 1970 at which no device of ours was made yet: what a command of then wants is long over. */
const LONG_AGO = 1_500_000_000_000;

/** Commands that must never be obeyed, whatever the device knows of the time: failures.md calls it the garage that opens. */
export class BadCommands {
  readonly topic: string;
  /** Answers that have come. */
  answers = 0;
  #replies: string;
  #random: Random;
  #last = "";

  constructor(base: string, random: Random) {
    this.topic = `${base}/command`;
    this.#replies = `${base}/command/reply`;
    this.#random = random;
  }

  /** The next one that somebody sends, and whether the broker is to keep it. */
  next(): { payload: string; retain: boolean } {
    const random = this.#random;
    const retain = random.chance(0.1);
    const id = `${random.integer(0, 0xffff_ffff)}`;
    const restart = { id, command: "restart" };
    const payload = random.pick([
      JSON.stringify({ ...restart, time: LONG_AGO, ttl: random.magnitude(1, 86_400) }),
      JSON.stringify(restart),
      JSON.stringify({ ...restart, time: 9e15, ttl: 60 }),
      JSON.stringify({ ...restart, time: LONG_AGO, ttl: 1e9 }),
      JSON.stringify({ id, command: "interval", value: random.pick(["2d", -1, null, "soon"]) }),
      JSON.stringify({ id, command: "calibration", offset: 1, twopoint: "1,1,1,1" }),
      JSON.stringify({ id, command: `toast${id}`.repeat(random.magnitude(1, 60)), [id]: [] }),
      JSON.stringify(restart).slice(0, random.integer(0, 30)),
      this.#last,
    ]);
    this.#last = payload;
    return { payload, retain };
  }

  /** Whether a message is an answer to one of these. @returns what is wrong with the answer, "" for nothing */
  answered(topic: string, payload: string): string | undefined {
    if (topic !== this.#replies) return undefined;
    this.answers += 1;
    const { outcome, reason } = JSON.parse(payload) as Record<string, unknown>;
    return outcome === "refused" && typeof reason === "string" ? "" : `command: obeyed: ${payload}`;
  }
}
