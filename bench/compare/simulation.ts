import { Child } from "./child.js";
import { type Contest, inTurn } from "./contest.js";
import { type Row, type RowName, rowOf } from "./row.js";
import type { SimulationResult, SimulationTask } from "./simulator.js";

const ROUNDS = 9;

/** Milliseconds that each side goes on for in a round, and before the first. */
const DURATION = 400;
const WARMING = 1_500;

interface Kind extends Pick<RowName, "name" | "unit" | "aim"> {
  readonly world: Omit<SimulationTask, "isOurs" | "duration">;
  /** What a row says of readings a second. */
  readonly figure: (readingsPerSecond: number) => number;
}

const MINUTES_A_YEAR = 365.25 * 24 * 60;

function years(interval: number) {
  return (readingsPerSecond: number) => (readingsPerSecond * interval) / MINUTES_A_YEAR;
}

const KINDS: readonly Kind[] = [
  {
    name: "one reading a second",
    unit: "readings/s",
    aim: { of: "ours", value: 1_000_000 },
    world: { interval: 1, hasJournal: false },
    figure: (rate) => rate,
  },
  {
    name: "a reading every 5 s",
    unit: "device-years/min",
    world: { interval: 5, hasJournal: false },
    figure: years(5),
  },
  {
    name: "every 5 s, with a journal in flash",
    unit: "device-years/min",
    world: { interval: 5, hasJournal: true },
    figure: years(5),
  },
  {
    name: "a reading every 60 s",
    unit: "device-years/min",
    world: { interval: 60, hasJournal: false },
    figure: years(60),
  },
];

/**
 * Whole nodes on the virtual board. Their yardstick is what `mqtt-packet` needs for the packets of as many readings alone: how
 * fast the machine is at the time does not matter then.
 */
export const simulation: Contest = {
  name: "simulation",
  about: "simulated time of a whole node, against mqtt-packet that does the packets of its readings alone",
  run: async ({ rounds: wanted = ROUNDS, isQuick, signal, advance }) => {
    const rounds = isQuick ? Math.min(wanted, 2) : wanted;
    const scale = isQuick ? 0.1 : 1;
    const rows: Row[] = [];
    for (const [index, { name, unit, aim, world, figure }] of KINDS.entries()) {
      const child = new Child<SimulationTask, SimulationResult>("simulator", signal);
      const measure = async (isOurs: boolean, duration: number): Promise<number> => {
        const { readings, seconds, lost } = await child.ask({ ...world, isOurs, duration: duration * scale });
        if (lost > 0) throw new Error(`${name}: ${lost} readings have not arrived`);
        return figure(readings / seconds);
      };
      try {
        for (const isOurs of [true, false]) await measure(isOurs, WARMING);
        const measured = await inTurn(
          rounds,
          () => measure(true, DURATION),
          () => measure(false, DURATION),
        );
        rows.push(
          rowOf(
            {
              contest: "simulation",
              name,
              unit,
              peer: "mqtt-packet alone",
              better: "more",
              ...(aim && { aim }),
            },
            measured,
          ),
        );
      } finally {
        await child.close();
      }
      advance((index + 1) / KINDS.length);
    }
    return rows;
  },
};
