import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import mqttPacket, { type Packet as OraclePacket } from "mqtt-packet";
import { Reason } from "../../firmware/mqtt/error.js";
import { Session } from "../../firmware/mqtt/session.js";
import { ClientBench } from "../support/client.js";
import { onHandSocket } from "../support/hand-socket.js";

const text = (value: string) => new TextEncoder().encode(value);

describe("receiving", () => {
  const message: OraclePacket = {
    cmd: "publish",
    topic: "home/ü",
    payload: "hello world",
    qos: 1,
    messageId: 5,
    retain: true,
    dup: true,
  };

  it("hands over topic, flags, length and payload, then acknowledges", () => {
    const bench = new ClientBench().connect();
    bench.send(message);
    expect(bench.received).toEqual([
      {
        topic: "home/ü",
        payload: "hello world",
        QoS: 1,
        retain: true,
        duplicate: true,
        byteLength: 11,
        pieces: 1,
      },
    ]);
    expect(bench.sent).toMatchObject([{ cmd: "puback", messageId: 5 }]);
  });

  it("reads into the caller's buffer, and less than there is when asked for less", () => {
    const bench = new ClientBench().connect();
    bench.reading = false;
    const into = new Uint8Array(4);
    const seen: unknown[] = [];
    bench.onMessage = (client) => {
      seen.push(
        client.read(into),
        new TextDecoder().decode(into),
        client.read(2),
        client.read(),
        client.read(),
      );
    };
    bench.send({ ...message, payload: "abcdefgh" } as OraclePacket);
    expect(seen[0]).toBe(4);
    expect(seen[1]).toBe("abcd");
    expect(new TextDecoder().decode(seen[2] as ArrayBuffer)).toBe("ef");
    expect(new TextDecoder().decode(seen[3] as ArrayBuffer)).toBe("gh");
    expect(seen[4]).toBeUndefined();
  });

  it("reads into a longer buffer what there is, and gives no more than that when asked for more", () => {
    const bench = new ClientBench().connect();
    bench.reading = false;
    const into = new ArrayBuffer(6);
    const seen: unknown[] = [];
    bench.onMessage = (client) => {
      seen.push(seen.length === 0 ? client.read(into) : client.read(100));
    };
    bench.send({ ...message, payload: "abcd" } as OraclePacket);
    bench.send({ ...message, payload: "efg" } as OraclePacket);
    expect(seen[0]).toBe(4);
    expect(new TextDecoder().decode(into)).toBe("abcd\0\0");
    expect(new TextDecoder().decode(seen[1] as ArrayBuffer)).toBe("efg");
  });

  it("refuses a count of 0 or less", () => {
    const bench = new ClientBench().connect();
    bench.reading = false;
    bench.send(message);
    expect(() => bench.client.read(0)).toThrow(RangeError);
    expect(() => bench.client.read(-1)).toThrow(RangeError);
    bench.read(11);
    expect(bench.received[0].payload).toBe("hello world");
  });

  it("streams a message of a megabyte through a buffer of 128 bytes", () => {
    const bench = new ClientBench({ packetLimit: 128 }).connect();
    const payload = "0123456789abcdef".repeat(65_536);
    bench.send({ ...message, payload } as OraclePacket);
    expect(bench.received[0].payload === payload).toBe(true);
    expect(bench.received[0].pieces).toBeGreaterThan(8_000);
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["puback"]);
  });

  it("does not acknowledge before the application has read, and takes nothing more from the socket", () => {
    const bench = new ClientBench().connect();
    bench.reading = false;
    bench.send(message);
    bench.send({ ...message, payload: "second", messageId: 6 } as OraclePacket);
    expect(bench.sent).toEqual([]);
    expect(bench.received).toHaveLength(1);
    bench.read(11);
    bench.settle();
    expect(bench.received).toHaveLength(2);
    expect(bench.sent).toMatchObject([{ cmd: "puback", messageId: 5 }]);
    bench.read(6);
    bench.settle();
    expect(bench.sent).toMatchObject([{ messageId: 5 }, { messageId: 6 }]);
  });

  it("leaves what comes after an unread message in the socket", () => {
    const { arrive, left, room } = onHandSocket(() => 1_000);
    room(1_000);
    arrive(0x20, 2, 0, 0);
    arrive(0x30, 4, 0, 1, 0x74, 0x31);
    expect(left()).toBe(0);
    arrive(0x30, 4, 0, 1, 0x74, 0x32);
    expect(left()).toBe(6);
  });

  it("waits with the acknowledgement until the socket has room for it", () => {
    const bench = new ClientBench().connect();
    const header = 6;
    bench.client.write(new Uint8Array(5_744 - header), { topic: "t" });
    bench.net.latency = 1; // the message overtakes the news that the socket has room again
    bench.send(message, 2);
    expect(bench.received).toHaveLength(1);
    expect(bench.sent).toEqual([]);
    bench.settle();
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["publish", "puback"]);
  });

  it("leaves in the socket what it has no room to acknowledge, and loses none of it", () => {
    const bench = new ClientBench({ packetLimit: 128 }).connect();
    bench.client.write(new Uint8Array(5_744 - 6), { topic: "t" });
    bench.net.latency = 1;
    const ids = Array.from({ length: 40 }, (_, index) => index + 1);
    bench.sendBytes(
      ids.flatMap((id) => [0x32, 6, 0, 1, 0x74, 0, id, 0x78]),
      2,
    );
    expect(bench.received).toHaveLength(1);
    bench.settle();
    expect(bench.errors).toEqual([]);
    expect(bench.received).toHaveLength(40);
    expect(bench.sent.slice(1).map(({ cmd, messageId }) => [cmd, messageId])).toEqual(
      ids.map((id) => ["puback", id]),
    );
  });

  it("waits with PUBREL and PUBCOMP until the socket has room for them", () => {
    const bench = new ClientBench().connect();
    bench.client.write(new Uint8Array(5_744 - 6), { topic: "t" });
    bench.net.latency = 1;
    bench.sendBytes([0x50, 2, 0, 1, 0x62, 2, 0, 2], 2);
    expect(bench.controls).toHaveLength(1); // CONNACK
    bench.settle();
    expect(bench.errors).toEqual([]);
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["publish", "pubrel", "pubcomp"]);
  });

  it("does not acknowledge into a message that is being written in parts", () => {
    const bench = new ClientBench().connect();
    bench.client.write(text("ab"), { topic: "t", byteLength: 4 });
    bench.send(message);
    bench.send({ cmd: "pubrel", messageId: 9 });
    bench.client.write(text("cd"));
    bench.settle();
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["publish", "puback", "pubcomp"]);
  });

  it("takes a header of one byte less than its packet limit, and refuses a longer one", () => {
    const packet = (topic: string): OraclePacket => ({ ...message, topic, payload: "x" }) as OraclePacket;
    const bench = new ClientBench({ packetLimit: 128 }).connect();
    bench.send(packet("t".repeat(121)));
    expect(bench.received).toMatchObject([{ payload: "x" }]);
    bench.send(packet("t".repeat(122)));
    expect(bench.errors[0].message).toContain("packet limit");
  });

  it("drops what nobody listens to, and acknowledges it", () => {
    const bench = new ClientBench({ onReadable: undefined } as object).connect();
    bench.send(message);
    bench.send({ ...message, qos: 2, messageId: 6 } as OraclePacket);
    expect(bench.sent.map(({ cmd }) => cmd)).toEqual(["puback", "pubrec"]);
  });

  it("is told the return codes of SUBACK in bytes of its own", () => {
    const bench = new ClientBench().connect();
    bench.send({ cmd: "suback", messageId: 3, granted: [1, 128] });
    bench.send({ ...message, payload: "z".repeat(600) } as OraclePacket);
    expect(Array.from(bench.controls[1].payload ?? [])).toEqual([1, 128]);
  });

  it("is the same however the stream is split", () => {
    const packets: OraclePacket[] = [
      { cmd: "publish", topic: "a", payload: "", qos: 0, retain: false, dup: false },
      {
        cmd: "publish",
        topic: "b/c",
        payload: "payload of b",
        qos: 1,
        messageId: 1,
        retain: true,
        dup: false,
      },
      { cmd: "pingresp" },
      {
        cmd: "publish",
        topic: "d",
        payload: "x".repeat(700),
        qos: 2,
        messageId: 2,
        retain: false,
        dup: false,
      },
      { cmd: "pubrel", messageId: 2 },
      { cmd: "suback", messageId: 3, granted: [0] },
    ];
    const stream = Buffer.concat(packets.map((packet) => mqttPacket.generate(packet)));
    const outcome = (bench: ClientBench) =>
      JSON.stringify([
        bench.received.map(({ pieces: _pieces, ...rest }) => rest),
        bench.controls,
        bench.sent.map(({ cmd, messageId }) => [cmd, messageId]),
        bench.errors,
      ]);
    const whole = new ClientBench().connect();
    whole.sendBytes(stream);
    expect(whole.received).toHaveLength(3);
    for (let at = 1; at < stream.length; at++) {
      const bench = new ClientBench().connect();
      bench.sendBytes(stream.subarray(0, at));
      bench.sendBytes(stream.subarray(at));
      expect(outcome(bench)).toBe(outcome(whole));
    }
    for (const size of [1, 2, 3, 7]) {
      const bench = new ClientBench().connect();
      bench.net.segment = size;
      bench.sendBytes(stream);
      expect(outcome(bench)).toBe(outcome(whole));
    }
  });

  it("survives random bytes: no throw out of a callback, at most one error, and then closed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }),
        fc.boolean(),
        (chunks, connected) => {
          const bench = new ClientBench({ packetLimit: 128 });
          bench.settle();
          if (connected) bench.send({ cmd: "connack", sessionPresent: false, returnCode: 0 });
          for (const chunk of chunks) bench.sendBytes(chunk);
          expect(bench.errors.length).toBeLessThanOrEqual(1);
          if (bench.errors.length === 1) expect(bench.peerClosed).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("tells of a message with the first byte of its payload, and not before", () => {
    const bench = new ClientBench().connect();
    bench.sendBytes([0x30, 4, 0, 1, 0x74]);
    expect(bench.received).toEqual([]);
    bench.sendBytes([0x31]);
    expect(bench.received).toMatchObject([{ payload: "1" }]);
  });

  it("goes on after a callback that has thrown", () => {
    const bench = new ClientBench().connect();
    bench.onMessage = () => {
      bench.onMessage = undefined;
      throw new Error("the application's");
    };
    expect(() => bench.send(message)).toThrow("the application's");
    bench.read(11);
    bench.send({ ...message, messageId: 6 } as OraclePacket);
    expect(bench.received).toHaveLength(2);
    expect(bench.sent).toMatchObject([{ messageId: 5 }, { messageId: 6 }]);
  });

  it("says that there is room after CONNACK, and not after every packet", () => {
    const bench = new ClientBench().connect();
    bench.send({ cmd: "pingresp" });
    expect(bench.writable).toHaveLength(1);
  });

  it("refuses a topic with a wildcard", () => {
    const bench = new ClientBench().connect();
    bench.sendBytes([0x30, 4, 0, 1, 0x2b, 0x78]);
    expect(bench.errors[0]).toMatchObject({
      reason: Reason.PROTOCOL,
      message: expect.stringContaining("MQTT-3.3.2-2"),
    });
  });

  it("keeps QoS 2 identifiers in the session across connections, until the broker has forgotten it", () => {
    const session = new Session();
    const arriving: OraclePacket = {
      cmd: "publish",
      topic: "t",
      payload: "x",
      qos: 2,
      messageId: 8,
      retain: false,
      dup: false,
    };
    const first = new ClientBench({ session }).connect();
    first.send(arriving);
    expect(first.received).toHaveLength(1);
    first.client.close();
    const second = new ClientBench({ session, clean: false }).connect(true);
    second.send({ ...arriving, dup: true } as OraclePacket);
    expect(second.received).toHaveLength(0);
    expect(second.sent).toMatchObject([{ cmd: "pubrec", messageId: 8 }]);
    const third = new ClientBench({ session }).connect(false);
    third.send(arriving);
    expect(third.received).toHaveLength(1);
  });
});
