import { describe, expect, it } from "@jest/globals";
import { virtualNode } from "../support/node.js";

const DAY = 86_400_000;

describe("a whole node on the virtual board", () => {
  it("announces itself, delivers its readings in order, and says goodbye", () => {
    const { board, broker, node } = virtualNode();
    node.start();
    board.clock.run(10_000);
    let stopped = false;
    node.stop(() => {
      stopped = true;
    });
    board.clock.run(2_000);
    expect(stopped).toBe(true);
    expect(broker.payloads("home/livingroom/status")).toEqual(["online", "offline"]);
    const readings = broker.payloads("home/livingroom/temperature").map((text) => JSON.parse(text));
    expect(readings.length).toBeGreaterThanOrEqual(9);
    expect(readings.map(({ seq }) => seq)).toEqual(readings.map((_, index) => index + 1));
    expect(broker.clients).toEqual([]);
  });

  it("runs through a simulated day, and twice the same", () => {
    const run = () => {
      const { board, broker, journal, node } = virtualNode({ interval: "10s" }, { seed: 7 });
      node.start();
      board.clock.run(DAY);
      return {
        log: JSON.stringify(broker.published) + journal.lines.join("\n"),
        count: broker.published.length,
      };
    };
    const first = run();
    expect(first.count).toBeGreaterThan(8_600);
    expect(run().log).toBe(first.log);
  });
});
