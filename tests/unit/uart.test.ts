import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Quantity } from "../../firmware/codec/reading.js";
import { LINE_LIMIT } from "../../firmware/sensors/uart.js";
import { Bench } from "../support/source.js";

/** A source whose port has been open and silent for a second: the next byte begins a line. */
function listening(options: { ds18b20?: boolean; ticks?: number } = {}) {
  const bench = new Bench(options.ticks === undefined ? {} : { ticks: options.ticks });
  const { line, source } = bench.uart(options);
  source.start();
  bench.clock.run(1_000);
  return { bench, line, source };
}

describe("lines from a serial port", () => {
  it.each([
    ["CR", "\r"],
    ["LF", "\n"],
    ["CR LF", "\r\n"],
    ["LF CR", "\n\r"],
  ])("end in %s", (_name, end) => {
    const { bench, line } = listening();
    line.send(`21.4${end}21.5${end}`);
    expect(bench.temperatures).toEqual([21.4, 21.5]);
    expect(bench.counters.malformed).toBe(0);
  });

  it("are not taken before their end has come", () => {
    const { bench, line } = listening();
    line.send("21.4");
    bench.clock.run(60_000);
    expect(bench.temperatures).toEqual([]);
    line.send("5\n");
    expect(bench.temperatures).toEqual([21.45]);
  });

  it("are the same however their bytes are dealt out", () => {
    const bytes = new TextEncoder().encode('T=21.4\r\nnoise\r\n{"humidity":45}\n-5 °C\r70.5F\n');
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 })), (sizes) => {
        const { bench, line } = listening();
        let at = 0;
        for (const size of [...sizes, bytes.length]) {
          line.send(bytes.slice(at, at + size));
          at += size;
        }
        expect(bench.values.map(([quantity]) => quantity)).toEqual([
          Quantity.TEMPERATURE,
          Quantity.HUMIDITY,
          Quantity.TEMPERATURE,
          Quantity.TEMPERATURE,
        ]);
        expect(bench.counters.malformed).toBe(1);
      }),
    );
  });

  it("with several values give them all", () => {
    const { bench, line } = listening();
    line.send("H=45 T=21.4 P=1013 hPa\n");
    expect(bench.values).toEqual([
      [Quantity.TEMPERATURE, 21.4],
      [Quantity.HUMIDITY, 45],
      [Quantity.PRESSURE, 101_300],
    ]);
  });

  it("that are blank are nothing, not even malformed", () => {
    const { bench, line } = listening();
    line.send("\n\r\n   \n\t\r\n");
    expect([bench.values, bench.counters.malformed]).toEqual([[], 0]);
  });

  it("of the greatest length are read; one byte more is too long, counted once and skipped to its end", () => {
    const { bench, line } = listening();
    line.send(`${"21.4".padEnd(LINE_LIMIT)}\n`);
    expect([bench.temperatures, bench.counters.malformed]).toEqual([[21.4], 0]);
    line.send(`${"21.5".padEnd(LINE_LIMIT + 1)}\n`);
    line.send(`${"x".repeat(10_000)}22.2`);
    line.send("\n21.6\n");
    expect([bench.temperatures, bench.counters.malformed]).toEqual([[21.4, 21.6], 2]);
  });

  it("that are good are read after any noise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        const { bench, line } = listening();
        line.send(noise);
        line.send("\n");
        const before = bench.temperatures.length;
        line.send("T=21.4\n");
        expect(bench.temperatures.slice(before)).toEqual([21.4]);
      }),
      { numRuns: 500 },
    );
  });

  it("that are no reading are counted one by one", () => {
    const { bench, line } = listening();
    line.send("hello\n1.2.3\nT=\n21.4\n");
    expect([bench.temperatures, bench.counters.malformed]).toEqual([[21.4], 3]);
  });
});

describe("the first line after opening", () => {
  it("is skipped when it was already on its way, since half of it could be another value", () => {
    const bench = new Bench();
    const { line, source } = bench.uart();
    source.start();
    bench.clock.run(10);
    line.send("1.4\r\n21.5\r\n");
    expect([bench.temperatures, bench.counters.malformed]).toEqual([[21.5], 0]);
  });

  it("is skipped as a whole, also when its end comes much later", () => {
    const bench = new Bench();
    const { line, source } = bench.uart();
    source.start();
    line.send("1.");
    bench.clock.run(5_000);
    line.send("4\n21.5\n");
    expect(bench.temperatures).toEqual([21.5]);
  });

  it.each([
    ["a second", 1_000],
    ["25 days, where the ticks look negative", 25 * 86_400_000],
  ])("is read when the port was silent before it for %s", (_name, silence) => {
    const bench = new Bench();
    const { line, source } = bench.uart();
    source.start();
    bench.clock.run(silence);
    line.send("21.4\n");
    expect(bench.temperatures).toEqual([21.4]);
  });

  it.each([
    ["2^31", 0x7fff_ffff - 500],
    ["2^32", -500],
  ])("is read when the ticks wrap at %s meanwhile", (_name, ticks) => {
    const { bench, line } = listening({ ticks });
    line.send("21.4\n");
    expect(bench.temperatures).toEqual([21.4]);
  });

  it("is not joined to what came before the port was lost", () => {
    const { bench, line } = listening();
    line.send("2");
    line.unplug();
    line.plug();
    bench.clock.run(2_000);
    line.send("1.4\n");
    expect(bench.temperatures).toEqual([1.4]);
  });
});

describe("a port that disappears", () => {
  it("is read again once it is back", () => {
    const { bench, line } = listening();
    line.send("21.4\n");
    line.unplug();
    bench.clock.run(30_000);
    line.send("99\n");
    line.plug();
    bench.clock.run(2_000);
    line.send("21.5\n");
    expect(bench.temperatures).toEqual([21.4, 21.5]);
  });

  it("is counted and told once when it goes and told once when it speaks again, however long it is away", () => {
    const { bench, line } = listening();
    line.unplug();
    bench.clock.run(60_000);
    expect(bench.counters.sensorErrors).toBe(1);
    expect(bench.monitor.warnings).toHaveLength(1);
    expect(bench.monitor.warnings[0]).toContain("the port is gone");
    line.plug();
    bench.clock.run(10_000);
    line.send("21.4\n21.5\n");
    expect(bench.monitor.warnings).toHaveLength(2);
    expect(bench.monitor.warnings[1]).toContain("open again");
    line.unplug();
    expect([bench.counters.sensorErrors, bench.monitor.warnings.length]).toEqual([2, 3]);
  });

  it("that cannot be opened at all is tried every second, and told once", () => {
    const bench = new Bench();
    const busy = bench.uart();
    busy.source.start();
    const { source } = bench.uart({ line: busy.line });
    source.start();
    bench.clock.run(3_500);
    expect(bench.counters.sensorErrors).toBe(1);
    expect(bench.monitor.warnings).toEqual([
      "serial port: the port is in use; it is tried again every second",
    ]);
    busy.source.close();
    bench.clock.run(1_500);
    busy.line.send("21.4\n");
    expect(bench.temperatures).toEqual([21.4]);
  });

  it("is announced as opened once, at the first attempt, though it fails", () => {
    const bench = new Bench();
    const { line, source } = bench.uart();
    line.unplug();
    expect(bench.openings).toBe(0);
    source.start();
    expect(bench.openings).toBe(1);
    bench.clock.run(10_000);
    expect(bench.openings).toBe(1);
  });
});

describe("close", () => {
  it("frees the port and gives nothing more", () => {
    const { bench, line, source } = listening();
    source.close();
    source.close();
    expect(line.isOpen).toBe(false);
    line.send("21.4\n");
    expect(bench.values).toEqual([]);
  });

  it("while the port is gone ends the attempts", () => {
    const { bench, line, source } = listening();
    line.unplug();
    source.close();
    line.plug();
    bench.clock.run(10_000);
    expect(line.isOpen).toBe(false);
  });

  it("from within a value ends with that value, though more lines are there", () => {
    const { bench, line, source } = listening();
    bench.onValue = () => source.close();
    line.send("21.4\n21.5\n21.6\n");
    expect(bench.temperatures).toEqual([21.4]);
  });
});

describe("85 °C and -127 °C", () => {
  const lies = ["85", "85.00", "T=-127", "-127.00 C", "185F", '{"temperature":85}'];

  it.each(lies)("%s is refused of a declared DS18B20, and handed on to be counted", (text) => {
    const { bench, line } = listening({ ds18b20: true });
    line.send(`${text}\n`);
    expect(bench.temperatures).toEqual([Number.NaN]);
  });

  it.each(lies)("%s is a temperature like any other of another source", (text) => {
    const { bench, line } = listening();
    line.send(`${text}\n`);
    expect(bench.temperatures[0]).not.toBeNaN();
  });

  it("leave their neighbours at 1/16 °C, and a humidity of 85 %, alone", () => {
    const { bench, line } = listening({ ds18b20: true });
    line.send("84.9375\n85.0625\nH=85 T=20\n");
    expect(bench.temperatures).toEqual([84.9375, 85.0625, 20]);
    expect(bench.values).toContainEqual([Quantity.HUMIDITY, 85]);
  });
});
