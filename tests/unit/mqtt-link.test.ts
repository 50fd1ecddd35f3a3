import { describe, expect, it } from "@jest/globals";
import mqttPacket, { type Packet } from "mqtt-packet";
import { bareLink, STATUS } from "../support/link.js";
import { virtualNode } from "../support/node.js";

describe("a link to a broker", () => {
  it("says nothing before the sensor is there, and announces itself as soon as it is", () => {
    const { board, broker, link } = bareLink();
    link.start(true);
    board.clock.run(3_000);
    expect(broker.clients).toHaveLength(1);
    expect(broker.published).toEqual([]);
    link.ready();
    board.clock.run(100);
    expect(broker.payloads(STATUS)).toEqual(["online"]);
  });

  it("announces itself once SUBACK has come, without a reading that would wake it", () => {
    const { board, broker, link } = bareLink([{ topic: "a", QoS: 1, onMessage: () => {} }]);
    link.ready();
    link.start(true);
    board.clock.run(3_000);
    expect(broker.payloads(STATUS)).toEqual(["online"]);
  });

  it("says no goodbye where it was not announced, and ends at once", () => {
    const { board, broker, link } = bareLink();
    link.start(true);
    board.clock.run(3_000);
    let stopped = 0;
    link.stop(() => stopped++);
    expect(stopped).toBe(1);
    board.clock.run(3_000);
    expect(broker.published).toEqual([]);
    expect(broker.log.at(-1)).toMatch(/:disconnect$/);
  });

  it("ends as soon as its goodbye is acknowledged", () => {
    const { board, link } = bareLink();
    link.ready();
    link.start(true);
    board.clock.run(3_000);
    let stopped = 0;
    link.stop(() => stopped++);
    board.clock.run(50);
    expect(stopped).toBe(1);
  });

  it("ends at once when the network goes during the goodbye, and does not begin again when it returns", () => {
    const { board, link } = bareLink();
    link.ready();
    link.start(true);
    board.clock.run(3_000);
    let stopped = 0;
    link.stop(() => stopped++);
    link.networkChanged(false);
    expect(stopped).toBe(1);
    link.networkChanged(true);
    board.clock.run(60_000);
    expect(board.net.connects).toBe(1);
    expect(board.net.connections).toBe(0);
  });

  it("starts once", () => {
    const { board, broker, link } = bareLink();
    link.start(true);
    board.clock.run(3_000);
    link.start(true);
    board.clock.run(3_000);
    expect(board.net.connects).toBe(1);
    expect(broker.clients).toHaveLength(1);
  });

  it("announces with a retained birth message, and leaves a retained will", () => {
    const { board, broker, node } = virtualNode();
    node.start();
    board.clock.run(3_000);
    expect(broker.published[0]).toMatchObject({ topic: STATUS, payload: "online", qos: 1, retain: true });
    board.net.resetAll();
    expect(broker.published.at(-1)).toMatchObject({
      topic: STATUS,
      payload: "offline",
      qos: 1,
      retain: true,
    });
  });

  it("announces itself only after the first attempt to open the sensor, also when that failed", () => {
    const { board, broker, node, journal } = virtualNode({ sensor: "uart", uart: "x" });
    board.line.unplug();
    node.start();
    board.clock.run(3_000);
    expect(journal.warnings[0]).toContain("serial port");
    expect(broker.payloads(STATUS)).toEqual(["online"]);
  });

  it("ends at once when it is not connected, and within a second when the broker does not answer", () => {
    const unconnected = virtualNode({ broker: "mqtt://10.0.0.7" });
    unconnected.node.start();
    unconnected.board.clock.run(5_000);
    let stopped = 0;
    unconnected.node.stop(() => stopped++);
    expect(stopped).toBe(1);
    unconnected.board.clock.run(120_000);
    expect(unconnected.board.net.connections).toBe(0);

    const silent = virtualNode();
    silent.node.start();
    silent.board.clock.run(5_000);
    silent.board.net.blackHole = true;
    silent.node.stop(() => stopped++);
    silent.board.clock.run(1_000);
    expect(stopped).toBe(2);
  });

  it("shows the broker its user and password", () => {
    const { board, node } = virtualNode({ broker: "mqtt://me:secret@10.0.0.1" });
    const packets: Packet[] = [];
    board.net.listen("10.0.0.1", 1883, (peer) => {
      const parser = mqttPacket.parser({ protocolVersion: 4 });
      parser.on("packet", (packet) => packets.push(packet));
      peer.onData = (bytes) => parser.parse(Buffer.from(bytes));
    });
    node.start();
    board.clock.run(5_000);
    expect(packets[0]).toMatchObject({ cmd: "connect", username: "me", password: Buffer.from("secret") });
  });

  it("ends in silence when the connection fails during the goodbye", () => {
    const { board, journal, node } = virtualNode();
    node.start();
    board.clock.run(5_000);
    let stopped = 0;
    node.stop(() => stopped++);
    board.net.resetAll();
    board.clock.run(60_000);
    expect(stopped).toBe(1);
    expect(journal.lostReasons).toEqual([]);
    expect(board.net.connections).toBe(0);
  });
});
