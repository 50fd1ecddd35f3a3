import { afterEach, describe, expect } from "@jest/globals";
import { judge, PACKET_LENGTH, Verdict, writeRequest } from "../../firmware/clock/ntp.js";
import { TimeSync } from "../../firmware/clock/time-sync.js";
import { WallClock } from "../../firmware/clock/wall-clock.js";
import { FIRST_DAY } from "../../firmware/version.js";
import { liveBoard } from "../../host-sim/boards/live.js";
import { UDP } from "../../host-sim/io/udp.js";
import { startChrony } from "../support/chrony.js";
import { until } from "../support/peers.js";
import { itWith, stopAll } from "../support/programs.js";

const cleanups: (() => void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) cleanup();
  await stopAll();
});

/** The time synchronisation on this machine's sockets, with a clock that nobody has set. */
function synchronising(port: number) {
  const board = liveBoard({ topic: "" });
  const clock = new WallClock({ ticks: board.clock.ticks, now: () => undefined, set: () => {} });
  const learnt: { now: number; between: [number, number] }[] = [];
  const before = Date.now();
  const sync = new TimeSync({
    udp: { io: UDP },
    dns: board.dns,
    timer: board.timer,
    clock,
    random: Math.random,
    monitor: {},
    servers: [{ host: "127.0.0.1", port }],
    spread: 0,
    firstDay: FIRST_DAY,
    onTime: (now, ticks) => {
      clock.set(now, ticks);
      learnt.push({ now, between: [before, Date.now()] });
    },
  });
  cleanups.push(() => sync.stop());
  sync.start(true);
  return { clock, learnt };
}

describe("a real time server", () => {
  itWith("chronyd")(
    "is asked, and its answer sets the clock to this machine's time (needs chronyd)",
    async () => {
      const { port } = await startChrony(true);
      const { clock, learnt } = synchronising(port);
      await until(() => learnt.length > 0);
      const [{ now, between }] = learnt;
      // It reads the same clock, some time between the two: half of that is what can be wrong.
      const half = (between[1] - between[0]) / 2 + 1;
      expect(now).toBeGreaterThanOrEqual(between[0] - half);
      expect(now).toBeLessThanOrEqual(between[1] + half);
      expect(clock.now()).toBeGreaterThanOrEqual(now);
    },
  );

  itWith("chronyd")("that has no source itself says so, and is not believed (needs chronyd)", async () => {
    const { port } = await startChrony(false);
    const request = new Uint8Array(PACKET_LENGTH);
    writeRequest(request, Math.random);
    const answers: Uint8Array[] = [];
    const socket = new UDP({
      onReadable: () => answers.push(new Uint8Array(socket.read() as ArrayBuffer)),
    });
    cleanups.push(() => socket.close());
    socket.write(request, "127.0.0.1", port);
    await until(() => answers.length > 0);
    expect(judge(request, answers[0], FIRST_DAY)).toBe(Verdict.UNSYNCHRONISED);
  });
});
