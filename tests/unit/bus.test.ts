import { describe, expect, it } from "@jest/globals";
import { Bus, type Chip } from "../../host-sim/chips/bus.js";

/** A part that notes what it is sent and answers 1, 2, 3 ... */
class Recorder implements Chip {
  readonly written: number[][] = [];
  reads = 0;
  answers = true;

  write(data: Uint8Array): boolean {
    this.written.push([...data]);
    return this.answers;
  }

  read(into: Uint8Array): boolean {
    this.reads += 1;
    for (let i = 0; i < into.length; i++) into[i] = i + 1;
    return this.answers;
  }
}

function wired() {
  const bus = new Bus();
  const chip = new Recorder();
  bus.attach(0x40, chip);
  return { bus, chip };
}

describe("I2C", () => {
  it("writes to the part at its address, and to no other", () => {
    const { bus, chip } = wired();
    const other = new Recorder();
    bus.attach(0x41, other);
    new bus.I2C({ address: 0x40 }).write(Uint8Array.of(1, 2, 3));
    expect([chip.written, other.written]).toEqual([[[1, 2, 3]], []]);
  });

  it("fills the caller's buffer, or makes one of the length that is asked", () => {
    const { bus } = wired();
    const io = new bus.I2C({ address: 0x40 });
    const view = new Uint8Array(3);
    expect(io.read(view)).toBe(3);
    expect([...view]).toEqual([1, 2, 3]);
    const buffer = new ArrayBuffer(2);
    expect(io.read(buffer)).toBe(2);
    expect([...new Uint8Array(buffer)]).toEqual([1, 2]);
    expect([...new Uint8Array(io.read(4))]).toEqual([1, 2, 3, 4]);
  });

  it("takes an ArrayBuffer, and of a view only its own bytes", () => {
    const { bus, chip } = wired();
    const io = new bus.I2C({ address: 0x40 });
    io.write(Uint8Array.of(7, 8).buffer);
    io.write(Uint8Array.of(1, 2, 3, 4).subarray(1, 3));
    expect(chip.written).toEqual([
      [7, 8],
      [2, 3],
    ]);
  });

  it("throws where nothing is soldered on, after it was taken off, and where the part does not acknowledge", () => {
    const { bus, chip } = wired();
    const nobody = new bus.I2C({ address: 0x41 });
    expect(() => nobody.write(Uint8Array.of(1))).toThrow("no answer on I2C address 0x41");
    expect(() => nobody.read(1)).toThrow("no answer on I2C address 0x41");
    const io = new bus.I2C({ address: 0x40 });
    chip.answers = false;
    expect(() => io.write(Uint8Array.of(1))).toThrow("no answer");
    expect(() => io.read(1)).toThrow("no answer");
    chip.answers = true;
    io.read(1);
    bus.detach(0x40);
    expect(() => io.read(1)).toThrow("no answer");
  });

  it.each([
    [{}, RangeError],
    [{ address: -1 }, RangeError],
    [{ address: 0x80 }, RangeError],
    [{ address: 0x40, hz: 0 }, RangeError],
    [{ address: 0x40, hz: -1 }, RangeError],
  ])("refuses the options %j", (options, error) => {
    const { bus } = wired();
    expect(() => new bus.I2C(options as { address: number })).toThrow(error);
  });

  it("takes nothing once it is closed, and can be closed twice", () => {
    const { bus } = wired();
    const io = new bus.I2C({ address: 0x40 });
    io.close();
    io.close();
    expect(() => io.write(Uint8Array.of(1))).toThrow(SyntaxError);
    expect(() => io.read(1)).toThrow(SyntaxError);
  });

  it("has the format buffer and no other", () => {
    const { bus } = wired();
    const io = new bus.I2C({ address: 0x40 });
    expect(io.format).toBe("buffer");
    expect(() => {
      (io as { format: string }).format = "number";
    }).toThrow(RangeError);
  });

  it("can be disturbed in both directions, without a change to the caller's bytes", () => {
    const { bus, chip } = wired();
    const seen: [number, boolean][] = [];
    bus.disturbance = (address, bytes, isRead) => {
      seen.push([address, isRead]);
      bytes[0] ^= 0x80;
    };
    const io = new bus.I2C({ address: 0x40 });
    const sent = Uint8Array.of(1, 2);
    io.write(sent);
    expect([chip.written, [...sent]]).toEqual([[[0x81, 2]], [1, 2]]);
    expect([...new Uint8Array(io.read(2))]).toEqual([0x81, 2]);
    expect(seen).toEqual([
      [0x40, false],
      [0x40, true],
    ]);
  });
});

describe("SMBus", () => {
  it.each<[string, (io: InstanceType<Bus["SMBus"]>) => unknown, number[], unknown]>([
    ["readUint8", (io) => io.readUint8(5), [5], 1],
    ["readUint16, little-endian", (io) => io.readUint16(5), [5], 0x0201],
    ["readUint16, big-endian", (io) => io.readUint16(5, true), [5], 0x0102],
    ["writeUint8", (io) => io.writeUint8(5, 0xab), [5, 0xab], undefined],
    ["writeUint16, little-endian", (io) => io.writeUint16(5, 0xabcd), [5, 0xcd, 0xab], undefined],
    ["writeUint16, big-endian", (io) => io.writeUint16(5, 0xabcd, true), [5, 0xab, 0xcd], undefined],
    ["writeBuffer", (io) => io.writeBuffer(5, Uint8Array.of(1, 2)), [5, 1, 2], undefined],
    ["sendByte", (io) => io.sendByte(9), [9], undefined],
  ])("%s", (_name, act, written, result) => {
    const { bus, chip } = wired();
    expect(act(new bus.SMBus({ address: 0x40 }))).toBe(result);
    expect(chip.written).toEqual([written]);
  });

  it("readBuffer names the register and fills the buffer", () => {
    const { bus, chip } = wired();
    const into = new Uint8Array(3);
    expect(new bus.SMBus({ address: 0x40 }).readBuffer(5, into)).toBe(3);
    expect([chip.written, [...into]]).toEqual([[[5]], [1, 2, 3]]);
  });

  it("receiveByte reads without naming a register", () => {
    const { bus, chip } = wired();
    expect(new bus.SMBus({ address: 0x40 }).receiveByte()).toBe(1);
    expect(chip.written).toEqual([]);
  });
});
