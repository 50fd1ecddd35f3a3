import dgram from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "@jest/globals";
import { UDP, type UDPOptions } from "../../host-sim/io/udp.js";
import { pause, until } from "../support/peers.js";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function udp(options: UDPOptions = {}): UDP {
  const socket = new UDP({ address: "127.0.0.1", ...options });
  cleanups.push(() => socket.close());
  return socket;
}

/** A UDP socket of Node's, bound, which notes what arrives. */
async function peer() {
  const received: string[] = [];
  const socket = dgram.createSocket("udp4");
  let from: dgram.RemoteInfo | undefined;
  socket.on("message", (data, sender) => {
    received.push(data.toString());
    from = sender;
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  cleanups.push(() => socket.close());
  return { socket, received, port: socket.address().port, sender: () => from };
}

/** A socket of ours and a peer that knows its port. */
async function acquainted(options: UDPOptions = {}) {
  const ours = udp(options);
  const theirs = await peer();
  ours.write(Buffer.from("hello"), "127.0.0.1", theirs.port);
  await until(() => theirs.received.length > 0);
  return { ours, theirs, port: theirs.sender()?.port as number };
}

describe("UDP", () => {
  it("sends a packet to an address and a port, also before it is bound", async () => {
    const { theirs } = await acquainted();
    expect(theirs.received).toEqual(["hello"]);
  });

  it("gives each packet whole, with its sender's address and port, oldest first", async () => {
    const counts: number[] = [];
    const { ours, theirs, port } = await acquainted({ onReadable: (count) => counts.push(count) });
    expect(ours.read()).toBeUndefined();
    for (const text of ["first", "second"]) {
      theirs.socket.send(text, port, "127.0.0.1");
      await until(() => counts.length > 0 && counts.at(-1) === (text === "first" ? 1 : 2));
    }
    expect(counts).toEqual([1, 2]);
    const packet = ours.read();
    expect(packet).toBeInstanceOf(ArrayBuffer);
    expect(Buffer.from(packet as ArrayBuffer).toString()).toBe("first");
    expect([packet?.address, packet?.port]).toEqual(["127.0.0.1", theirs.port]);
    expect(Buffer.from(ours.read() as ArrayBuffer).toString()).toBe("second");
    expect(ours.read()).toBeUndefined();
  });

  it("keeps the newest 16 packets for one who does not read", async () => {
    let arrived = 0;
    const { ours, theirs, port } = await acquainted({
      onReadable: () => {
        arrived += 1;
      },
    });
    for (let i = 0; i < 20; i++) {
      theirs.socket.send(String(i), port, "127.0.0.1");
      await until(() => arrived === i + 1);
    }
    const kept: string[] = [];
    for (let packet = ours.read(); packet; packet = ours.read()) kept.push(Buffer.from(packet).toString());
    expect(kept).toEqual(Array.from({ length: 16 }, (_, i) => String(i + 4)));
  });

  it("receives on the port it was given", async () => {
    const { socket, port } = await peer();
    socket.removeAllListeners("message");
    const errors: unknown[] = [];
    udp({ port, onError: (reason) => errors.push(reason?.message) });
    await until(() => errors.length > 0);
    expect(errors).toEqual([expect.stringContaining("EADDRINUSE")]);
  });

  it("calls back with the instance as this, and keeps the target", async () => {
    const target = {};
    let self: unknown;
    const { ours, theirs, port } = await acquainted({
      target,
      onReadable: function (this: unknown) {
        self = this;
      },
    });
    theirs.socket.send("x", port, "127.0.0.1");
    await until(() => self !== undefined);
    expect(self === ours).toBe(true);
    expect(ours.target).toBe(target);
  });

  it("refuses options that make no sense", () => {
    expect(() => new UDP({ port: 65_536 })).toThrow(RangeError);
    expect(() => new UDP({ onReadable: true as never })).toThrow("onReadable is not a function");
    expect(() => new UDP({ format: "number" as never })).toThrow(RangeError);
  });

  it("refuses to send what is no byte buffer, or to nowhere", () => {
    const ours = udp();
    expect(ours.format).toBe("buffer");
    expect(() => ours.write("text" as never, "127.0.0.1", 9)).toThrow(TypeError);
    expect(() => ours.write(Uint8Array.of(1), "localhost", 9)).toThrow(RangeError);
    for (const port of [0, 65_536]) {
      expect(() => ours.write(Uint8Array.of(1), "127.0.0.1", port)).toThrow("Port should be");
    }
  });

  it("outlives a packet that cannot be sent, and reports it", async () => {
    const errors: unknown[] = [];
    const { ours, theirs } = await acquainted({ onError: (reason) => errors.push(reason?.message) });
    ours.write(new Uint8Array(70_000), "127.0.0.1", theirs.port);
    await until(() => errors.length > 0);
    expect(errors).toEqual([expect.stringContaining("EMSGSIZE")]);
    ours.write(Buffer.from("again"), "127.0.0.1", theirs.port);
    await until(() => theirs.received.length > 1);
    expect(theirs.received).toEqual(["hello", "again"]);
  });

  it("is closed for good: it throws, it is silent, and once more is harmless", async () => {
    let calls = 0;
    const { ours, theirs, port } = await acquainted({
      onReadable: () => {
        calls += 1;
      },
    });
    ours.close();
    ours.close();
    theirs.socket.send("late", port, "127.0.0.1");
    await pause(20);
    expect(calls).toBe(0);
    expect(() => ours.read()).toThrow(SyntaxError);
    expect(() => ours.write(Uint8Array.of(1), "127.0.0.1", 9)).toThrow(SyntaxError);
  });
});
