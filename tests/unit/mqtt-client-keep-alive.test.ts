import { describe, expect, it } from "@jest/globals";
import MQTTClient from "../../firmware/mqtt/client.js";
import { Reason } from "../../firmware/mqtt/error.js";
import { ClientBench } from "../support/client.js";

const text = (value: string) => new TextEncoder().encode(value);

describe("keeping alive", () => {
  it("asks after half a keep-alive of silence, and gives up after a whole one", () => {
    const bench = new ClientBench({ keepAlive: 20_000 });
    bench.settle(100);
    bench.send({ cmd: "connack", sessionPresent: false, returnCode: 0 }, 5);
    bench.settle(9_990);
    expect(bench.sent).toHaveLength(1);
    bench.settle(100);
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["connect", "pingreq"]);
    bench.settle(9_800);
    expect(bench.errors).toEqual([]);
    bench.settle(200);
    expect(bench.errors[0].reason).toBe(Reason.TIMEOUT);
  });

  it("goes on for as long as it is answered", () => {
    const bench = new ClientBench({ keepAlive: 20_000 }).connect();
    let answered = 0;
    for (let second = 0; second < 200; second++) {
      bench.settle(1_000);
      for (; answered < bench.sent.length; answered++) bench.send({ cmd: "pingresp" });
    }
    expect(bench.errors).toEqual([]);
    expect(bench.sent.length).toBeGreaterThanOrEqual(13); // [MQTT-3.1.2-23] at the least
    expect(bench.sent.length).toBeLessThanOrEqual(21);
  });

  it("finds silence also while the application itself asks again and again", () => {
    const bench = new ClientBench({ keepAlive: 20_000 }).connect();
    for (let second = 0; second < 21 && bench.errors.length === 0; second++) {
      bench.client.write(null, { operation: MQTTClient.PINGREQ });
      bench.settle(1_000);
    }
    expect(bench.errors[0]?.reason).toBe(Reason.TIMEOUT);
  });

  it("does not ask in the middle of a message that is written in parts, and finds silence then too", () => {
    const bench = new ClientBench({ keepAlive: 20_000 }).connect();
    bench.client.write(text("ab"), { topic: "t", byteLength: 4 });
    bench.settle(17_000);
    bench.client.write(text("cd"));
    bench.settle(1_000);
    expect(bench.sent).toMatchObject([{ cmd: "publish", payload: Buffer.from("abcd") }]);
    bench.settle(4_000);
    expect(bench.errors[0].reason).toBe(Reason.TIMEOUT);
  });

  it("finds silence while the socket has no room for PINGREQ", () => {
    const bench = new ClientBench({ keepAlive: 20_000 }).connect();
    bench.net.blackHole = true;
    bench.client.write(new Uint8Array(5_744 - 6), { topic: "t" });
    bench.settle(20_500);
    expect(bench.errors[0].reason).toBe(Reason.TIMEOUT);
  });
});
