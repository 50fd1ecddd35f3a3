import { afterEach, describe, expect, it } from "@jest/globals";
import { Listener } from "../../host-sim/io/listener.js";
import { TCP, type TCPOptions } from "../../host-sim/io/tcp.js";
import { until } from "../support/peers.js";
import { thrown } from "../support/thrown.js";

const open: { close(): void }[] = [];
const keep = <One extends { close(): void }>(one: One): One => {
  open.push(one);
  return one;
};

afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

/** Two connected instances; `ours` takes the options. */
async function pair(options: TCPOptions = {}) {
  const listener = keep(new Listener({}));
  let isReady = false;
  const ours = keep(
    new TCP({
      address: "127.0.0.1",
      port: listener.port as number,
      ...options,
      onWritable(this: never, count: number) {
        isReady = true;
        options.onWritable?.call(this, count);
      },
    }),
  );
  let accepted: TCP | undefined;
  await until(() => {
    accepted ??= listener.read();
    return accepted !== undefined && isReady;
  });
  return { ours, theirs: keep(new TCP({ from: accepted as TCP })), listener };
}

describe("TCP", () => {
  it.each([
    ["no address", { port: 9 }, "Error"],
    ["a name as the address", { address: "localhost", port: 9 }, "Error"],
    ["no port", { address: "127.0.0.1" }, "Error"],
    ["an undefined port", { address: "127.0.0.1", port: undefined }, "Error"],
    ["a negative port", { address: "127.0.0.1", port: -1 }, "RangeError"],
    ["a port of 17 bits", { address: "127.0.0.1", port: 65_536 }, "RangeError"],
    ["a Symbol as the port", { address: "127.0.0.1", port: Symbol("9") }, "TypeError"],
    ["a port as text", { address: "127.0.0.1", port: "9" }, "nothing"],
    ["a foreign instance to take over", { from: [] }, "SyntaxError"],
  ])("given %s throws what Moddable's does", (_name, options, error) => {
    expect(thrown(() => keep(new TCP(options as never)))).toBe(error);
  });

  it("calls nothing before the constructor has returned", async () => {
    const listener = keep(new Listener({}));
    let isMade = false;
    let wasMade: boolean | undefined;
    keep(
      new TCP({
        address: "127.0.0.1",
        port: listener.port as number,
        onWritable: () => {
          wasMade = isMade;
        },
      }),
    );
    isMade = true;
    await until(() => wasMade !== undefined);
    expect(wasMade).toBe(true);
  });

  it("cannot be written before it is connected, and has nothing to read: Error, undefined", () => {
    const listener = keep(new Listener({}));
    const tcp = keep(new TCP({ address: "127.0.0.1", port: listener.port as number }));
    expect(thrown(() => tcp.write(Uint8Array.of(1)))).toBe("Error");
    expect(tcp.read(new Uint8Array(1))).toBeUndefined();
  });

  it("takes as many bytes as it said, and one more is Error; what is left is returned", async () => {
    let writable = 0;
    const { ours } = await pair({
      onWritable: (count) => {
        writable = count;
      },
    });
    expect(thrown(() => ours.write(new ArrayBuffer(writable + 1)))).toBe("Error");
    expect(ours.write(new ArrayBuffer(10))).toBe(writable - 10);
  });

  it("takes a byte buffer with format buffer: a number, a Symbol or wider elements are TypeError", async () => {
    const { ours } = await pair();
    for (const data of [32, Symbol("1"), new Uint16Array(1), "text", undefined])
      expect(thrown(() => ours.write(data as never))).toBe("TypeError");
    for (const data of [new ArrayBuffer(1), new DataView(new ArrayBuffer(1)), new Int8Array(1)])
      expect(thrown(() => ours.write(data as never))).toBe("nothing");
  });

  it("takes a number with format number, which is cut to a byte: a Symbol is TypeError", async () => {
    const { ours, theirs } = await pair({ format: "number" });
    ours.write(0x141);
    expect(thrown(() => ours.write(Symbol("1") as never))).toBe("TypeError");
    let read: ArrayBuffer | undefined;
    await until(() => {
      read = theirs.read();
      return read !== undefined;
    });
    expect([...new Uint8Array(read as ArrayBuffer)]).toEqual([0x41]);
  });

  it("reads as many bytes as asked for, into a buffer, all, or one: more than there are is Error", async () => {
    let readable = 0;
    const { ours, theirs } = await pair({
      onReadable: (count) => {
        readable = count;
      },
    });
    theirs.write(Uint8Array.from([1, 2, 3, 4, 5, 6]));
    await until(() => readable === 6);
    expect(thrown(() => ours.read(7))).toBe("Error");
    expect(thrown(() => ours.read(0))).toBe("Error");
    expect(thrown(() => ours.read(new Uint8Array(7)))).toBe("Error");
    expect(thrown(() => ours.read(new Uint16Array(1) as never))).toBe("TypeError");
    expect(thrown(() => ours.read(Math.sin as never))).toBe("TypeError");
    expect(thrown(() => ours.read(Symbol("1") as never))).toBe("TypeError");
    expect([...new Uint8Array(ours.read(2) as ArrayBuffer)]).toEqual([1, 2]);
    const into = new Uint8Array(4);
    expect([ours.read(into.subarray(1, 3)), ...into]).toEqual([2, 0, 3, 4, 0]);
    ours.format = "number";
    expect(ours.read()).toBe(5);
    ours.format = "buffer";
    expect([...new Uint8Array(ours.read() as ArrayBuffer)]).toEqual([6]);
    expect(ours.read()).toBeUndefined();
  });

  it("tells the other end's address and port, an IPv4 one as such", async () => {
    const { ours, theirs, listener } = await pair();
    expect([ours.remoteAddress, ours.remotePort]).toEqual(["127.0.0.1", listener.port]);
    expect(theirs.remoteAddress).toBe("127.0.0.1");
  });

  it("tells the end of the connection once, when all that came before is read", async () => {
    const events: string[] = [];
    const { ours, theirs } = await pair({
      onReadable: () => events.push("readable"),
      onError: () => events.push("error"),
    });
    theirs.write(Uint8Array.of(1));
    theirs.close();
    await until(() => events.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(events).toEqual(["readable"]);
    ours.read();
    expect(events).toEqual(["readable"]);
    await until(() => events.length > 1);
    expect(events).toEqual(["readable", "error"]);
  });

  it("can be taken over while it connects: the other is told when it can be written", async () => {
    const listener = keep(new Listener({}));
    let first = 0;
    const onWritable = () => {
      first += 1;
    };
    const from = keep(new TCP({ address: "127.0.0.1", port: listener.port as number, onWritable }));
    let writable = 0;
    const tcp = keep(
      new TCP({
        from,
        onWritable: (count) => {
          writable = count;
        },
      }),
    );
    expect(thrown(() => tcp.write(Uint8Array.of(1)))).toBe("Error");
    expect(thrown(() => from.read())).toBe("SyntaxError");
    expect(thrown(() => keep(new TCP({ from })))).toBe("SyntaxError");
    await until(() => writable > 0);
    expect([first, tcp.write(Uint8Array.of(1))]).toEqual([0, writable - 1]);
  });
});
