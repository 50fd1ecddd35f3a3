import { describe, expect, it } from "@jest/globals";
import { VirtualBoard } from "../../host-sim/boards/virtual/board.js";
import { virtualNode } from "../support/node.js";

const NOW = 1_795_175_351_184;

/** A node whose board learns the time when the test says so, and speaks TLS, as far as the node can tell. */
function clockless(settings: object = {}) {
  const board = new VirtualBoard({ now: NOW, clockUnset: true, udp: false });
  const secure = Object.assign(board, { tls: () => board.tcp });
  const parts = virtualNode({ broker: "mqtts://10.0.0.1:1883", spread: 0, ...settings }, { board: secure });
  parts.node.start();
  return { ...parts, setClock: () => (board.clock as { set?: (now: number) => void }).set?.(NOW) };
}

const waiting = expect.stringContaining("waits for the clock");

describe("a link over TLS", () => {
  it("does not begin before the clock is set, says so once, and begins soon after", () => {
    const { board, broker, journal, setClock } = clockless();
    board.world.run(3_600_000);
    expect(board.net.connects).toBe(0);
    expect([journal.notes, journal.lostReasons]).toEqual([[waiting], []]);
    setClock();
    board.world.run(5_000);
    expect(broker.payloads("home/livingroom/status")).toEqual(["online"]);
    expect(journal.notes).toEqual([waiting]);
  });

  it("needs no clock where the key is pinned, and none without TLS", () => {
    for (const settings of [{ pin: "ab".repeat(32) }, { broker: "mqtt://10.0.0.1" }]) {
      const { board, broker, journal } = clockless(settings);
      board.world.run(5_000);
      expect(broker.clients).toHaveLength(1);
      expect(journal.notes).not.toContainEqual(waiting);
    }
  });

  it("can be stopped while it waits for the clock", () => {
    const { board, node, setClock } = clockless();
    board.world.run(60_000);
    let stopped = false;
    node.stop(() => {
      stopped = true;
    });
    board.world.run(2_000);
    expect(stopped).toBe(true);
    setClock();
    board.world.run(60_000);
    expect(board.net.connects).toBe(0);
  });
});
