import { describe, expect, it } from "@jest/globals";
import { Bus } from "../../host-sim/chips/bus.js";
import { thrown } from "../support/thrown.js";

function bench(...answer: number[]) {
  const bus = new Bus();
  const written: number[][] = [];
  bus.attach(0x40, {
    write: (bytes) => written.push([...bytes]) > 0,
    read: (into) => {
      into.set(answer.slice(0, into.length));
      return true;
    },
  });
  return { io: new bus.SMBus({ address: 0x40 }), bus, written };
}

describe("SMBus", () => {
  it("is an I2C device, too", () => {
    const { io, bus } = bench(9);
    expect(new Uint8Array(io.read(1))[0]).toBe(9);
    const { I2C } = bus;
    expect(Object.getPrototypeOf(Object.getPrototypeOf(bus.SMBus))).toBe(Object.getPrototypeOf(I2C));
  });

  it("reads a register of 8 and of 16 bits, which are unsigned", () => {
    expect(bench(0xff).io.readUint8(1)).toBe(255);
    expect(bench(0x01, 0xff).io.readUint16(1)).toBe(0xff01);
    expect(bench(0xff, 0x01).io.readUint16(1, true)).toBe(0xff01);
  });

  it("reads a register's bytes into a buffer, or a new one", () => {
    const { io, written } = bench(1, 2, 3);
    const into = new Uint8Array(2);
    expect([io.readBuffer(5, into), [...into]]).toEqual([2, [1, 2]]);
    expect([...new Uint8Array(io.readBuffer(6, 3))]).toEqual([1, 2, 3]);
    expect(written).toEqual([[5], [6]]);
  });

  it("cuts what is written to the register's width", () => {
    const { io, written } = bench();
    io.writeUint8(1, 0x1ff);
    io.writeUint16(2, 0x1_2345);
    io.writeUint16(3, -2, true);
    expect(written).toEqual([
      [1, 0xff],
      [2, 0x45, 0x23],
      [3, 0xff, 0xfe],
    ]);
  });

  it("takes any byte buffer for writeBuffer; what has wider elements is TypeError", () => {
    const { io, written } = bench();
    io.writeBuffer(7, Uint8Array.of(1, 2).buffer);
    io.writeBuffer(7, new DataView(Uint8Array.of(1, 2, 3).buffer, 1));
    expect(written).toEqual([
      [7, 1, 2],
      [7, 2, 3],
    ]);
    expect(thrown(() => io.writeBuffer(7, new Uint32Array(1)))).toBe("TypeError");
  });

  it("sends and receives a byte without a register, and asks quickly", () => {
    const { io, written } = bench(0xab);
    io.sendByte(9);
    expect(io.receiveByte()).toBe(0xab);
    io.readQuick();
    expect([io.writeQuick(), written]).toEqual([undefined, [[9], []]]);
  });

  it.each([
    "readUint8",
    "readUint16",
    "readBuffer",
    "writeUint8",
    "writeUint16",
    "writeBuffer",
    "sendByte",
    "receiveByte",
    "readQuick",
    "writeQuick",
  ] as const)("refuses %s with SyntaxError once it is closed", (name) => {
    const { io } = bench();
    io.close();
    const method = io[name] as (...args: unknown[]) => unknown;
    expect(thrown(() => method.call(io, 1, new Uint8Array(1)))).toBe("SyntaxError");
  });
});
