import { Child } from "./child.js";
import type { CodecTask } from "./codec-process.js";
import { shapes } from "./codec-shapes.js";
import { type Contest, inTurn } from "./contest.js";
import { type Row, rowOf } from "./row.js";
import { median, type Round } from "./statistics.js";

/** Fresh processes: the engine does not compile the same way in each. */
const ROUNDS = 9;

/** Turns of both in a process, whose middle counts. */
const TURNS = 3;

/** Milliseconds of each turn, and before the first one, which lets the engine compile. */
const DURATION = 15;
const WARMING = 60;

/** Each packet written and parsed by the firmware's code and by `mqtt-packet`. */
export const codec: Contest = {
  name: "codec",
  about: "MQTT packets to bytes and back, by firmware/mqtt and by mqtt-packet",
  run: async ({ rounds: wanted = ROUNDS, isQuick, signal, advance }) => {
    const all = shapes();
    // Only who does the same work is compared.
    for (const { name, ours, theirs } of all)
      if (ours() !== theirs()) throw new Error(`the two do not agree on what it is to ${name}`);
    const rounds = isQuick ? Math.min(wanted, 2) : wanted;
    const measured: Round[][] = all.map(() => []);
    for (let round = 0; round < rounds; round++) {
      const scale = isQuick ? 0.1 : 1;
      const child = new Child<CodecTask, number>("codec-process", signal);
      const ask: Ask = (shape, isOurs, duration) => child.ask({ shape, isOurs, duration: duration * scale });
      try {
        // All of them first: what a codec prepares with its first packet is none of that packet's cost.
        for (let shape = 0; shape < all.length; shape++)
          for (const isOurs of [true, false]) await ask(shape, isOurs, WARMING);
        for (let shape = 0; shape < all.length; shape++) {
          measured[shape].push(await oneRound(ask, shape));
          advance((round + (shape + 1) / all.length) / rounds);
        }
      } finally {
        await child.close();
      }
    }
    return all.map(({ name }, shape) => rowFor(name, measured[shape]));
  },
};

type Ask = (shape: number, isOurs: boolean, duration: number) => Promise<number>;

async function oneRound(ask: Ask, shape: number): Promise<Round> {
  const turns = await inTurn(
    TURNS,
    () => ask(shape, true, DURATION),
    () => ask(shape, false, DURATION),
  );
  return { ours: median(turns.map(({ ours }) => ours)), theirs: median(turns.map(({ theirs }) => theirs)) };
}

function rowFor(name: string, rounds: readonly Round[]): Row {
  const aim = { of: "ratio", value: 10 } as const;
  return rowOf(
    { contest: "codec", name, peer: "mqtt-packet", unit: "packets/s", better: "more", aim },
    rounds,
  );
}
