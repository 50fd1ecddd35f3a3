import { afterEach, describe, expect, it } from "@jest/globals";
import { UDP, type UDPOptions } from "../../host-sim/io/udp.js";
import { freePort, until } from "../support/peers.js";
import { thrown } from "../support/thrown.js";

const open: UDP[] = [];
const make = (options: UDPOptions): UDP => {
  const udp = new UDP(options);
  open.push(udp);
  return udp;
};

afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

describe("UDP", () => {
  it.each([
    ["a negative port", { port: -1 }, "RangeError"],
    ["a port of 17 bits", { port: 65_536 }, "RangeError"],
    ["a Symbol as the port", { port: Symbol("9") }, "TypeError"],
    ["a time to live of 0", { timeToLive: 0 }, "RangeError"],
    ["a time to live of 256", { timeToLive: 256 }, "RangeError"],
    ["a time to live of 1", { timeToLive: 1 }, "nothing"],
  ])("given %s throws what Moddable's does", (_name, options, error) => {
    expect(thrown(() => make(options as never))).toBe(error);
  });

  it.each([
    ["a name as the address", [new ArrayBuffer(1), "localhost", 9], "RangeError"],
    ["a Symbol as the address", [new ArrayBuffer(1), Symbol("1"), 9], "TypeError"],
    ["a Symbol as the port", [new ArrayBuffer(1), "127.0.0.1", Symbol("1")], "TypeError"],
    ["text as the packet", ["text", "127.0.0.1", 9], "TypeError"],
    ["wider elements as the packet", [new Uint16Array(1), "127.0.0.1", 9], "TypeError"],
  ])("written to with %s throws what Moddable's does", (_name, args, error) => {
    const udp = make({});
    expect(thrown(() => (udp.write as (...args: unknown[]) => void).apply(udp, args))).toBe(error);
  });

  it("sends what was written also when it is closed at once", async () => {
    const port = await freePort();
    const receiver = make({ port });
    const sender = make({});
    sender.write(Uint8Array.of(1, 2, 3).subarray(1), "127.0.0.1", port);
    sender.close();
    let packet: ReturnType<UDP["read"]>;
    await until(() => {
      packet ??= receiver.read();
      return packet !== undefined;
    });
    expect([...new Uint8Array(packet as ArrayBuffer)]).toEqual([2, 3]);
    expect([packet?.address, typeof packet?.port]).toEqual(["127.0.0.1", "number"]);
    expect(receiver.read()).toBeUndefined();
  });

  it("joins no group that is none: RangeError", () => {
    const udp = make({});
    for (const address of ["127.0.0.1", "255.255.255.255", "group"])
      for (const name of ["add", "remove"] as const)
        expect(thrown(() => udp[name](address))).toBe("RangeError");
    udp.close();
    expect(thrown(() => udp.add("224.0.0.251"))).toBe("SyntaxError");
  });
});
