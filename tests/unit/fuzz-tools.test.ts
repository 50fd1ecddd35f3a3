import { describe, expect, it } from "@jest/globals";
import { Dice } from "../../bench/decoder/dice.js";
import { Meter } from "../../bench/decoder/meter.js";
import { parseFuzzArguments } from "../../bench/decoder/options.js";
import { Progress } from "../../bench/decoder/progress.js";
import { StrictSocket, type Watcher } from "../../bench/decoder/socket.js";
import type { TCPOptions } from "../../firmware/ports.js";

describe("the options of npm run fuzz", () => {
  it("have defaults, and are read", () => {
    expect(parseFuzzArguments([])).toMatchObject({
      seed: 1,
      seeds: 2_000,
      exhaustive: false,
      stream: undefined,
    });
    expect(parseFuzzArguments([])?.threads).toBeGreaterThanOrEqual(1);
    expect(parseFuzzArguments(["--seed", "7", "--seeds", "9", "--threads", "3"])).toMatchObject({
      seed: 7,
      seeds: 9,
      threads: 3,
    });
    expect(parseFuzzArguments(["--exhaustive"])).toMatchObject({ exhaustive: true });
    expect(parseFuzzArguments(["--stream", "30fF"])).toMatchObject({ stream: "30fF" });
  });

  it.each([
    [["--seeds", "0"], 'option --seeds is "0": allowed is a whole number from 1 to 4294967295'],
    [["--seed", "1.5"], 'option --seed is "1.5": allowed is a whole number from 0'],
    [["--threads", "many"], 'option --threads is "many": allowed is a whole number from 1 to 256'],
    [["--stream", "3g"], 'option --stream is "3g": allowed is an even number of hexadecimal digits'],
    [["--stream", "300"], "even number"],
    [["--exhaustive", "--seeds", "5"], "exclude each other"],
    [["--quick"], "unknown option '--quick'"],
    [["more"], "too many arguments"],
  ])("%j are refused in one line", (argv, message) => {
    expect(() => parseFuzzArguments(argv)).toThrow(message);
    try {
      parseFuzzArguments(argv);
    } catch (error) {
      expect((error as Error).message).not.toContain("\n");
    }
  });
});

describe("the strict socket", () => {
  function strict() {
    const told: [string, number][] = [];
    const watcher: Watcher = {
      socket: undefined,
      problem: (text) => {
        throw new Error(text);
      },
      onRead: () => {},
      onWrite: (bytes) => told.push(["write", bytes.length]),
    };
    const socket = new StrictSocket({
      onReadable: (count: number) => told.push(["readable", count]),
      onWritable: (count: number) => told.push(["writable", count]),
      watcher,
    } as unknown as TCPOptions & { watcher: Watcher });
    socket.stream = Uint8Array.of(1, 2, 3);
    return { socket, told, watcher };
  }

  it("offers what has arrived, and not a byte more", () => {
    const { socket, told, watcher } = strict();
    expect(watcher.socket).toBe(socket);
    socket.arrive(2);
    const into = new Uint8Array(1);
    expect(socket.read(into)).toBe(1);
    expect(into[0]).toBe(1);
    expect(() => socket.read(new Uint8Array(2))).toThrow("read 2 bytes where 1 have arrived");
    expect(() => socket.read(new Uint8Array(0))).toThrow("read 0 bytes");
    socket.arrive(3);
    expect(told).toEqual([
      ["readable", 2],
      ["readable", 2],
    ]);
  });

  it("takes what there is room for, and nothing when it is closed", () => {
    const { socket, told } = strict();
    socket.grant(4);
    expect(() => socket.write(new Uint8Array(5))).toThrow("wrote 5 bytes where there is room for 4");
    expect(socket.write(new Uint8Array(3))).toBe(1);
    socket.arrive(1);
    socket.close();
    expect(() => socket.write(new Uint8Array(1))).toThrow("closed");
    expect(() => socket.read(new Uint8Array(1))).toThrow("closed");
    expect(told).toEqual([
      ["writable", 4],
      ["write", 3],
      ["readable", 1],
    ]);
  });
});

describe("the meter", () => {
  it("counts arrays and buffers that are made, copied and cut out, and no views", () => {
    const meter = new Meter();
    meter.during(() => {
      const array = new Uint8Array(100);
      expect(meter.bytes).toBe(100);
      array.slice(10, 20);
      expect(meter.bytes).toBe(110);
      array.subarray(10, 20);
      new Uint8Array(array.buffer);
      expect(meter.bytes).toBe(110);
      Uint8Array.of(1, 2, 3);
      expect(meter.bytes).toBeGreaterThanOrEqual(113);
      meter.reset();
      new ArrayBuffer(1_000);
      expect(meter.bytes).toBe(1_000);
    });
    new Uint8Array(100);
    expect(meter.bytes).toBe(1_000);
  });

  it("goes away when what it watches throws", () => {
    const original = Uint8Array;
    expect(() =>
      new Meter().during(() => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(Uint8Array).toBe(original);
  });
});

describe("dice", () => {
  it("fall the same for the same seed, and another way for another", () => {
    const draw = (seed: number) => new Dice(seed).bytes(20);
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
    const dice = new Dice(1);
    const values = Array.from({ length: 1_000 }, () => dice.between(3, 5));
    expect([...new Set(values)].sort()).toEqual([3, 4, 5]);
  });
});

describe("progress", () => {
  it("is one line that is written over on a terminal, and takes itself away", () => {
    const written: string[] = [];
    const progress = new Progress(4, (text) => written.push(text), true);
    progress.advance(1, "a");
    progress.advance(1, "b");
    progress.end();
    expect(written).toEqual(["\r\x1b[K 25 %  a", "\r\x1b[K 50 %  b", "\r\x1b[K"]);
  });

  it("is silent elsewhere for less than ten seconds", () => {
    const written: string[] = [];
    const progress = new Progress(4, (text) => written.push(text), false);
    progress.advance(1, "a");
    progress.end();
    expect(written).toEqual([]);
  });
});
