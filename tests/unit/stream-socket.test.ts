import { beforeEach, describe, expect, it } from "@jest/globals";
import type { StreamOptions } from "../../host-sim/io/stream.js";
import { BUFFER_SIZE, StreamSocket } from "../../host-sim/io/stream-socket.js";

/** A socket on nothing: the test is the network. */
class Socket extends StreamSocket {
  readonly sent: number[] = [];
  readonly flows: boolean[] = [];
  transportCloses = 0;
  deferred: (() => void)[] = [];

  constructor(options: StreamOptions = {}) {
    super(options);
    this.attach({
      write: (bytes) => this.sent.push(...bytes),
      flow: (resume) => this.flows.push(resume),
      close: () => {
        this.transportCloses += 1;
      },
      remoteAddress: "10.0.0.1",
      remotePort: 1883,
    });
  }

  connected = () => this.onTransportConnected();
  arrive = (...bytes: number[]) => this.onTransportData(Uint8Array.from(bytes));
  arriveMany = (count: number) => this.onTransportData(new Uint8Array(count));
  wasSent = (count: number) => this.onTransportSent(count);
  fail = (reason: string) => this.onTransportFailed(new Error(reason));

  protected override defer(task: () => void): void {
    this.deferred.push(task);
  }

  runDeferred(): void {
    for (const task of this.deferred.splice(0)) task();
  }
}

let events: string[];
const reporting: StreamOptions = {
  onReadable: (count) => events.push(`readable ${count}`),
  onWritable: (count) => events.push(`writable ${count}`),
  onError: (reason) => events.push(`error ${reason?.message}`),
};
const bytes = (buffer: ArrayBuffer | undefined) => buffer && [...new Uint8Array(buffer)];
/** What the public types do not allow and a program may do all the same. */
const untyped = (options: object) => options as StreamOptions;

beforeEach(() => {
  events = [];
});

describe("a stream socket's construction", () => {
  it("refuses a format that it does not have with RangeError", () => {
    expect(() => new Socket(untyped({ format: "string;ascii" }))).toThrow(RangeError);
    expect(() => {
      new Socket().format = "socket/tcp" as never;
    }).toThrow(RangeError);
  });

  it("refuses a callback that is no function", () => {
    for (const name of ["onReadable", "onWritable", "onError"]) {
      expect(() => new Socket(untyped({ [name]: "later" }))).toThrow(`${name} is not a function`);
    }
  });

  it("keeps the application's target", () => {
    const target = { name: "mine" };
    expect(new Socket({ target }).target).toBe(target);
    expect(new Socket().target).toBeUndefined();
  });

  it("calls back with the instance as this", () => {
    const seen: unknown[] = [];
    const note = function (this: unknown) {
      seen.push(this);
    };
    const socket = new Socket({ onReadable: note, onWritable: note, onError: note });
    socket.connected();
    socket.arrive(1);
    socket.read();
    socket.fail("gone");
    expect(seen).toHaveLength(3);
    expect(seen.every((one) => one === socket)).toBe(true);
  });
});

describe("a stream socket's reading", () => {
  it("gives undefined where nothing has arrived", () => {
    const socket = new Socket();
    expect(socket.read()).toBeUndefined();
    expect(socket.read(4)).toBeUndefined();
    expect(socket.read(new Uint8Array(4))).toBeUndefined();
  });

  it("gives everything, a count of bytes, or fills the caller's buffer, across pieces that arrived apart", () => {
    const socket = new Socket();
    socket.arrive(1, 2, 3);
    socket.arrive(4, 5);
    socket.arrive(6, 7, 8, 9);
    expect(bytes(socket.read(4))).toEqual([1, 2, 3, 4]);
    const into = new Uint8Array(5);
    expect(socket.read(into.subarray(1, 4))).toBe(3);
    expect([...into]).toEqual([0, 5, 6, 7, 0]);
    const whole = new ArrayBuffer(1);
    expect(socket.read(whole)).toBe(1);
    expect(bytes(whole)).toEqual([8]);
    expect(bytes(socket.read())).toEqual([9]);
    expect(socket.read()).toBeUndefined();
  });

  it("gives a byte at a time in format number, and the format can change in between", () => {
    const socket = new Socket({ format: "number" });
    expect(socket.format).toBe("number");
    socket.arrive(200, 2, 3, 4);
    expect(socket.read()).toBe(200);
    expect(socket.read()).toBe(2);
    socket.format = "buffer";
    expect(bytes(socket.read())).toEqual([3, 4]);
  });

  it("throws when asked for more than has arrived, or for nothing, and loses no byte by it", () => {
    const socket = new Socket();
    socket.arrive(1, 2, 3);
    for (const count of [4, 0, 0.5, -1, Number.NaN])
      expect(() => socket.read(count)).toThrow("bytes asked for");
    expect(() => socket.read(new Uint8Array(4))).toThrow("4 bytes asked for, 3 have arrived");
    expect(() => socket.read(new Uint8Array(0))).toThrow("0 bytes asked for");
    expect(() => socket.read(new Uint16Array(1) as never)).toThrow(TypeError);
    expect(bytes(socket.read())).toEqual([1, 2, 3]);
  });

  it("tells with each arrival how much waits in all", () => {
    const socket = new Socket(reporting);
    socket.arrive(1, 2);
    socket.arrive(3);
    expect(events).toEqual(["readable 2", "readable 3"]);
  });

  it("stops the peer when its buffer is full and lets it go on when there is room again", () => {
    const socket = new Socket();
    socket.arriveMany(BUFFER_SIZE - 1);
    expect(socket.flows).toEqual([]);
    socket.arriveMany(1);
    socket.arriveMany(10);
    expect(socket.flows).toEqual([false]);
    socket.read(10);
    expect(socket.flows).toEqual([false]);
    socket.read(1);
    socket.read();
    expect(socket.flows).toEqual([false, true]);
  });
});

describe("a stream socket's writing", () => {
  it("is not possible before the connection is there", () => {
    expect(() => new Socket().write(Uint8Array.of(1))).toThrow("not ready");
  });

  it("returns the free bytes, which come back as the network takes what was written", () => {
    const socket = new Socket(reporting);
    socket.connected();
    expect(socket.write(new Uint8Array(100))).toBe(BUFFER_SIZE - 100);
    expect(socket.write(new Uint8Array(BUFFER_SIZE - 100))).toBe(0);
    socket.wasSent(100);
    expect(events).toEqual([`writable ${BUFFER_SIZE}`, "writable 100"]);
  });

  it("throws and writes nothing of what is more than the free bytes", () => {
    const socket = new Socket();
    socket.connected();
    expect(() => socket.write(new Uint8Array(BUFFER_SIZE + 1))).toThrow("would block");
    expect(socket.sent).toEqual([]);
    expect(socket.write(new Uint8Array(BUFFER_SIZE))).toBe(0);
    expect(() => socket.write(Uint8Array.of(1))).toThrow("would block");
    expect(socket.sent).toHaveLength(BUFFER_SIZE);
  });

  it("takes every kind of byte buffer, a byte in format number, and nothing else", () => {
    const socket = new Socket();
    socket.connected();
    socket.write(Uint8Array.of(1, 2).buffer);
    socket.write(new DataView(Uint8Array.of(9, 3, 9).buffer, 1, 1) as never);
    socket.write(new SharedArrayBuffer(1) as never);
    socket.format = "number";
    expect(socket.write(255)).toBe(BUFFER_SIZE - 5);
    expect(socket.sent).toEqual([1, 2, 3, 0, 255]);
    socket.format = "buffer";
    for (const data of ["text", 5, undefined, new Uint16Array(1), [1]]) {
      expect(() => socket.write(data as never)).toThrow(TypeError);
    }
  });

  it("copies: what the caller does with its buffer afterwards does not matter", () => {
    let written = new Uint8Array();
    const socket = new Socket();
    socket.connected();
    socket["attach"]({
      write: (data) => {
        written = data as Uint8Array<ArrayBuffer>;
      },
      flow: () => {},
      close: () => {},
      remoteAddress: undefined,
      remotePort: undefined,
    });
    const mine = Uint8Array.of(1, 2, 3);
    socket.write(mine);
    mine.fill(0);
    expect([...written]).toEqual([1, 2, 3]);
  });

  it("returns undefined after the connection has failed, and is not told writable any more", () => {
    const socket = new Socket(reporting);
    socket.connected();
    socket.write(Uint8Array.of(1));
    socket.fail("gone");
    socket.wasSent(1);
    expect(socket.write(Uint8Array.of(2))).toBeUndefined();
    expect(socket.sent).toEqual([1]);
    expect(events).toEqual([`writable ${BUFFER_SIZE}`, "error gone"]);
  });
});

describe("a stream socket's end", () => {
  it("is reported once, with its first reason", () => {
    const socket = new Socket(reporting);
    socket.fail("reset");
    socket.fail("closed");
    socket.runDeferred();
    socket.arrive(1);
    socket.read();
    socket.runDeferred();
    expect(events).toEqual(["error reset", "readable 1"]);
  });

  it("is reported only after what had arrived has been read, and not from inside of read", () => {
    const socket = new Socket(reporting);
    socket.arrive(1, 2, 3);
    socket.fail("gone");
    expect(bytes(socket.read(2))).toEqual([1, 2]);
    socket.runDeferred();
    expect(events).toEqual(["readable 3"]);
    expect(bytes(socket.read())).toEqual([3]);
    expect(events).toEqual(["readable 3"]);
    socket.runDeferred();
    expect(events).toEqual(["readable 3", "error gone"]);
  });

  it("by close is harmless twice, closes the network's side once, and silences every callback", () => {
    const socket = new Socket(reporting);
    socket.connected();
    socket.arrive(1);
    socket.fail("gone");
    socket.read();
    events = [];
    socket.close();
    socket.close();
    socket.runDeferred();
    socket.arrive(2);
    socket.wasSent(1);
    socket.connected();
    socket.fail("again");
    expect(socket.transportCloses).toBe(1);
    expect(events).toEqual([]);
  });

  it("by close leaves an instance that throws on read and write", () => {
    const socket = new Socket();
    socket.connected();
    socket.arrive(1);
    socket.close();
    expect(() => socket.read()).toThrow(SyntaxError);
    expect(() => socket.write(Uint8Array.of(1))).toThrow(SyntaxError);
    expect(() => socket.remoteAddress).toThrow(SyntaxError);
  });

  it("throws on a receiver that is no socket", () => {
    const { read, write, close } = StreamSocket.prototype;
    for (const method of [read, write, close] as ((this: unknown) => unknown)[]) {
      expect(() => method.call({})).toThrow(SyntaxError);
    }
  });
});
