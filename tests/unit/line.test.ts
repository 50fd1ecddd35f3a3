import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Quantity } from "../../firmware/codec/reading.js";
import { LineParser } from "../../firmware/sensors/line.js";

const encoder = new TextEncoder();

interface Values {
  temperature?: number;
  humidity?: number;
  pressure?: number;
}

/** What the line means, `undefined` where it is no reading. */
function parse(line: string | Uint8Array, parser = new LineParser()): Values | undefined {
  const bytes = typeof line === "string" ? encoder.encode(line) : line;
  if (!parser.parse(bytes, bytes.length)) return undefined;
  const values: Values = {};
  const [temperature, humidity, pressure] = parser.values;
  if (!Number.isNaN(temperature)) values.temperature = temperature;
  if (!Number.isNaN(humidity)) values.humidity = humidity;
  if (!Number.isNaN(pressure)) values.pressure = pressure;
  return values;
}

describe("a line that is a reading", () => {
  it.each<[string, Values]>([
    ["21.4", { temperature: 21.4 }],
    ["-5", { temperature: -5 }],
    ["+21.4", { temperature: 21.4 }],
    ["  21.4\t", { temperature: 21.4 }],
    [".5", { temperature: 0.5 }],
    ["21.", { temperature: 21 }],
    ["007.50", { temperature: 7.5 }],
    ["21.4 C", { temperature: 21.4 }],
    ["21.4C", { temperature: 21.4 }],
    ["21.4c", { temperature: 21.4 }],
    ["21.4 °C", { temperature: 21.4 }],
    ["21.4°C", { temperature: 21.4 }],
    ["21.4 ° C", { temperature: 21.4 }],
    ["21.4°", { temperature: 21.4 }],
    ["T=21.4", { temperature: 21.4 }],
    ["T:21.4", { temperature: 21.4 }],
    ["t = 21.4", { temperature: 21.4 }],
    ["temp=21.4", { temperature: 21.4 }],
    ["temperature: 21.4 C", { temperature: 21.4 }],
    ["TEMPERATURE:21.4C", { temperature: 21.4 }],
    ["H=45", { humidity: 45 }],
    ["RH=45%", { humidity: 45 }],
    ["hum: 45 %", { humidity: 45 }],
    ["P=101325", { pressure: 101_325 }],
    ["P=101325 Pa", { pressure: 101_325 }],
    ["Pressure: 1013.25 hPa", { pressure: 101_325 }],
    ["p=1013.25mbar", { pressure: 101_325 }],
    ["Humidity: 45.0%  Temperature: 21.4°C", { temperature: 21.4, humidity: 45 }],
    ["T=21.4 H=45", { temperature: 21.4, humidity: 45 }],
    ["T=21.4,H=45,P=101325", { temperature: 21.4, humidity: 45, pressure: 101_325 }],
    ["T=21.4 C; H=45 %; P=1013 hPa", { temperature: 21.4, humidity: 45, pressure: 101_300 }],
    ["P=101325 H=45 T=21.4", { temperature: 21.4, humidity: 45, pressure: 101_325 }],
    ["T=21.4 ,  H=45", { temperature: 21.4, humidity: 45 }],
    ['{"temperature": 21.4, "humidity": 45}', { temperature: 21.4, humidity: 45 }],
    ['  {"T":21.4}  ', { temperature: 21.4 }],
    ['{"temp":21.4,"hum":45,"pressure":101325}', { temperature: 21.4, humidity: 45, pressure: 101_325 }],
    [
      '{"thermometer":{"temperature":21.4},"hygrometer":{"humidity":45}}',
      { temperature: 21.4, humidity: 45 },
    ],
    [
      '{"barometer":{"pressure":101325},"thermometer":{"temperature":-3}}',
      { temperature: -3, pressure: 101_325 },
    ],
    ['{"temperature":21.4,"unit":"C"}', { temperature: 21.4 }],
    ['{"temperature":21.4,"unit":"°C"}', { temperature: 21.4 }],
    ['{"temperature":21.4,"id":"28-0316","ok":true}', { temperature: 21.4 }],
    ['{"humidity":45,"unit":"%"}', { humidity: 45 }],
    ['{"pressure":1013,"unit":"hPa"}', { pressure: 101_300 }],
    ['{"temperature":21.4,"pressure":1013,"unit":"hPa"}', { temperature: 21.4, pressure: 101_300 }],
    ['{"temperature":21.4,"pressure":101300,"unit":"C"}', { temperature: 21.4, pressure: 101_300 }],
  ])("%j", (line, values) => {
    expect(parse(line)).toEqual(values);
  });

  it.each([
    ["70.5F", 70.5, "F"],
    ["70.5 °F", 70.5, "F"],
    ["T=-40 F", -40, "F"],
    ['{"T": 70.5, "unit": "F"}', 70.5, "F"],
    ['{"T": 70.5, "unit": "°F"}', 70.5, "F"],
    ["294.55 K", 294.55, "K"],
    ["temperature: 294.55k", 294.55, "K"],
    ['{"temperature": 294.55, "unit": "K"}', 294.55, "K"],
  ])("%j, converted to degrees Celsius", (line, value, unit) => {
    const celsius = unit === "F" ? (value - 32) / 1.8 : value - 273.15;
    expect(parse(line)?.temperature).toBeCloseTo(celsius, 9);
  });

  it("with the degree sign in Latin-1", () => {
    const bytes = Uint8Array.from([...encoder.encode("21.4"), 0xb0, 0x43]);
    expect(parse(bytes)).toEqual({ temperature: 21.4 });
  });
});

describe("a line that is no reading", () => {
  it.each([
    [""],
    ["   "],
    ["hello"],
    ["-"],
    ["."],
    ["-.C"],
    ["C"],
    ["1.2.3"],
    ["1..2"],
    ["--5"],
    ["+-5"],
    ["- 5"],
    ["21,4"],
    ["T=21,4"],
    ["21.4 22.4"],
    ["21.4 H=45"],
    ["21.4 Cel"],
    ["21.4 X"],
    ["21.4x"],
    ["21.4 C C"],
    ["1e3"],
    ["0x15"],
    ["NaN"],
    ["nan C"],
    ["Infinity"],
    ["T"],
    ["T="],
    ["T=C"],
    ["T 21.4"],
    ["=21.4"],
    ["T==21.4"],
    ["T=21.4=3"],
    ["T=21.4 T=21.4"],
    ["T=21.4H=45"],
    ["H=45%T=21.4"],
    ["T=21.4%"],
    ["H=45 C"],
    ["T=21.4 hPa"],
    ["T=21.4 °X"],
    ["P=1013 mbars"],
    ["V=3.3"],
    ["T=21.4 V=3.3"],
    ["temperatures=21.4"],
    ["temperaturetemperature=21.4"],
    ["T=21.4\0"],
    ["\u{fffd}21.4"],
    ["{"],
    ["{}"],
    ['{"temperature":21.4'],
    ['{"temperature":21.4}}'],
    ['{"temperature":}'],
    ['{"temperature":"21.4"}'],
    ['{"temperature":null}'],
    ['{"temperature":[21.4]}'],
    ['{"temperature":21.4,"humidity":"wet"}'],
    ['{"temperature":21.4,"unit":"R"}'],
    ['{"temperature":21.4,"unit":5}'],
    ['{"volts":3.3}'],
    ["[21.4]"],
    ["null"],
  ])("%j", (line) => {
    expect(parse(line)).toBeUndefined();
  });

  it("because it has more digits than a double tells apart", () => {
    expect(parse("123456789012345")).toEqual({ temperature: 123_456_789_012_345 });
    expect(parse("1234567890123456")).toBeUndefined();
  });

  it("because its JSON is not UTF-8", () => {
    const bytes = encoder.encode('{"temperature":21.4,"a":"b"}');
    bytes[bytes.length - 3] = 0xff;
    expect(parse(bytes)).toBeUndefined();
  });

  it("because it ends in half a degree sign, whatever an earlier line left behind it", () => {
    const bytes = encoder.encode("21.4°C");
    expect(new LineParser().parse(bytes, 5)).toBe(false);
    expect(new LineParser().parse(bytes, 4)).toBe(true);
  });
});

describe("LineParser", () => {
  it("takes nothing over from the line before", () => {
    const parser = new LineParser();
    expect(parse("T=21.4 H=45", parser)).toEqual({ temperature: 21.4, humidity: 45 });
    expect(parse("H=46", parser)).toEqual({ humidity: 46 });
    expect(parse("T=1 H=", parser)).toBeUndefined();
    expect(parse("P=101325", parser)).toEqual({ pressure: 101_325 });
  });

  it("reads the first bytes only, up to the length it is given", () => {
    expect(new LineParser().parse(encoder.encode("21.4garbage"), 4)).toBe(true);
  });

  it("reads a number as Number() does", () => {
    const digits = fc.stringMatching(/^[0-9]{0,7}$/);
    fc.assert(
      fc.property(
        fc.constantFrom("", "-", "+"),
        digits,
        fc.constantFrom("", "."),
        digits,
        (sign, a, point, b) => {
          fc.pre(a + b !== "");
          const text = `${sign}${a}${point}${b}`;
          expect(parse(text)).toEqual({ temperature: Number(text) });
          expect(parse(`T=${text}`)).toEqual({ temperature: Number(text) });
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("never throws, and never finds a value that is infinite, in any bytes", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "T=",
        "H:",
        "P",
        "21.4",
        "-",
        ".",
        " ",
        "°",
        "C",
        "F",
        "%",
        ",",
        ";",
        "hPa",
        "{",
        '"T":',
        "}",
        "1e999",
      ),
      fc.string({ unit: "binary", maxLength: 3 }),
    );
    const text = fc.array(piece, { maxLength: 12 }).map((parts) => encoder.encode(parts.join("")));
    const noise = fc.uint8Array({ maxLength: 128 });
    const parser = new LineParser();
    fc.assert(
      fc.property(fc.oneof(noise, text), (bytes) => {
        const values = parse(bytes, parser);
        if (!values || bytes.includes(0x7b)) return;
        for (const value of Object.values(values)) expect(Number.isFinite(value)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it("reads a good line after any noise", () => {
    const parser = new LineParser();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 128 }), (noise) => {
        parser.parse(noise, noise.length);
        expect(parse("T=21.4", parser)).toEqual({ temperature: 21.4 });
        expect(parser.values[Quantity.TEMPERATURE]).toBe(21.4);
      }),
    );
  });

  it("refuses every beginning of a line that could be taken for another value, but for fewer digits", () => {
    const line = "temperature: 21.4 C; humidity: 45 %";
    const found = new Set<string>();
    for (let length = 0; length < line.length; length++) {
      const values = parse(line.slice(0, length));
      if (values) found.add(JSON.stringify(values));
    }
    expect([...found]).toEqual([
      '{"temperature":2}',
      '{"temperature":21}',
      '{"temperature":21.4}',
      '{"temperature":21.4,"humidity":4}',
      '{"temperature":21.4,"humidity":45}',
    ]);
  });
});
