import { Child } from "./child.js";
import type { CodecTask } from "./codec-process.js";
import { shapes } from "./codec-shapes.js";
import { type Contest, inTurn } from "./contest.js";
import { type Row, rowOf } from "./row.js";

const ROUNDS = 15;

/** Milliseconds of each side in a round, and before the first one, which lets the engine compile it. */
const DURATION = 15;
const WARMING = 150;

/** Each packet written and parsed by the firmware's code and by `mqtt-packet`. */
export const codec: Contest = {
  name: "codec",
  about: "MQTT packets to bytes and back, by firmware/mqtt and by mqtt-packet",
  run: async ({ rounds = ROUNDS, isQuick, signal, advance }) => {
    const all = shapes();
    // Only who does the same work is compared.
    for (const { name, ours, theirs } of all)
      if (ours() !== theirs()) throw new Error(`the two do not agree on what it is to ${name}`);
    const child = new Child<CodecTask, number>("codec-process", signal);
    const ask = (shape: number, isOurs: boolean, duration: number) => child.ask({ shape, isOurs, duration });
    const rows: Row[] = [];
    try {
      const scale = isQuick ? 0.1 : 1;
      for (let shape = 0; shape < all.length; shape++) {
        for (const isOurs of [true, false]) await ask(shape, isOurs, WARMING * scale);
      }
      for (const [shape, { name }] of all.entries()) {
        const measured = await inTurn(
          isQuick ? Math.min(rounds, 3) : rounds,
          () => ask(shape, true, DURATION * scale),
          () => ask(shape, false, DURATION * scale),
        );
        rows.push(
          rowOf(
            {
              contest: "codec",
              name,
              peer: "mqtt-packet",
              unit: "packets/s",
              better: "more",
              aim: { of: "ratio", value: 10 },
            },
            measured,
          ),
        );
        advance((shape + 1) / all.length);
      }
    } finally {
      await child.close();
    }
    return rows;
  },
};
