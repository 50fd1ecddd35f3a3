import { beforeEach, describe, expect, it } from "@jest/globals";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { VirtualLine } from "../../host-sim/boards/virtual/serial.js";
import type { SerialPortBase, SerialPortOptions } from "../../host-sim/io/serial-port.js";

let clock: VirtualClock;
let line: VirtualLine;
let events: string[];

beforeEach(() => {
  clock = new VirtualClock();
  line = new VirtualLine(clock);
  events = [];
});

function open(options: object = {}): SerialPortBase {
  const all: SerialPortOptions = {
    baud: 9600,
    onReadable: (count) => events.push(`readable ${count}`),
    onWritable: (count) => events.push(`writable ${count}`),
    onError: (reason) => events.push(`error ${reason?.message}`),
    ...options,
  };
  return new (line.Serial as unknown as new (options: SerialPortOptions) => SerialPortBase)(all);
}

/** A port that is ready, its first event forgotten. */
function ready(options: object = {}): SerialPortBase {
  const port = open(options);
  clock.run(0);
  events = [];
  return port;
}

const bytes = (buffer: ArrayBuffer | undefined) => buffer && [...new Uint8Array(buffer)];

describe("a serial port's options", () => {
  it("need a baud rate, and are checked", () => {
    for (const baud of [undefined, 0, -9600, 20_000_001]) expect(() => open({ baud })).toThrow(RangeError);
    for (const name of ["onReadable", "onWritable", "onError"]) {
      expect(() => open({ [name]: 1 })).toThrow(`${name} is not a function`);
    }
    expect(() => open({ format: "string" })).toThrow(RangeError);
  });

  it("that are refused leave the line free", () => {
    expect(() => open({ format: "string" })).toThrow();
    expect(line.isOpen).toBe(false);
    expect(open().format).toBe("buffer");
  });

  it("keep the target, and callbacks have the instance as this", () => {
    const target = {};
    let self: unknown;
    const port = ready({
      target,
      onReadable: function (this: unknown) {
        self = this;
      },
    });
    line.send("x");
    expect(port.target).toBe(target);
    expect(self === port).toBe(true);
  });
});

describe("a serial port's reading", () => {
  it("gives undefined where nothing has arrived", () => {
    const port = ready();
    expect(port.read()).toBeUndefined();
    expect(port.read(new Uint8Array(3))).toBeUndefined();
  });

  it("tells how much waits in all, and gives it in pieces that need not be those that came", () => {
    const port = ready();
    line.send(Uint8Array.of(1, 2, 3));
    line.send(Uint8Array.of(4, 5, 6, 7));
    expect(events).toEqual(["readable 3", "readable 7"]);
    expect(bytes(port.read(2))).toEqual([1, 2]);
    const into = new Uint8Array(3);
    expect(port.read(into)).toBe(3);
    expect([...into]).toEqual([3, 4, 5]);
    expect(bytes(port.read())).toEqual([6, 7]);
    expect(port.read()).toBeUndefined();
  });

  it("gives what there is to one who asks for more", () => {
    const port = ready();
    line.send(Uint8Array.of(1, 2));
    expect(bytes(port.read(10))).toEqual([1, 2]);
    line.send(Uint8Array.of(3));
    const into = new Uint8Array(4);
    expect(port.read(into)).toBe(1);
    expect([...into]).toEqual([3, 0, 0, 0]);
  });

  it("refuses a count or a buffer that is none, and keeps what has arrived", () => {
    const port = ready();
    line.send("A");
    for (const count of [0, -1, Number.NaN])
      expect(() => port.read(count)).toThrow("byteLength is not positive");
    expect(() => port.read(new Float64Array(2) as never)).toThrow(TypeError);
    expect(bytes(port.read())).toEqual([65]);
  });

  it("gives a byte at a time in format number", () => {
    const port = ready({ format: "number" });
    line.send(Uint8Array.of(0, 255));
    expect([port.read(), port.read(), port.read()]).toEqual([0, 255, undefined]);
    port.format = "buffer";
    expect(port.format).toBe("buffer");
    expect(() => {
      port.format = "string" as never;
    }).toThrow(RangeError);
  });
});

describe("a serial port's writing", () => {
  it("is possible once the port is open, as far as the transmit buffer goes, which empties again", () => {
    const port = open();
    expect(() => port.write(Uint8Array.of(1))).toThrow("output full");
    clock.run(0);
    expect(events).toEqual(["writable 128"]);
    port.write(new Uint8Array(100));
    expect(() => port.write(new Uint8Array(29))).toThrow("output full");
    expect(line.written).toHaveLength(100);
    port.write(new Uint8Array(28));
    clock.run(1);
    expect(events).toEqual(["writable 128", "writable 100", "writable 128"]);
    expect(line.written).toHaveLength(128);
  });

  it("takes byte buffers, or numbers in format number, and nothing else", () => {
    const port = ready();
    port.write(Uint8Array.of(1, 2).buffer);
    port.format = "number";
    port.write(3);
    port.format = "buffer";
    expect(line.written).toEqual([1, 2, 3]);
    expect(() => port.write("text" as never)).toThrow(TypeError);
  });
});

describe("a serial port's end", () => {
  it("by unplugging is reported once, and leaves an instance that throws", () => {
    const port = ready();
    line.send("partial");
    line.unplug();
    line.unplug();
    line.send("into the void");
    clock.run(10);
    expect(events).toEqual(["readable 7", "error the port is gone"]);
    expect(() => port.read()).toThrow(SyntaxError);
    expect(() => port.write(Uint8Array.of(1))).toThrow(SyntaxError);
    expect(line.isOpen).toBe(false);
  });

  it("while nothing is plugged in is reported after the constructor has returned", () => {
    line.unplug();
    open();
    expect(events).toEqual([]);
    clock.run(0);
    expect(events).toEqual(["error the port is gone"]);
  });

  it("is not for ever: plugged in again, a new instance works", () => {
    ready();
    line.unplug();
    line.plug();
    events = [];
    const port = open();
    clock.run(0);
    line.send("21.5\n");
    expect(events).toEqual(["writable 128", "readable 5"]);
    expect(Buffer.from(port.read() as ArrayBuffer).toString()).toBe("21.5\n");
  });

  it("by close is harmless twice, frees the line, and silences every callback", () => {
    const port = ready();
    port.write(Uint8Array.of(1));
    port.close();
    port.close();
    line.send("x");
    line.unplug();
    clock.run(10);
    expect(events).toEqual([]);
    expect(() => port.read()).toThrow(SyntaxError);
  });

  it("of an old instance does not touch the new one that has the line", () => {
    const old = ready();
    old.close();
    ready();
    old.close();
    line.send("x");
    expect(events).toEqual(["readable 1"]);
  });

  it("is needed before another instance can have the line", () => {
    ready();
    expect(() => open()).toThrow("in use");
    line.send("x");
    expect(events).toEqual(["readable 1"]);
  });
});
