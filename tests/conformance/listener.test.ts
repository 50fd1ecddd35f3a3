import { afterEach, describe, expect, it } from "@jest/globals";
import { Listener } from "../../host-sim/io/listener.js";
import { TCP } from "../../host-sim/io/tcp.js";
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

describe("Listener", () => {
  it.each([
    ["an undefined port", { port: undefined }, "Error"],
    ["a negative port", { port: -1 }, "RangeError"],
    ["a port of 17 bits", { port: 65_536 }, "RangeError"],
    ["a Symbol as the port", { port: Symbol("9") }, "TypeError"],
    ["a port as text", { port: "0" }, "nothing"],
  ])("given %s throws what Moddable's does", (_name, options, error) => {
    expect(thrown(() => keep(new Listener(options as never)))).toBe(error);
  });

  it("knows its port at once, a free one where none was asked for", () => {
    const { port = 0 } = keep(new Listener({}));
    expect(port).toBeGreaterThan(1_023);
  });

  it("refuses a port that is taken with Error, and is of no use then", () => {
    const first = keep(new Listener({}));
    expect(thrown(() => keep(new Listener({ port: first.port as number })))).toBe("Error");
  });

  it("has nothing to read before somebody has connected, and then an instance of TCP", async () => {
    const listener = keep(new Listener({}));
    expect(listener.read()).toBeUndefined();
    keep(new TCP({ address: "127.0.0.1", port: listener.port as number }));
    let accepted: TCP | undefined;
    await until(() => {
      accepted ??= listener.read();
      return accepted !== undefined;
    });
    keep(accepted as TCP);
    expect(accepted).toBeInstanceOf(TCP);
    expect([accepted?.format, accepted?.remoteAddress]).toEqual(["buffer", "127.0.0.1"]);
    expect(listener.read()).toBeUndefined();
  });

  it("tells how many wait, with itself as this", async () => {
    let told: [unknown, number] | undefined;
    const listener = keep(
      new Listener({
        onReadable(this: unknown, count: number) {
          told = [this, count];
        },
      }),
    );
    keep(new TCP({ address: "127.0.0.1", port: listener.port as number }));
    await until(() => told !== undefined);
    expect(told?.[0] === listener).toBe(true);
    expect(told?.[1]).toBe(1);
  });
});
