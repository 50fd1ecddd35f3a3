import { createHash, randomBytes } from "node:crypto";
import net from "node:net";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { BUFFER_SIZE } from "../../host-sim/io/stream-socket.js";
import { TCP, type TCPOptions } from "../../host-sim/io/tcp.js";
import { freePort, type LoopbackServer, loopbackServer, pause, until } from "../support/peers.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function serve(...args: Parameters<typeof loopbackServer>): Promise<LoopbackServer> {
  const server = await loopbackServer(...args);
  cleanups.push(() => server.close());
  return server;
}

/** A client of the server, which notes what it is told, and reads where the test has no `onReadable` of its own. */
function connect(port: number, options: Partial<TCPOptions> = {}) {
  const events: string[] = [];
  const received: number[] = [];
  const tcp: TCP = new TCP({
    address: "127.0.0.1",
    port,
    onReadable: () => received.push(...new Uint8Array(tcp.read() as ArrayBuffer)),
    onWritable: (count) => events.push(`writable ${count}`),
    onError: (reason) => events.push(`error ${reason?.message}`),
    ...options,
  });
  cleanups.push(() => tcp.close());
  return { tcp, events, received, text: () => Buffer.from(received).toString() };
}

const options = (changed: object) => ({ address: "127.0.0.1", port: 9, ...changed }) as TCPOptions;

describe("TCP", () => {
  it("refuses an address that is none, also a name", () => {
    for (const address of [undefined, "", "localhost", "1.2.3", "1.2.3.256", 5]) {
      expect(() => new TCP(options({ address }))).toThrow("is no IP address");
    }
  });

  it("refuses a port that is missing, and one that is out of range", () => {
    expect(() => new TCP(options({ port: undefined }))).toThrow("port is missing");
    for (const port of [-1, 65_536]) expect(() => new TCP(options({ port }))).toThrow(RangeError);
  });

  it("refuses callbacks, formats and instances to take over that are none", () => {
    expect(() => new TCP(options({ onReadable: 5 }))).toThrow("onReadable is not a function");
    expect(() => new TCP(options({ onError: {} }))).toThrow("onError is not a function");
    expect(() => new TCP(options({ format: "string" }))).toThrow(RangeError);
    expect(() => new TCP(options({ from: {} }))).toThrow(SyntaxError);
  });

  it("hands what is written within one turn to the operating system at once, also where it is closed then", async () => {
    const received: Buffer[] = [];
    const server = await serve((socket) => socket.on("data", (data) => received.push(data)));
    const { tcp, events } = connect(server.port, { nodelay: true });
    await until(() => events.length > 0);
    const handedOver = jest.spyOn(net.Socket.prototype, "_writev" as never) as unknown as jest.SpiedFunction<
      (chunks: unknown[]) => void
    >;
    cleanups.push(() => handedOver.mockRestore());
    for (const text of ["one ", "two ", "three"]) tcp.write(Buffer.from(text));
    await until(() => Buffer.concat(received).toString() === "one two three");
    expect(handedOver.mock.calls.map(([chunks]) => chunks.length)).toEqual([3]);
    for (const text of [" four", " five"]) tcp.write(Buffer.from(text));
    tcp.close();
    await until(() => Buffer.concat(received).toString() === "one two three four five");
  });

  it("says that it is writable once it is connected, and refuses to write before", async () => {
    const server = await serve();
    const { tcp, events } = connect(server.port);
    expect(() => tcp.write(Uint8Array.of(1))).toThrow("not ready");
    expect(events).toEqual([]);
    await until(() => events.length > 0);
    expect(events).toEqual([`writable ${BUFFER_SIZE}`]);
    expect(tcp.remoteAddress).toBe("127.0.0.1");
    expect(tcp.remotePort).toBe(server.port);
  });

  it("carries bytes there and back and is writable again in full", async () => {
    const server = await serve((socket) => socket.pipe(socket));
    const { tcp, events, text } = connect(server.port);
    await until(() => events.length > 0);
    expect(tcp.write(Buffer.from("hello"))).toBe(BUFFER_SIZE - 5);
    await until(() => text() === "hello");
    await until(() => events.length > 1);
    expect(events).toEqual([`writable ${BUFFER_SIZE}`, `writable ${BUFFER_SIZE}`]);
  });

  it("reads and writes single bytes in format number", async () => {
    const server = await serve((socket) => socket.pipe(socket));
    const values: unknown[] = [];
    const { tcp, events } = connect(server.port, {
      format: "number",
      onReadable: (count) => {
        for (let i = 0; i < count; i++) values.push(tcp.read());
      },
    });
    await until(() => events.length > 0);
    tcp.write(0);
    tcp.write(255);
    await until(() => values.length === 2);
    expect(values).toEqual([0, 255]);
  });

  it("reports a refused connection by onError, once, with what it means", async () => {
    const { tcp, events } = connect(await freePort());
    await until(() => events.length > 0);
    await pause(20);
    expect(events).toEqual(["error connection refused: nothing listens there"]);
    expect(tcp.write(Uint8Array.of(1))).toBeUndefined();
  });

  it("reports the peer's end once, after all that the peer has sent", async () => {
    const server = await serve((socket) => socket.end("goodbye"));
    let arrived = 0;
    const { tcp, events } = connect(server.port, {
      onReadable: (count) => {
        arrived = count;
      },
    });
    await until(() => arrived === 7);
    await pause(50);
    expect(events).toEqual([`writable ${BUFFER_SIZE}`]);
    expect(Buffer.from(tcp.read() as ArrayBuffer).toString()).toBe("goodbye");
    await until(() => events.length > 1);
    await pause(20);
    expect(events.slice(1)).toEqual(["error closed by the other end"]);
    expect(tcp.write(Uint8Array.of(1))).toBeUndefined();
  });

  it("reports a reset", async () => {
    const server = await serve();
    const { events } = connect(server.port);
    await until(() => events.length > 0 && server.sockets.length > 0);
    server.sockets[0].resetAndDestroy();
    await until(() => events.length > 1);
    expect(events[1]).toBe("error reset by the other end");
  });

  it("holds back a peer that sends 10 MB while nobody reads, and gives it all intact later", async () => {
    const sent = randomBytes(10_000_000);
    const server = await serve((socket) => socket.end(sent));
    const hash = createHash("sha256");
    let waiting = 0;
    let reading = false;
    let length = 0;
    const read = () => {
      const data = new Uint8Array(tcp.read() as ArrayBuffer);
      length += data.length;
      hash.update(data);
    };
    const { tcp, events } = connect(server.port, {
      onReadable: (count) => {
        waiting = count;
        if (reading) read();
      },
    });
    await until(() => waiting >= BUFFER_SIZE);
    await pause(100);
    expect(waiting).toBeLessThan(BUFFER_SIZE + 65_536); // what Node hands over at once, beyond
    reading = true;
    read();
    await until(() => events.length > 1);
    expect(length).toBe(sent.length);
    expect(hash.digest("hex")).toBe(createHash("sha256").update(sent).digest("hex"));
  });

  it("still sends what was written when it is closed, and is silent itself", async () => {
    let got = "";
    let ended = false;
    const server = await serve((socket) => {
      socket.on("data", (data) => {
        got += data;
      });
      socket.on("end", () => {
        ended = true;
      });
    });
    const { tcp, events } = connect(server.port);
    await until(() => events.length > 0);
    tcp.write(Buffer.from("last words"));
    tcp.close();
    tcp.close();
    await until(() => ended);
    expect(got).toBe("last words");
    expect(events).toEqual([`writable ${BUFFER_SIZE}`]);
    expect(() => tcp.write(Uint8Array.of(1))).toThrow(SyntaxError);
    expect(() => tcp.read()).toThrow(SyntaxError);
  });

  it("still sends all that it had taken when it is closed, to a peer that reads slowly", async () => {
    let got = 0;
    let ended = false;
    const server = await serve((socket) => {
      socket.pause().on("data", (data) => {
        got += data.length;
      });
      socket.on("end", () => {
        ended = true;
      });
    });
    let taken = 0;
    const { tcp } = connect(server.port, {
      onWritable: (count) => {
        tcp.write(new Uint8Array(count));
        taken += count;
      },
    });
    let before = -1;
    while (before !== taken) {
      before = taken;
      await pause(50);
    }
    tcp.close();
    await pause(20);
    server.sockets[0].resume();
    await until(() => ended);
    expect(got).toBe(taken);
  });

  it("can be closed while it connects, and in each of its callbacks", async () => {
    const server = await serve((socket) => socket.end("x"));
    const early = connect(server.port);
    early.tcp.close();
    let closed = 0;
    const closing = function (this: TCP) {
      this.close();
      closed += 1;
    };
    const late = [{ onWritable: closing }, { onReadable: closing }, { onError: closing }].map((callback) =>
      connect(server.port, callback as Partial<TCPOptions>),
    );
    await until(() => closed === 3);
    await pause(20);
    expect(early.events).toEqual([]);
    expect(closed).toBe(3);
    for (const { tcp } of late) expect(() => tcp.read()).toThrow(SyntaxError);
  });
});
