import { askOnce } from "./child.js";
import { type Contest, inTurn } from "./contest.js";
import type { DevicesResult, DevicesTask } from "./devices.js";
import { type Row, rowOf } from "./row.js";

const ROUNDS = 3;

const DEVICES = 300;

/** Those before, whose code and buffers are the first and not each one's. */
const WARMING = 50;

/** What one more device takes: a whole node with its sensor, journal and link, and a client that publishes alike. */
export const memory: Contest = {
  name: "memory",
  about: "whole connected devices in one process, against as many MQTT.js clients",
  run: async (arena) => {
    const { rounds = ROUNDS, isQuick, signal, advance } = arena;
    const port = await arena.broker();
    const wanted = isQuick ? Math.min(rounds, 1) : rounds;
    let done = 0;
    const measure = async (kind: DevicesTask["kind"], round: number): Promise<DevicesResult> => {
      const task: DevicesTask = {
        kind,
        port,
        name: `${process.pid}-${round}`,
        count: isQuick ? 10 : DEVICES,
        warming: isQuick ? 2 : WARMING,
      };
      const result = await askOnce<DevicesTask, DevicesResult>("devices", task, signal, ["--expose-gc"]);
      if (result.connected !== task.count)
        throw new Error(`${kind}: ${result.connected} of ${task.count} devices are connected`);
      done += 0.5;
      advance(done / wanted);
      return result;
    };
    const results = await inTurn(
      wanted,
      (round) => measure("hearth", round),
      (round) => measure("mqtt.js", round),
    );
    const name = { contest: "memory", peer: "MQTT.js", unit: "KB/device", better: "less" } as const;
    const aim = { of: "ratio", value: 0.25 } as const;
    const rows: Row[] = [
      rowOf(
        { ...name, name: "heap and buffers", aim },
        results.map(({ ours, theirs }) => ({ ours: ours.heap, theirs: theirs.heap })),
      ),
      rowOf(
        { ...name, name: "resident set", aim },
        results.map(({ ours, theirs }) => ({ ours: ours.resident, theirs: theirs.resident })),
      ),
    ];
    return rows;
  },
};
