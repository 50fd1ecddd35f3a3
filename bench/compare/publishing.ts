import { askOnce } from "./child.js";
import type { Arena, Contest } from "./contest.js";
import type { PublishResult, PublishTask } from "./publisher.js";
import { type Row, rowOf } from "./row.js";

const ROUNDS = 5;

/** Readings under way at once at QoS 1: some round trips' worth. */
const WINDOW = 64;

/** Messages that are counted, and those before, for which the engine compiles. */
const COUNTS = { 0: 60_000, 1: 30_000 } as const;
const WARMING = 0.3;

const PEERS = ["hearth", "socket", "mqtt.js"] as const;

const PEER_NAMES = { socket: "a raw socket", "mqtt.js": "MQTT.js" } as const;

type Results = Record<(typeof PEERS)[number], PublishResult>;

/** Publishing over a real socket, by three kinds of clients, each in a fresh process. */
export const publishing: Contest = {
  name: "publishing",
  about: "messages to a broker at QoS 0 and 1, against a raw socket and MQTT.js",
  run: async (arena) => {
    const { rounds: wanted = ROUNDS, isQuick, advance } = arena;
    const port = await arena.broker();
    const rounds = isQuick ? Math.min(wanted, 1) : wanted;
    const rows: Row[] = [];
    for (const QoS of [0, 1] as const) {
      const results: Results[] = [];
      for (let round = 0; round < rounds; round++) {
        results.push(await oneRound(arena, round, port, QoS));
        advance((QoS + (round + 1) / rounds) / 2);
      }
      rows.push(...rowsOf(QoS, results));
    }
    return rows;
  },
};

/** All three, one after the other; who is first changes from round to round. */
async function oneRound(arena: Arena, round: number, port: number, QoS: 0 | 1): Promise<Results> {
  const results: Partial<Results> = {};
  const count = COUNTS[QoS] * (arena.isQuick ? 0.02 : 1);
  for (let i = 0; i < PEERS.length; i++) {
    const peer = PEERS[(round + i) % PEERS.length];
    const task: PublishTask = {
      peer,
      port,
      QoS,
      count,
      warming: Math.floor(count * WARMING),
      window: WINDOW,
    };
    const result = await askOnce<PublishTask, PublishResult>("publisher", task, arena.signal);
    if (result.acknowledged !== result.expected)
      throw new Error(`${peer}: ${result.acknowledged} of ${result.expected} acknowledgements came`);
    results[peer] = result;
  }
  return results as Results;
}

function rowsOf(QoS: 0 | 1, results: readonly Results[]): Row[] {
  const rows: Row[] = [];
  for (const peer of ["socket", "mqtt.js"] as const) {
    const name = { contest: "publishing", peer: PEER_NAMES[peer] };
    rows.push(
      rowOf(
        {
          ...name,
          name: `QoS ${QoS}`,
          unit: "messages/s",
          better: "more",
          ...(peer === "socket" && { aim: { of: "ratio", value: 0.95 } as const }),
        },
        results.map((result) => ({ ours: result.hearth.rate, theirs: result[peer].rate })),
      ),
      rowOf(
        { ...name, name: `QoS ${QoS}, processor time`, unit: "µs/message", better: "less" },
        results.map((result) => ({ ours: result.hearth.processor, theirs: result[peer].processor })),
      ),
    );
  }
  return rows;
}
