import { afterEach, describe, expect } from "@jest/globals";
import { VirtualBoard, type VirtualBoardOptions } from "../../host-sim/boards/virtual/board.js";
import { XSMachine } from "../../host-sim/xs/machine.js";
import { MemoryStorage } from "../support/memory-storage.js";
import { itOnXS, scriptOf } from "../support/xs.js";

const machines: XSMachine[] = [];

afterEach(() => {
  for (const machine of machines.splice(0)) machine.close();
});

/** A program on XS: the body of `start(board, options, tell)`. */
async function machineWith(
  body: string,
  options: VirtualBoardOptions = {},
): Promise<{ machine: XSMachine; board: VirtualBoard; told: string[] }> {
  const script = await scriptOf(
    `import { serve } from "./build/host-sim/xs/worker/serve.js";
     serve(() => ({ parts: {}, program: { start(board, options, tell) { ${body}
       return { stop: (onStopped) => onStopped() }; } } }));`,
  );
  const board = new VirtualBoard({ now: 1_795_175_351_184, ...options });
  const told: string[] = [];
  const machine = new XSMachine({ scripts: [script], board, options: null, tell: (line) => told.push(line) });
  machines.push(machine);
  return { machine, board, told };
}

/** Connects to 10.0.0.1:7 and tells what happens. */
const CONNECT = `
  let written = false;
  const socket = new board.tcp.io({
    ...board.tcp, address: "10.0.0.1", port: 7,
    onWritable: (count) => {
      if (written) return;
      written = true;
      tell("writable " + (count > 0));
      socket.write(Uint8Array.of(1, 2, 3));
    },
    onReadable: (count) => tell("read " + new Uint8Array(socket.read(count)).join()),
    onError: (reason) => tell("error " + (reason instanceof Error)),
  });`;

describe("a program on XS, with its board on Node", () => {
  itOnXS("has timers, in order, that can be cleared (needs the XS engine)", async () => {
    const { board, told } = await machineWith(`
      board.timer.set(() => tell("second " + board.clock.ticks()), 20);
      board.timer.set(() => tell("first " + board.clock.ticks()), 10);
      board.timer.clear(board.timer.set(() => tell("never"), 15));`);
    board.clock.run(100);
    expect(told).toEqual(["first 10", "second 20"]);
    expect(board.clock.pending).toBe(0);
  });

  itOnXS("has sockets whose bytes go both ways (needs the XS engine)", async () => {
    const { board, told } = await machineWith(CONNECT);
    board.net.listen("10.0.0.1", 7, (peer) => {
      peer.onData = (bytes) => peer.write(Uint8Array.from(bytes, (byte) => byte + 100));
    });
    board.clock.run(1_000);
    expect(told).toEqual(["writable true", "read 101,102,103"]);
  });

  itOnXS("gets what its board throws, by class and message (needs the XS engine)", async () => {
    const storage = new MemoryStorage();
    storage.write = () => {
      throw new RangeError("no room for it");
    };
    const { told } = await machineWith(
      `try { board.storage.write("key", "value"); } catch (error) {
         tell([error instanceof RangeError, error.name, error.message].join());
       }
       tell(String(board.storage.read("nothing")));`,
      { storage },
    );
    expect(told).toEqual(["true,RangeError,no room for it", "undefined"]);
  });

  itOnXS(
    "throws out of a callback to whoever lets time pass, by class and message (needs the XS engine)",
    async () => {
      const { board } = await machineWith(`board.timer.set(() => { throw new TypeError("boom"); }, 10);`);
      let thrown: unknown;
      try {
        board.clock.run(100);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(TypeError);
      expect((thrown as Error).message).toContain("boom");
    },
  );

  itOnXS("restarts when it asks to, also where it throws behind that (needs the XS engine)", async () => {
    const resets: number[] = [];
    const { board } = await machineWith(
      `board.timer.set(() => { board.restart(); throw new Error("behind it"); }, 10);
       board.timer.set(() => {}, 60);`,
      { onReset: () => resets.push(board.clock.elapsed) },
    );
    expect(() => board.clock.run(100)).toThrow("behind it");
    expect(resets).toEqual([10]);
  });

  itOnXS("is over when it is closed: what answers later finds nobody (needs the XS engine)", async () => {
    const { machine, board, told } = await machineWith(`
      new board.dns.io(board.dns).resolve({
        host: "10.0.0.1", onResolved: () => tell("resolved"), onError: () => tell("failed"),
      });
      board.timer.set(() => tell("rung"), 10);
      ${CONNECT}`);
    board.net.listen("10.0.0.1", 7, () => {});
    machine.close();
    machine.close();
    expect(() => board.clock.run(10_000)).not.toThrow();
    expect(told).toEqual([]);
    expect(board.clock.pending).toBe(0);
    let stopped = false;
    machine.stop(() => {
      stopped = true;
    });
    expect(stopped).toBe(true);
  });

  itOnXS("takes its sockets along when the engine ends by itself (needs the XS engine)", async () => {
    const { board, machine } = await machineWith(`${CONNECT}
      const deeper = (n) => deeper(n + 1) + deeper(n);
      board.timer.set(() => deeper(0), 1_000);`);
    let closed = 0;
    board.net.listen("10.0.0.1", 7, (peer) => {
      peer.onClose = () => {
        closed += 1;
      };
    });
    board.clock.run(500);
    expect(closed).toBe(0);
    expect(() => board.clock.run(1_000)).toThrow("the XS engine has ended");
    board.clock.run(1_000);
    expect(closed).toBe(1);
    let stopped = false;
    machine.stop(() => {
      stopped = true;
    });
    expect(stopped).toBe(true);
  });
});
