import net from "node:net";
import { afterEach, describe, expect, it } from "@jest/globals";
import { Listener, type ListenerOptions } from "../../host-sim/io/listener.js";
import { BUFFER_SIZE } from "../../host-sim/io/stream-socket.js";
import { TCP } from "../../host-sim/io/tcp.js";
import { freePort, loopbackServer, pause, until } from "../support/peers.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function listen(options: ListenerOptions = {}) {
  const listener = new Listener({ address: "127.0.0.1", ...options });
  cleanups.push(() => listener.close());
  await until(() => listener.port !== undefined);
  return listener;
}

function call(port: number): net.Socket {
  const socket = net.connect(port, "127.0.0.1").on("error", () => {});
  cleanups.push(() => socket.destroy());
  return socket;
}

/** Takes the connection over and notes what comes of it. */
function take(from: TCP) {
  const events: string[] = [];
  let text = "";
  const tcp: TCP = new TCP({
    from,
    onReadable: () => {
      text += Buffer.from(tcp.read() as ArrayBuffer).toString();
    },
    onWritable: (count) => events.push(`writable ${count}`),
    onError: (reason) => events.push(`error ${reason?.message}`),
  });
  cleanups.push(() => tcp.close());
  return { tcp, events, text: () => text };
}

/** A connection that the listener has accepted and nobody has taken over, with its other end. */
async function accepted(): Promise<{ from: TCP; peer: net.Socket }> {
  const listener = await listen();
  const peer = call(listener.port as number);
  let from: TCP | undefined;
  await until(() => {
    from = listener.read();
    return from !== undefined;
  });
  return { from: from as TCP, peer };
}

describe("Listener", () => {
  it("says how many connections wait, and gives them in their order until there is none", async () => {
    const counts: number[] = [];
    const listener = await listen({ onReadable: (count) => counts.push(count) });
    expect(listener.read()).toBeUndefined();
    for (const wanted of [1, 2]) {
      call(listener.port as number);
      await until(() => counts.length === wanted);
    }
    expect(counts).toEqual([1, 2]);
    expect(listener.read()).toBeInstanceOf(TCP);
    expect(listener.read()).toBeInstanceOf(TCP);
    expect(listener.read()).toBeUndefined();
  });

  it("has the one format socket/tcp, a target, and refuses other options", async () => {
    const target = {};
    const listener = await listen({ target, format: "socket/tcp" });
    expect(listener.format).toBe("socket/tcp");
    expect(listener.target).toBe(target);
    expect(() => new Listener({ format: "buffer" as never })).toThrow(RangeError);
    expect(() => new Listener({ port: 65_536 })).toThrow(RangeError);
    expect(() => new Listener({ onReadable: 1 as never })).toThrow("onReadable is not a function");
  });

  it("reports a port that is taken by onError", async () => {
    const server = await loopbackServer();
    cleanups.push(() => server.close());
    const errors: unknown[] = [];
    const { port } = server;
    new Listener({ address: "127.0.0.1", port, onError: (reason) => errors.push(reason?.message) });
    await until(() => errors.length > 0);
    expect(errors).toEqual([expect.stringContaining("EADDRINUSE")]);
  });

  it("is closed for good: waiting connections end, the port is free, read throws, and once more is harmless", async () => {
    const listener = await listen();
    const { port } = listener;
    let waiting = false;
    const ended: string[] = [];
    const peer = call(port as number);
    peer.on("close", () => ended.push("peer")).resume();
    await until(() => {
      waiting ||= peer.readyState === "open";
      return waiting;
    });
    await pause(20);
    listener.close();
    listener.close();
    expect(() => listener.read()).toThrow(SyntaxError);
    await until(() => ended.length > 0);
    const next = await listen({ port: port as number });
    expect(next.port).toBe(port);
  });

  it("closed before its port is open never opens it", async () => {
    const port = await freePort();
    const listener = new Listener({ address: "127.0.0.1", port });
    listener.close();
    await pause(50);
    let refused = false;
    call(port).on("error", () => {
      refused = true;
    });
    await until(() => refused);
    expect(() => listener.port).toThrow(SyntaxError);
  });
});

describe("a connection taken over with from", () => {
  it("works both ways and leaves the first instance closed", async () => {
    const { from, peer } = await accepted();
    const { tcp, events, text } = take(from);
    expect(() => from.read()).toThrow(SyntaxError);
    await until(() => events.length > 0);
    expect(events).toEqual([`writable ${BUFFER_SIZE}`]);
    let got = "";
    peer.on("data", (data) => {
      got += data;
    });
    tcp.write(Buffer.from("from the node"));
    peer.write("from the peer");
    await until(() => got !== "" && text() !== "");
    expect([got, text()]).toEqual(["from the node", "from the peer"]);
    expect(tcp.remotePort).toBe(peer.localPort);
  });

  it("loses no byte of what came before, and keeps it in front of what comes after", async () => {
    const { from, peer } = await accepted();
    for (let round = 0; round < 50; round++) peer.write(`${round} `.repeat(400));
    await pause(50);
    peer.write("between ");
    const { text } = take(from); // from a timer: what the operating system has now arrives before any immediate
    peer.end("after");
    const sent = `${Array.from({ length: 50 }, (_, round) => `${round} `.repeat(400)).join("")}between after`;
    await until(() => text().length >= sent.length);
    expect(text()).toBe(sent);
  });

  it("keeps its order when more arrives before the first callback", async () => {
    const { from, peer } = await accepted();
    peer.write("1");
    await pause(30);
    peer.write("2");
    const slept = new Int32Array(new SharedArrayBuffer(4));
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    Atomics.wait(slept, 0, 0, 20);
    const { text } = take(from);
    await until(() => text().length === 2);
    expect(text()).toBe("12");
  });

  it("is told of an end that came before it was taken over, after the bytes", async () => {
    const { from, peer } = await accepted();
    peer.end("short visit");
    await until(() => peer.closed);
    await pause(30);
    const { tcp, events, text } = take(from);
    await until(() => events.length > 0);
    expect(text()).toBe("short visit");
    expect(events).toEqual(["error closed by the other end"]);
    expect(tcp.write(Uint8Array.of(1))).toBeUndefined();
  });

  it("cannot be taken over a second time, which does not disturb the one that has it", async () => {
    const { from, peer } = await accepted();
    const { text } = take(from);
    expect(() => new TCP({ from })).toThrow(SyntaxError);
    peer.write("still here");
    await until(() => text() === "still here");
  });
});
