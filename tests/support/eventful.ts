import { VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { virtualNode } from "./node.js";

/**
 * Fifty minutes of a node whose sensor speaks each second, with a reset, a broker that does not acknowledge and two black
 * holes: what happens, and when.
 * @param ticks where the tick counter begins
 * @param jumps of the clock in milliseconds, one after the other, again and again
 */
export function eventful(ticks = 0, ...jumps: readonly number[]): unknown[] {
  const { board, broker, journal, node } = virtualNode(
    {
      sensor: "uart",
      uart: "x",
      interval: "30s",
      deadband: 1,
      heartbeat: "2m",
      keepalive: "10s",
      diagnostics: "1m",
    },
    { flash: new VirtualFlash(8), ticks },
  );
  const { clock, line, net } = board;
  const events: unknown[] = [];
  broker.onPublish = ({ topic, payload }) => {
    events.push([clock.elapsed, topic, payload.replace(/"time":\d+/, "")]);
  };
  Object.assign(journal, { lost: (reason: string) => events.push([clock.elapsed, reason]) });
  node.start();
  for (let second = 0; second < 3_000; second++) {
    if (second % 7 === 6 && jumps.length > 0) {
      clock.setNow((clock.now() as number) + jumps[Math.floor(second / 7) % jumps.length]);
    }
    if (second === 500) net.resetAll();
    if (second === 980) broker.mute.add("puback");
    if (second === 1_060) broker.mute.clear();
    net.blackHole = (second >= 1_500 && second < 1_600) || (second >= 2_301 && second < 2_350);
    // At first each value is worth a report, so that the interval decides; then none is, and the heartbeat does.
    line.send(`${second < 600 ? 20 + 2 * (second % 2) : 20 + Math.floor(second / 600)}\n`);
    clock.run(1_000);
  }
  return events;
}
