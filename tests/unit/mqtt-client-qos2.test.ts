import { describe, expect, it } from "@jest/globals";
import mqttPacket, { type Packet as OraclePacket } from "mqtt-packet";
import { Reason } from "../../firmware/mqtt/error.js";
import { Session } from "../../firmware/mqtt/session.js";
import { ClientBench } from "../support/client.js";

describe("receiving at QoS 2", () => {
  const arriving = (messageId: number, payload = "x"): OraclePacket => ({
    cmd: "publish",
    topic: "t",
    payload,
    qos: 2,
    messageId,
    retain: false,
    dup: false,
  });

  it("hands an empty message over once too", () => {
    const bench = new ClientBench().connect();
    bench.send(arriving(3, ""));
    bench.send(arriving(3, ""));
    expect(bench.received).toHaveLength(1);
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["pubrec", "pubrec"]);
    expect(bench.errors).toEqual([]);
  });

  it("drops of a repetition no more than it is long", () => {
    const bench = new ClientBench().connect();
    bench.send(arriving(3));
    const repetition = mqttPacket.generate(arriving(3));
    bench.sendBytes(Buffer.concat([repetition, mqttPacket.generate(arriving(4, "next"))]));
    expect(bench.received.map(({ payload }) => payload)).toEqual(["x", "next"]);
  });

  it("takes a message for handed over once it has been read, acknowledged or not", () => {
    const session = new Session();
    const bench = new ClientBench({ session }).connect();
    bench.reading = false;
    bench.send(arriving(3));
    expect(session.has(3)).toBe(false);
    bench.read(1);
    bench.client.close();
    expect(session.has(3)).toBe(true);
  });

  it("forgets the message that is released, and no other", () => {
    const session = new Session();
    for (const id of [5, 6]) session.add(id);
    for (const id of [6, 7]) session.delete(id);
    expect([5, 6, 7].map((id) => session.has(id))).toEqual([true, false, false]);
  });

  it("refuses the thirty-third that is not released, and counts no QoS 1 among them", () => {
    const bench = new ClientBench().connect();
    for (let id = 101; id <= 140; id++) bench.send({ ...arriving(id), qos: 1 } as OraclePacket);
    for (let id = 1; id <= 32; id++) bench.send(arriving(id));
    expect(bench.received).toHaveLength(72);
    bench.send({ cmd: "pubrel", messageId: 7 });
    bench.send(arriving(33));
    expect(bench.errors).toEqual([]);
    bench.send(arriving(34));
    expect(bench.errors[0]).toMatchObject({
      reason: Reason.PROTOCOL,
      message: expect.stringContaining("QoS 2"),
    });
  });
});
