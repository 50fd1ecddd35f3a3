import { beforeEach, describe, expect, it } from "@jest/globals";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { type Peer, VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import { BUFFER_SIZE, type StreamSocket } from "../../host-sim/io/stream-socket.js";

let clock: VirtualClock;
let net: VirtualNetwork;
/** What the server has seen, connection after connection. */
let served: { peer: Peer; got: string; closed: number }[];
const decoder = new TextDecoder();
const encode = (text: string) => new TextEncoder().encode(text);

beforeEach(() => {
  clock = new VirtualClock();
  net = new VirtualNetwork(clock);
  served = [];
  net.listen("10.0.0.1", 1883, (peer) => {
    const seen = { peer, got: "", closed: 0 };
    served.push(seen);
    peer.onData = (bytes) => {
      seen.got += decoder.decode(bytes);
    };
    peer.onClose = () => {
      seen.closed += 1;
    };
  });
});

/** A client that notes what it is told, with the time, and reads at once unless it is told not to. */
function connect(options: { reads?: boolean; port?: number; address?: string } = {}) {
  const events: string[] = [];
  let text = "";
  const { reads = true, port = 1883, address = "10.0.0.1" } = options;
  const read = () => {
    text += decoder.decode(socket.read());
  };
  const note = (event: string) => events.push(`${clock.elapsed} ${event}`);
  const socket = new net.TCP({
    address,
    port,
    onReadable: (count) => {
      note(`readable ${count}`);
      if (reads) read();
    },
    onWritable: (count) => note(`writable ${count}`),
    onError: (reason) => note(`error ${reason?.message}`),
  }) as unknown as StreamSocket;
  return { socket, events, read, text: () => text };
}

/** A client that is connected, its first event forgotten. */
function connected(options: { reads?: boolean } = {}) {
  const client = connect(options);
  clock.run(2 * net.latency);
  client.events.length = 0;
  const server = served.at(-1) as (typeof served)[0];
  return { ...client, server, peer: server.peer };
}

describe("VirtualNetwork's connections", () => {
  it("take the latency there and back to come about, and the latency for each way", () => {
    net.latency = 50;
    const { socket, events, text } = connect();
    clock.run(200);
    expect(events).toEqual([`100 writable ${BUFFER_SIZE}`]);
    expect(socket.write(encode("ping"))).toBe(BUFFER_SIZE - 4);
    clock.run(49);
    expect(served[0].got).toBe("");
    clock.run(1);
    expect(served[0].got).toBe("ping");
    served[0].peer.write(encode("pong"));
    clock.run(49);
    expect(text()).toBe("");
    clock.run(1);
    expect(text()).toBe("pong");
    expect(events.slice(1)).toEqual([`250 writable ${BUFFER_SIZE}`, "300 readable 4"]);
  });

  it("keep the bytes in order when the latency shrinks", () => {
    const { socket, server, peer, text } = connected();
    net.latency = 100;
    socket.write(encode("slow "));
    peer.write(encode("slow "));
    net.latency = 1;
    socket.write(encode("fast"));
    peer.write(encode("fast"));
    clock.run(200);
    expect([server.got, text()]).toEqual(["slow fast", "slow fast"]);
  });

  it("deliver in segments of the size that is set", () => {
    const { peer, events, text } = connected();
    net.segment = 2;
    peer.write(encode("abcde"));
    clock.run(10);
    expect(events).toEqual(["15 readable 2", "15 readable 2", "15 readable 1"]);
    expect(text()).toBe("abcde");
  });

  it("check their options as the live class does", () => {
    expect(() => connect({ address: "broker.local" })).toThrow(TypeError);
    expect(() => connect({ address: undefined as never, port: 0 })).toThrow(RangeError);
    expect(() => connect({ port: 65_536 })).toThrow(RangeError);
    expect(net.connects).toBe(0);
  });

  it("are counted: attempts, and those that are open", () => {
    connect({ port: 9 });
    const { socket } = connected();
    expect([net.connects, net.connections]).toEqual([2, 1]);
    socket.close();
    expect(net.connections).toBe(0);
  });

  it("are refused where nobody listens, or nobody listens any more", () => {
    const { events } = connect({ port: 9 });
    net.listen("10.0.0.1", 1883, undefined);
    const late = connect();
    clock.run(20);
    expect(events).toEqual(["10 error connection refused"]);
    expect(late.events).toEqual(["10 error connection refused"]);
    expect(late.socket.write(encode("x"))).toBeUndefined();
  });

  it("stay when their server stops listening", () => {
    const { socket, server } = connected();
    net.listen("10.0.0.1", 1883, undefined);
    socket.write(encode("still here"));
    clock.run(5);
    expect(server.got).toBe("still here");
  });
});

describe("VirtualNetwork's closing", () => {
  it("by the client lets its last words arrive, is told to the server once, and is silent", () => {
    const { socket, server, peer, events } = connected();
    socket.write(encode("goodbye"));
    socket.close();
    socket.close();
    peer.write(encode("too late"));
    clock.run(20);
    expect([server.got, server.closed, events]).toEqual(["goodbye", 1, []]);
  });

  it("by the client while it connects never reaches the server's code", () => {
    const { socket, events } = connect();
    socket.close();
    clock.run(20);
    expect([served, events, net.connections]).toEqual([[], [], 0]);
  });

  it("by the server is reported after its last words, once, and the server hears no more", () => {
    const { peer, server, events, text, socket } = connected();
    peer.write(encode("goodbye"));
    peer.close();
    peer.close();
    socket.write(encode("what?"));
    clock.run(20);
    expect(text()).toBe("goodbye");
    expect(events.filter((event) => event.includes("error"))).toEqual(["15 error closed by the other end"]);
    expect([server.got, server.closed, net.connections]).toEqual(["", 0, 0]);
  });

  it("by the server waits for one who has not read", () => {
    const { peer, events, read, text } = connected({ reads: false });
    peer.write(encode("unread"));
    peer.close();
    clock.run(20);
    expect(events).toEqual(["15 readable 6"]);
    read();
    clock.run(0);
    expect([text(), events[1]]).toEqual(["unread", "30 error closed by the other end"]);
  });

  it("by a reset is an error at both ends, and nothing arrives after it", () => {
    const { socket, peer, server, events } = connected();
    peer.write(encode("under way"));
    socket.write(encode("under way"));
    net.resetAll();
    clock.run(20);
    expect(events).toEqual(["10 error reset"]);
    expect([server.got, server.closed, net.connections]).toEqual(["", 1, 0]);
    expect(socket.write(encode("x"))).toBeUndefined();
  });
});

describe("VirtualNetwork's black hole", () => {
  it("lets nothing through, either way, and is silent about it", () => {
    const { socket, peer, server, events } = connected();
    net.blackHole = true;
    socket.write(encode("up"));
    peer.write(encode("down"));
    const late = connect();
    clock.run(60_000);
    expect([server.got, events, late.events, served.length]).toEqual(["", [], [], 1]);
    socket.close();
    clock.run(60_000);
    expect(server.closed).toBe(0);
  });

  it("leaves no gap in what was sent: it arrives when the hole is gone, in order", () => {
    const { socket, peer, server, events, text } = connected();
    socket.write(encode("before "));
    peer.write(encode("before "));
    net.blackHole = true;
    socket.write(encode("during "));
    peer.write(encode("during "));
    clock.run(1_000);
    net.blackHole = false;
    socket.write(encode("after"));
    peer.write(encode("after"));
    clock.run(5);
    expect([server.got, text()]).toEqual(["before during after", "before during after"]);
    expect(events.at(-1)).toMatch(/^1015 /);
  });

  it("lets one connect in the end who is patient", () => {
    net.blackHole = true;
    const { events } = connect();
    clock.run(3_000);
    net.blackHole = false;
    clock.run(100);
    expect(events).toEqual([`3005 writable ${BUFFER_SIZE}`]);
  });

  it("swallows what a client sent that has closed since", () => {
    const { socket, server } = connected();
    net.blackHole = true;
    socket.write(encode("unheard"));
    clock.run(1_000);
    socket.close();
    net.blackHole = false;
    clock.run(1_000);
    expect([server.got, server.closed]).toEqual(["", 0]);
  });
});

describe("VirtualNetwork's flow", () => {
  it("keeps back what a client does not read, and gives it in order later", () => {
    const { peer, events, read, text } = connected({ reads: false });
    net.segment = 1_000;
    const sent = Array.from({ length: 20_000 }, (_, index) => String(index % 10)).join("");
    peer.write(encode(sent));
    clock.run(1_000);
    expect(events.at(-1)).toBe("15 readable 6000");
    while (text().length < sent.length) {
      read();
      peer.write(encode("!")); // comes at the moment of the rest, and after it all the same
      clock.run(5);
    }
    expect(text().replaceAll("!", "")).toBe(sent);
    expect(text().indexOf("!")).toBeGreaterThanOrEqual(sent.length);
  });

  it("keeps the order of what arrives at the very moment at which reading goes on", () => {
    const { peer, read, text } = connected({ reads: false });
    net.segment = BUFFER_SIZE;
    peer.write(new Uint8Array(BUFFER_SIZE));
    peer.write(encode("held "));
    clock.run(10);
    clock.timer.set(read, 5);
    peer.write(encode("next"));
    clock.run(5);
    read();
    expect(text().slice(BUFFER_SIZE)).toBe("held next");
  });
});

describe("VirtualNetwork's names", () => {
  it("are resolved after the latency, addresses to themselves, others not at all", () => {
    const answers: string[] = [];
    const resolver = new net.Resolver({ io: net.Resolver });
    const resolve = (host: string) =>
      resolver.resolve({
        host,
        onResolved: (name, address) => answers.push(`${name} ${address}`),
        onError: (name) => answers.push(`${name} unknown`),
      });
    net.name("broker.local", "10.0.0.1");
    for (const host of ["broker.local", "10.0.0.9", "nowhere.local"]) resolve(host);
    expect(answers).toEqual([]);
    clock.run(5);
    expect(answers).toEqual(["broker.local 10.0.0.1", "10.0.0.9 10.0.0.9", "nowhere.local unknown"]);
    net.name("broker.local", undefined);
    resolve("broker.local");
    clock.run(5);
    expect(answers.at(-1)).toBe("broker.local unknown");
    net.blackHole = true;
    resolve("10.0.0.1");
    clock.run(1_000);
    expect(answers).toHaveLength(4);
  });
});
