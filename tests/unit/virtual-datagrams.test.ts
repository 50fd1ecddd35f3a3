import { describe, expect, it } from "@jest/globals";
import type { Datagram, IO, UDP, UDPClass } from "../../firmware/ports.js";
import { VirtualBoard } from "../../host-sim/boards/virtual/board.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import type { Address } from "../../host-sim/boards/virtual/datagrams.js";
import { VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import { ownClock } from "../../host-sim/boards/virtual/own-clock.js";

const SERVER = { address: "10.0.1.1", port: 123 };

/** A socket on a virtual network and a server that notes what comes, and answers with the same, upside down. */
function bench() {
  const clock = new VirtualClock();
  const net = new VirtualNetwork(clock);
  const { datagrams } = net;
  const atServer: { at: number; text: string; port: number }[] = [];
  datagrams.listen(SERVER.address, SERVER.port, (data, from) => {
    atServer.push({ at: clock.elapsed, text: Buffer.from(data).toString(), port: from.port });
    datagrams.send(data.reverse(), SERVER, from);
  });
  const counts: number[] = [];
  const socket: UDP = new datagrams.UDP({ onReadable: (count) => counts.push(count) });
  const send = (text: string, port = SERVER.port) => socket.write(Buffer.from(text), SERVER.address, port);
  const take = () => {
    const all: string[] = [];
    for (let packet = socket.read(); packet; packet = socket.read()) all.push(text(packet));
    return all;
  };
  return { clock, net, datagrams, atServer, counts, socket, send, take };
}

const text = (packet: Datagram | undefined) => Buffer.from(packet as ArrayBuffer).toString();

describe("a datagram", () => {
  it("arrives whole after the latency, with its sender, and the answer takes as long", () => {
    const { clock, atServer, send, socket, counts } = bench();
    send("abc");
    clock.run(5);
    expect(atServer).toEqual([{ at: 5, text: "abc", port: 49_152 }]);
    expect(counts).toEqual([]);
    clock.run(5);
    expect(counts).toEqual([1]);
    const packet = socket.read();
    expect(packet).toBeInstanceOf(ArrayBuffer);
    expect([text(packet), packet?.address, packet?.port]).toEqual(["cba", SERVER.address, SERVER.port]);
    expect(socket.read()).toBeUndefined();
  });

  it("is what it was when it was sent", () => {
    const { clock, atServer, socket } = bench();
    const data = Buffer.from("abc");
    socket.write(data, SERVER.address, SERVER.port);
    data.fill(0);
    clock.run(5);
    expect(atServer[0].text).toBe("abc");
  });

  it("to a port at which nobody listens is lost without a word", () => {
    const { clock, atServer, send, counts } = bench();
    send("abc", 124);
    clock.run(1_000);
    expect([atServer, counts]).toEqual([[], []]);
  });

  it("is lost, repeated or kept back as the test says, each for itself", () => {
    const { clock, datagrams, atServer, send } = bench();
    datagrams.fate = ({ data }) =>
      ({ lost: [], twice: [0, 30], late: [100] })[Buffer.from(data).toString()] ?? [0];
    for (const word of ["lost", "twice", "late", "plain"]) send(word);
    clock.run(1_000);
    expect(atServer.map(({ at, text: word }) => [at, word])).toEqual([
      [5, "twice"],
      [5, "plain"],
      [35, "twice"],
      [105, "late"],
    ]);
  });

  it("is lost in a black hole, for good, also when that begins behind it", () => {
    const { clock, net, atServer, send } = bench();
    send("on its way");
    net.blackHole = true;
    send("into it");
    clock.run(1_000);
    net.blackHole = false;
    clock.run(1_000);
    expect(atServer).toEqual([]);
    send("after");
    clock.run(5);
    expect(atServer.map(({ text: word }) => word)).toEqual(["after"]);
  });

  it("that nobody takes makes room for the sixteenth after it, as on the device", () => {
    const { clock, send, counts, take } = bench();
    for (let i = 0; i < 20; i++) send(String.fromCharCode(97 + i));
    clock.run(10);
    expect(counts.at(-1)).toBe(16);
    expect(take().join("")).toBe("efghijklmnopqrst");
  });
});

describe("a socket for datagrams", () => {
  it("that is closed gets nothing more, and its port is free", () => {
    const { clock, datagrams, send, socket, counts } = bench();
    expect(datagrams.open).toBe(1);
    send("abc");
    socket.close();
    socket.close();
    clock.run(100);
    expect([counts, datagrams.open]).toEqual([[], 0]);
    expect(() => socket.read()).toThrow(SyntaxError);
    expect(() => send("abc")).toThrow(SyntaxError);
  });

  it("has a port of its own, or the one that it asks for, which no second one gets", () => {
    const { clock, datagrams, atServer } = bench();
    const first = new datagrams.UDP({ onReadable: () => {} });
    const wanted = new datagrams.UDP({ onReadable: () => {}, port: 5_000 } as never);
    for (const socket of [first, wanted]) socket.write(new Uint8Array(1), SERVER.address, SERVER.port);
    clock.run(5);
    expect(atServer.map(({ port }) => port)).toEqual([49_153, 5_000]);
    expect(() => new datagrams.UDP({ onReadable: () => {}, port: 5_000 } as never)).toThrow("taken");
  });

  it("is gone with the board's power, and what was on its way with it", () => {
    const board = new VirtualBoard();
    const { datagrams } = board.net;
    let packets = 0;
    const socket = new (board.udp as IO<UDPClass>).io({
      onReadable: () => {
        packets += 1;
      },
    });
    let from: Address | undefined;
    datagrams.listen(SERVER.address, SERVER.port, (_data, sender) => {
      from = sender;
    });
    socket.write(new Uint8Array(1), SERVER.address, SERVER.port);
    board.clock.run(5);
    datagrams.send(new Uint8Array(1), SERVER, from as Address);
    board.clock.run(5);
    expect([packets, datagrams.open]).toEqual([1, 1]);
    datagrams.send(new Uint8Array(1), SERVER, from as Address);
    board.powerOff();
    board.clock.run(5);
    expect([packets, datagrams.open]).toEqual([1, 0]);
  });

  it("refuses a name where an address belongs, and a port that is none", () => {
    const { socket, datagrams } = bench();
    expect(() => socket.write(new Uint8Array(1), "time.lan", 123)).toThrow(RangeError);
    expect(() => new datagrams.UDP({ onReadable: () => {}, port: 65_536 } as never)).toThrow(RangeError);
  });
});

describe("a board's own clock", () => {
  it("has the world's ticks and timers, and a time of day that only the board sets, in whole seconds", () => {
    const world = new VirtualClock({ now: 1_795_175_351_184, ticks: 70 });
    const own = ownClock(world);
    expect("set" in own && !("set" in world)).toBe(true);
    own.run(100);
    expect([own.ticks(), own.elapsed, world.elapsed, own.now()]).toEqual([170, 100, 100, undefined]);
    own.set(1_000_499);
    own.run(1);
    expect(own.now()).toBe(1_000_001);
    expect(world.now()).toBe(1_795_175_351_285);
    let rang = 0;
    own.timer.set(() => {
      rang += 1;
    }, 10);
    world.run(10);
    expect(rang).toBe(1);
  });

  it("differs from that of another board in the same world", () => {
    const world = new VirtualClock({ now: 1_795_175_351_184 });
    const [one, other] = [ownClock(world), ownClock(world)];
    one.setNow(5_000);
    expect([one.now(), other.now()]).toEqual([5_000, undefined]);
    one.setNow(undefined);
    expect(one.now()).toBeUndefined();
  });
});
