import { describe, expect, it } from "@jest/globals";
import { virtualNode } from "../support/node.js";

const BASE = "home/livingroom";

/** A node that listens to a serial port, online, after it was sent `lines` 100 ms apart; what it published of each. */
function afterLines(lines: readonly string[], settings: object = {}) {
  const parts = virtualNode({
    sensor: "uart",
    uart: "x",
    interval: 0,
    payload: "plain",
    spread: 0,
    ...settings,
  });
  parts.node.start();
  parts.board.clock.run(2_000);
  for (const line of lines) {
    parts.board.line.send(`${line}\n`);
    parts.board.clock.run(100);
  }
  const values = (quantity: string) => parts.broker.payloads(`${BASE}/${quantity}`).map(Number);
  return { ...parts, temperatures: values("temperature"), humidities: values("humidity") };
}

describe("what the settings say of a temperature", () => {
  it("is done in its order: two-point calibration, offset, median, smoothing", () => {
    expect(afterLines(["10", "20"], { twopoint: "0,1,10,21" }).temperatures).toEqual([21, 41]);
    expect(afterLines(["10"], { offset: -0.5 }).temperatures).toEqual([9.5]);
    expect(afterLines(["10"], { twopoint: "0,1,10,21", offset: 1 }).temperatures).toEqual([22]);
    expect(afterLines(["10", "11", "90"], { median: 3 }).temperatures.at(-1)).toBe(11);
    expect(afterLines(["10", "20"], { smoothing: 0.5 }).temperatures).toEqual([10, 15]);
  });

  it("is not done to a humidity", () => {
    const settings = { offset: -20, median: 3, smoothing: 0.5, deadband: 5 };
    const { humidities } = afterLines(["H=40", "H=41", "H=42"], settings);
    expect(humidities).toEqual([40, 41, 42]);
  });

  it("with a DS18B20 refuses what that part says when it has not measured, and what it cannot measure", () => {
    const lines = ["85", "-127", "130", "21.5"];
    expect(afterLines(lines, { probe: "ds18b20" }).temperatures).toEqual([21.5]);
    expect(afterLines(lines).temperatures).toEqual([85, -127, 130, 21.5]);
  });
});

describe("a composed node", () => {
  it("has the id that is set, or one of the board's identity", () => {
    const ids = ["", "cellar"].map((id) => {
      const { board, broker, node } = virtualNode({ id, spread: 0 });
      node.start();
      board.clock.run(2_000);
      return broker.clients;
    });
    expect(ids).toEqual([["hearth-020000000001"], ["cellar"]]);
  });

  it("connects to the port that is set", () => {
    const { board, broker, node } = virtualNode({ broker: "mqtt://10.0.0.1:1999", spread: 0 });
    board.net.listen("10.0.0.1", 1883, undefined);
    board.net.listen("10.0.0.1", 1999, broker.accept);
    node.start();
    board.clock.run(2_000);
    expect(broker.clients).toHaveLength(1);
  });

  it("does not fall back to an open connection where TLS is asked for and the board has none", () => {
    const { board, journal, node } = virtualNode({ broker: "mqtts://10.0.0.1:1883" });
    node.start();
    board.clock.run(60_000);
    expect(board.net.connects).toBe(0);
    expect(journal.warnings).toEqual([expect.stringContaining("no TLS")]);
  });

  it("samples at its own pace for the filters, and publishes at the interval", () => {
    const published = (settings: object) => {
      const { board, broker, node } = virtualNode({ interval: "10s", spread: 0, ...settings });
      node.start();
      board.clock.run(25_000);
      return broker
        .payloads(`${BASE}/temperature`)
        .map((payload) => JSON.parse(payload).temperature as number);
    };
    const plain = published({ smoothing: 0.2 });
    const sampled = published({ smoothing: 0.2, sampling: "2s" });
    expect(sampled).toHaveLength(plain.length);
    expect(sampled.at(-1)).not.toBe(plain.at(-1));
  });

  it("tells in its diagnostics how many readings wait and how many were dropped", () => {
    const { board, broker, node } = virtualNode({ queue: 16, diagnostics: "60s" });
    broker.returnCode = 3;
    node.start();
    board.clock.run(120_000);
    broker.returnCode = 0;
    board.clock.runUntil(() => broker.payloads(`${BASE}/diagnostics`).length > 0);
    board.clock.run(65_000);
    const [first, second] = broker.payloads(`${BASE}/diagnostics`).map((payload) => JSON.parse(payload));
    expect(first.dropped).toBeGreaterThan(90);
    expect(second).toMatchObject({ dropped: first.dropped, waiting: 0 });
  });

  it("counts readings as waiting until they are acknowledged", () => {
    const { board, broker, node } = virtualNode({ window: 16, diagnostics: "10s", spread: 0 });
    broker.mute.add("puback");
    node.start();
    board.clock.run(10_900);
    const diagnostics = broker.payloads(`${BASE}/diagnostics`).map((payload) => JSON.parse(payload));
    expect(diagnostics[1].waiting).toBeGreaterThanOrEqual(9);
  });
});
