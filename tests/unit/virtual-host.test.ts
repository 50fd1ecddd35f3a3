import { beforeEach, describe, expect, it } from "@jest/globals";
import { type TimerDomain, VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import type { HostOptions, VirtualHost } from "../../host-sim/boards/virtual/host.js";
import { type Peer, VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import { VirtualLine } from "../../host-sim/boards/virtual/serial.js";
import type { Way, Weather } from "../../host-sim/boards/virtual/way.js";

const SERVER = { address: "10.0.0.1", port: 1883 };

let clock: VirtualClock;
let net: VirtualNetwork;
let domain: TimerDomain;
let served: { peer: Peer; got: string[]; closed: number }[];

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: ArrayBuffer | Uint8Array) => new TextDecoder().decode(bytes);

beforeEach(() => {
  clock = new VirtualClock();
  net = new VirtualNetwork(clock);
  domain = clock.domain();
  served = [];
  net.listen(SERVER.address, SERVER.port, (peer) => {
    const seen = { peer, got: [] as string[], closed: 0 };
    served.push(seen);
    peer.onData = (bytes) => seen.got.push(decode(bytes));
    peer.onClose = () => {
      seen.closed += 1;
    };
  });
});

/** A client of a host, connected, and what it hears. */
function connected(host: VirtualHost) {
  const heard: string[] = [];
  const socket = new host.TCP({
    ...SERVER,
    onReadable: () => heard.push(decode(socket.read() as ArrayBuffer)),
    onWritable: () => {},
    onError: (reason) => heard.push(`error ${reason?.message}`),
  });
  clock.run(1_000);
  const server = served[served.length - 1];
  const [connection] = host.connections;
  return { socket, heard, server, connection };
}

/** A weather that the test makes. */
function weatherOf(changes: Partial<Weather>): Weather {
  return {
    delay: () => 5,
    isStopped: () => false,
    piece: () => 0,
    merges: false,
    passLater: () => {},
    ...changes,
  };
}

const hostOf = (options: Partial<HostOptions> = {}) => net.host({ domain, ...options });

describe("a host whose power is gone", () => {
  it("hears nothing any more, and its peers are told nothing", () => {
    const host = hostOf();
    const { socket, heard, server } = connected(host);
    socket.write(encode("last words"));
    server.peer.write(encode("unheard"));
    domain.cut();
    host.vanish();
    server.peer.write(encode("unheard"));
    clock.run(60_000);
    expect([heard, server.closed, host.connections]).toEqual([[], 0, []]);
    // What was on the wire is on the wire.
    expect(server.got).toEqual(["last words"]);
  });

  it("can do nothing either: what its code still writes, opens or asks is lost", () => {
    const host = hostOf();
    const { socket, server } = connected(host);
    const answers: string[] = [];
    domain.cut();
    host.vanish();
    socket.write(encode("dead"));
    new host.TCP({ ...SERVER, onReadable: () => {}, onWritable: () => {}, onError: () => {} });
    new host.Resolver({ io: host.Resolver }).resolve({
      host: "10.0.0.9",
      onResolved: () => answers.push("resolved"),
      onError: () => answers.push("error"),
    });
    domain.timer.set(() => answers.push("timer"), 0);
    expect(() => new host.UDP({ onReadable: () => {} })).toThrow("no power");
    clock.run(60_000);
    expect([server.got, server.closed, served.length, answers]).toEqual([[], 0, 1, []]);
    expect(host.connections).toEqual([]);
  });

  it("leaves its serial line free for the next board, and opens it no more", () => {
    const line = new VirtualLine(clock);
    const options = { baud: 9_600, onReadable: () => {}, onError: () => {} };
    const heard: number[] = [];
    const Before = line.on(domain);
    new Before({ ...options, onReadable: (count) => heard.push(count) });
    clock.run(0);
    domain.cut();
    line.vanish();
    line.send("into the void");
    expect(() => new Before(options)).toThrow("no power");
    new (line.on(clock.domain()))({ ...options, onReadable: (count) => heard.push(-count) });
    line.send("next");
    expect(heard).toEqual([-4]);
  });

  it("closes its datagram sockets", () => {
    const host = hostOf();
    const heard: number[] = [];
    new host.UDP({ onReadable: (count) => heard.push(count) });
    net.datagrams.send(encode("one"), SERVER, { address: "10.0.0.200", port: 49_152 });
    clock.run(5);
    host.vanish();
    net.datagrams.send(encode("two"), SERVER, { address: "10.0.0.200", port: 49_152 });
    clock.run(5);
    expect([heard, net.datagrams.open]).toEqual([[1], 0]);
  });
});

describe("a host's connection", () => {
  it("has its own weather: each way's time, pieces and black holes", () => {
    let stopped: Way | undefined;
    const host = hostOf({
      weather: () =>
        weatherOf({
          delay: (up) => (up ? 10 : 30),
          piece: (up) => (up ? 2 : 3),
          isStopped: (up) => !up && stopped === undefined && served[0]?.got.length === 3,
          passLater: (way) => {
            stopped = way;
          },
        }),
    });
    const { socket, heard, server } = connected(host);
    socket.write(encode("abcde"));
    clock.run(9);
    expect(server.got).toEqual([]);
    clock.run(1);
    expect(server.got).toEqual(["ab", "cd", "e"]);
    server.peer.write(encode("vwxyz"));
    clock.run(1_000);
    expect(heard).toEqual([]);
    expect(stopped?.isUp).toBe(false);
    stopped?.pass();
    expect(heard).toEqual(["vwx", "yz"]);
  });

  it("merges what arrives at one moment where its weather does, and nothing of two moments", () => {
    let delay = 5;
    const host = hostOf({ weather: () => weatherOf({ merges: true, delay: () => delay }) });
    const { socket, server } = connected(host);
    socket.write(encode("a"));
    socket.write(encode("b"));
    delay = 6;
    socket.write(encode("c"));
    socket.close();
    clock.run(10);
    expect([server.got, server.closed]).toEqual([["ab", "c"], 1]);
  });

  it("keeps its order however the delays are", () => {
    const delays = [300, 0, 20, 200, 1];
    const host = hostOf({ weather: () => weatherOf({ delay: () => delays.shift() ?? 0 }) });
    const { socket, server } = connected(host);
    for (const text of ["a", "b", "c", "d", "e"]) {
      socket.write(encode(text));
      clock.run(1);
    }
    clock.run(1_000);
    expect(server.got.join("")).toBe("abcde");
  });

  it.each([
    [true, "up"],
    [false, "down"],
  ])("is reset in the middle of a piece when it is told to be (up: %s)", (up) => {
    const { socket, heard, server, connection } = connected(hostOf());
    connection.resetAfter(up, 5);
    (up ? socket.write(encode("abc")) : server.peer.write(encode("abc"))) as unknown;
    clock.run(10);
    (up ? socket.write(encode("defg")) : server.peer.write(encode("defg"))) as unknown;
    clock.run(10);
    const arrived = up ? server.got : heard.slice(0, 2);
    expect([arrived.join(""), heard[heard.length - 1], server.closed]).toEqual(["abcde", "error reset", 1]);
  });

  it("that is cut off is dead, and neither end is told, whoever closes it", () => {
    const { socket, heard, server, connection } = connected(hostOf());
    socket.write(encode("before"));
    connection.cutOff();
    socket.write(encode("after"));
    server.peer.write(encode("after"));
    clock.run(60_000);
    expect([server.got, heard, connection.isOpen]).toEqual([[], [], true]);
    socket.close();
    server.peer.close();
    clock.run(60_000);
    expect([server.closed, heard, connection.isOpen, net.connections]).toEqual([0, [], false, 0]);
  });

  it("tells where it goes", () => {
    const { connection } = connected(hostOf());
    expect([connection.remoteAddress, connection.remotePort]).toEqual([SERVER.address, SERVER.port]);
  });
});

describe("a host's questions and datagrams", () => {
  it("take as long as they are told to, or get no answer", () => {
    let delay: number | undefined = 40;
    const host = hostOf({ question: () => delay });
    const answers: string[] = [];
    const ask = () =>
      new host.Resolver({ io: host.Resolver }).resolve({
        host: "10.0.0.9",
        onResolved: (_host, address) => answers.push(`${clock.elapsed} ${address}`),
        onError: () => answers.push("error"),
      });
    ask();
    delay = undefined;
    ask();
    clock.run(60_000);
    expect(answers).toEqual(["40 10.0.0.9"]);
  });

  it("get lost on the way that they are told to", () => {
    let lost: boolean | undefined;
    const host = hostOf({ loses: (up) => up === lost });
    let heard = 0;
    const socket = new host.UDP({
      onReadable: () => {
        heard += 1;
        socket.read();
      },
    });
    let asked = 0;
    net.datagrams.listen("10.9.9.9", 123, (data, from) => {
      asked += 1;
      net.datagrams.send(data, { address: "10.9.9.9", port: 123 }, from);
    });
    for (lost of [undefined, true, false]) {
      socket.write(encode("?"), "10.9.9.9", 123);
      clock.run(100);
    }
    expect([asked, heard]).toEqual([2, 1]);
  });
});
