import { afterEach, describe, expect, it } from "@jest/globals";
import { XSProcess, xsProgram } from "../../host-sim/xs/process.js";
import { itOnXS } from "../support/xs.js";

let engine: XSProcess | undefined;

afterEach(() => engine?.close());

function start(onRequest: (request: Uint8Array) => Uint8Array = (request) => request): XSProcess {
  engine = new XSProcess(onRequest);
  return engine;
}

/** Makes `f`, of text to text, what the engine calls with each message. */
const handle = (f: string) =>
  `const decoder = new TextDecoder(), encoder = new TextEncoder();
   globalThis.handleCommand = (message) => encoder.encode((${f})(decoder.decode(new Uint8Array(message)))).buffer;
   undefined;`;

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe("the XS engine as a process", () => {
  itOnXS("runs a script and answers messages, at once (needs the XS engine)", () => {
    const xs = start();
    xs.evaluate(handle("(text) => text.toUpperCase()"));
    expect(text(xs.call(Buffer.from("grüezi")))).toBe("GRÜEZI");
    expect(text(xs.call(Buffer.from("")))).toBe("");
  });

  itOnXS("carries messages of any bytes and many lengths both ways (needs the XS engine)", () => {
    const requests: number[] = [];
    const xs = start((request) => {
      requests.push(request.length);
      return request;
    });
    xs.evaluate("globalThis.handleCommand = (message) => issueCommand(message); undefined;");
    for (const length of [0, 1, 9, 10, 4_095, 65_536, 300_000]) {
      const message = Uint8Array.from({ length }, (_, i) => i * 7);
      expect(Buffer.from(xs.call(message)).equals(message)).toBe(true);
    }
    expect(requests).toEqual([0, 1, 9, 10, 4_095, 65_536, 300_000]);
  });

  itOnXS("throws what a script throws, and goes on (needs the XS engine)", () => {
    const xs = start();
    expect(() => xs.evaluate('throw new RangeError("too far")')).toThrow("RangeError: too far");
    expect(() => xs.evaluate("for (;;")).toThrow(/SyntaxError/);
    xs.evaluate(handle("() => 'still here'"));
    expect(text(xs.call(Buffer.from("?")))).toBe("still here");
  });

  itOnXS("counts the same steps for the same work, and more for more (needs the XS engine)", () => {
    const xs = start();
    xs.evaluate(
      handle(
        "(text) => { let sum = 0; for (let i = 0; i < Number(text); i++) sum += i; return String(sum); }",
      ),
    );
    const steps = (count: number) => {
      xs.call(Buffer.from(String(count)));
      return xs.meter.steps;
    };
    const once = steps(1_000);
    expect(steps(1_000)).toBe(once);
    expect(steps(2_000)).toBeGreaterThan(once * 1.9);
  });

  itOnXS("counts what is kept, and not what is garbage (needs the XS engine)", () => {
    const xs = start();
    xs.evaluate("globalThis.kept = []; undefined;");
    const before = xs.heap();
    xs.evaluate("for (let i = 0; i < 1000; i++) ({ x: i, y: i, z: i }); undefined;");
    const after = xs.heap();
    expect(after.slots - before.slots).toBeLessThan(50);
    xs.evaluate("for (let i = 0; i < 1000; i++) kept.push({ x: i, y: i, z: i }); undefined;");
    const full = xs.heap();
    // An object of three properties is four slots; the array holds them in a chunk.
    expect(full.slots - after.slots).toBeGreaterThanOrEqual(4_000);
    expect(full.slots - after.slots).toBeLessThan(4_100);
    xs.evaluate("globalThis.bytes = new Uint8Array(10000); undefined;");
    const { chunks } = xs.heap();
    expect(chunks - full.chunks).toBeGreaterThanOrEqual(10_000);
    expect(chunks - full.chunks).toBeLessThan(10_100);
  });

  // What Moddable's linker was seen to leave of these on a 32-bit device.
  itOnXS.each([
    ["an object of three properties", "({ x: i, y: i, z: i })", 4, 0],
    ["three private fields", "new (globalThis.fields ??= class { #x = 1; #y = 2; #z = 3 })()", 5, 0],
    [
      "three private fields and four private methods",
      "new (globalThis.methods ??= class { #x = 1; #y = 2; #z = 3; #a() {} #b() {} #c() {} #d() {} })()",
      9,
      0,
    ],
    ["a typed array of eight bytes", "new Uint8Array(8)", 7, 16],
    ["a text of sixteen bytes", "'0123456789' + String(i).padStart(5, '0')", 0, 24],
  ])("counts %s as a device does (needs the XS engine)", (_what, expression, slots, bytes) => {
    const xs = start();
    xs.evaluate("globalThis.kept = []; undefined;");
    const keep = `for (let i = 0; i < 500; i++) kept.push(${expression}); undefined;`;
    xs.evaluate(keep);
    const before = xs.heap();
    xs.evaluate(keep);
    const after = xs.heap();
    expect(Math.round((after.slots - before.slots) / 500)).toBe(slots);
    // And its place in the array.
    expect(Math.round((after.chunks - before.chunks) / 500)).toBe(bytes + 16);
  });

  itOnXS("ends a script that never does, with a line that says so (needs the XS engine)", () => {
    const xs = start();
    expect(() => xs.evaluate("for (;;);")).toThrow(/^the XS engine has ended: .*endless loop$/);
    expect(() => xs.evaluate("1")).toThrow("the XS engine has ended");
  });

  itOnXS("can be closed twice, and takes nothing then (needs the XS engine)", () => {
    const xs = start();
    xs.close();
    xs.close();
    expect(() => xs.evaluate("1")).toThrow("the XS engine has ended");
  });

  it("says what is missing where there is no engine", () => {
    const platform = Object.getOwnPropertyDescriptor(process, "platform") as PropertyDescriptor;
    try {
      Object.defineProperty(process, "platform", { ...platform, value: "win32" });
      expect(xsProgram).toThrow("the XS engine does not run on win32: it has builds for Linux and macOS");
    } finally {
      Object.defineProperty(process, "platform", platform);
    }
  });
});
