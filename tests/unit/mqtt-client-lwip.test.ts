import { describe, expect, it } from "@jest/globals";
import mqttPacket, { type Packet } from "mqtt-packet";
import type { TCPClass, TCPOptions } from "../../firmware/ports.js";
import { ClientBench } from "../support/client.js";

/**
 * The device's TCP class where it differs from others: in one delivery it calls `onReadable` although the connection
 * has failed, `write` throws then, and `onError` comes when everything has been read.
 */
class FailingTCP {
  static last: FailingTCP;
  readonly #options: TCPOptions;
  #arrived: number[] = [];
  #ready = true;
  #closed = false;

  constructor(options: TCPOptions) {
    this.#options = options;
    FailingTCP.last = this;
  }

  read(into: Uint8Array): number {
    if (into.length > this.#arrived.length) throw new Error("invalid");
    into.set(this.#arrived.splice(0, into.length));
    return into.length;
  }

  write(): number {
    if (!this.#ready) throw new Error("not ready");
    return 5_744;
  }

  close(): void {
    this.#closed = true;
  }

  writable(): void {
    this.#options.onWritable.call(this as never, 5_744);
  }

  deliver(packet: Packet, failed: boolean): void {
    this.#arrived.push(...mqttPacket.generate(packet));
    if (failed) this.#ready = false;
    this.#options.onReadable.call(this as never, this.#arrived.length);
    if (failed && !this.#closed && this.#arrived.length === 0) this.#options.onError.call(this as never);
  }
}

describe("the client on a socket whose write throws after a failure, as the device's does", () => {
  function connected(): ClientBench {
    const bench = new ClientBench({ socket: { io: FailingTCP as unknown as TCPClass }, keepAlive: 10_000 });
    bench.settle();
    FailingTCP.last.writable();
    FailingTCP.last.deliver({ cmd: "connack", sessionPresent: false, returnCode: 0 }, false);
    return bench;
  }

  const message = (payload: string, qos: 0 | 1 | 2): Packet => ({
    cmd: "publish",
    topic: "a",
    payload,
    qos,
    messageId: 7,
    dup: false,
    retain: false,
  });

  it.each([1, 2] as const)(
    "does not throw when it acknowledges a QoS %d message that came with the end",
    (qos) => {
      const bench = connected();
      expect(() => FailingTCP.last.deliver(message("x", qos), true)).not.toThrow();
      expect(bench.errors).toHaveLength(1);
    },
  );

  it("does not throw out of its keep-alive timer", () => {
    const bench = connected();
    bench.reading = false;
    FailingTCP.last.deliver(message("x".repeat(600), 0), true);
    expect(() => bench.settle(30_000)).not.toThrow();
    expect(bench.errors).toHaveLength(1);
  });
});
