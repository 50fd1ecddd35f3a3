import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { lateText, messageOf, readingText } from "../../services/gateway/message.js";

const of = (line: string) => messageOf(Buffer.from(line));
const refusal = (line: string) => {
  const message = of(line);
  return message.kind === "refused" ? message.reason : message;
};
const reading = (values: [number, number][], more: object = {}) => ({
  kind: "readings",
  device: undefined,
  values: values.map(([quantity, value]) => ({ quantity, value })),
  stamp: {},
  number: undefined,
  late: false,
  ...more,
});

describe("a line to the gateway", () => {
  it.each([
    ["21.4", reading([[0, 21.4]])],
    ["T=21.4", reading([[0, 21.4]])],
    [
      "Humidity: 45.0%  Temperature: 21.4°C",
      reading([
        [0, 21.4],
        [1, 45],
      ]),
    ],
    ['{"temperature":21.4}', reading([[0, 21.4]])],
    [' {"T": 212, "unit": "F"}', reading([[0, 100]])],
    ['{"device":"attic","pressure":101325}', reading([[2, 101_325]], { device: "attic" })],
    [
      '{"device":"attic","temperature":21.4,"time":1795175351184,"seq":1,"epoch":"5f3a09c1"}',
      reading([[0, 21.4]], {
        device: "attic",
        stamp: { time: 1_795_175_351_184 },
        number: { seq: 1, epoch: "5f3a09c1" },
      }),
    ],
    [
      '{"temperature":-3,"uptime":5000,"boot":2,"seq":7,"epoch":"00000001","late":true}',
      reading([[0, -3]], {
        stamp: { uptime: 5000, boot: 2 },
        number: { seq: 7, epoch: "00000001" },
        late: true,
      }),
    ],
    // Numbered by the gateway: a number without an epoch tells nothing apart.
    ['{"temperature":1,"seq":7}', reading([[0, 1]])],
  ])("%s is a reading", (line, message) => {
    expect(of(line)).toEqual(message);
  });

  it.each(["Hello, server!", "", "temperature", "21.4 bananas", "password x", "[21.4]", "null", "\0\0"])(
    "%j is text",
    (line) => {
      expect(of(line)).toEqual({ kind: "text" });
    },
  );

  it.each([
    ['{"temperature":21.4', "this is not whole JSON"],
    ["{}", 'no reading in it: "temperature", "humidity", "pressure" with a number'],
    ['{"temperature":"21.4"}', 'no reading in it: "temperature", "humidity", "pressure" with a number'],
    ['{"temperature":null}', 'no reading in it: "temperature", "humidity", "pressure" with a number'],
    ['{"temperature":1e999}', "a temperature of Infinity °C cannot be: -200 to 850"],
    ["9999", "a temperature of 9999 °C cannot be: -200 to 850"],
    ['{"humidity":130}', "a humidity of 130 % cannot be: 0 to 100"],
    ['{"device":7,"temperature":1}', '"device" is not text'],
    ['{"device":"a/b","temperature":1}', "a device's name has no / + or # in it"],
    ['{"temperature":1,"time":"now"}', '"time" is not in milliseconds since 1970'],
    ['{"temperature":1,"time":1e300}', '"time" is not in milliseconds since 1970'],
    ['{"temperature":1,"uptime":-1}', '"uptime" is not in milliseconds'],
    ['{"temperature":1,"uptime":1,"boot":{}}', '"boot" is not a whole number'],
    ['{"temperature":1,"late":"yes"}', '"late" is neither true nor false'],
    ['{"temperature":1,"seq":1.5,"epoch":"5f3a09c1"}', '"epoch" without a whole "seq"'],
    ['{"temperature":1,"seq":1,"epoch":"5F3A"}', '"epoch" is not eight hexadecimal digits'],
    [
      '{"temperature":1,"humidity":2,"seq":1,"epoch":"5f3a09c1"}',
      'a line with "seq" and "epoch" has one value',
    ],
    ['{"id":1,"outcome":"done"}', '"id" or "outcome" is not text'],
    ['{"id":"a","outcome":"refused","reason":1}', '"reason" is not text'],
    [`{"id":"a","outcome":"${"x".repeat(600)}"}`, '"outcome" and "reason" have more than 500 bytes'],
  ])("%s is refused: %s", (line, reason) => {
    expect(refusal(line)).toBe(reason);
  });

  it("that is no UTF-8 is refused", () => {
    expect(messageOf(Uint8Array.of(0x32, 0x31, 0xff))).toEqual({
      kind: "refused",
      reason: "the line is not UTF-8",
    });
  });

  it("asks for commands, or answers one with nothing but what an answer has", () => {
    expect(of('{"device":"attic","commands":true}')).toEqual({ kind: "commands", device: "attic" });
    expect(of('{"id":"a1","outcome":"refused","reason":"no","temperature":5}')).toEqual({
      kind: "reply",
      device: undefined,
      id: "a1",
      payload: '{"id":"a1","outcome":"refused","reason":"no"}',
    });
  });

  it("never throws, whatever it holds", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }),
          fc.json().map((text) => Buffer.from(text)),
          fc
            .record({
              device: fc.anything(),
              temperature: fc.anything(),
              time: fc.anything(),
              seq: fc.anything(),
              epoch: fc.anything(),
              outcome: fc.anything(),
            })
            .map((object) => Buffer.from(JSON.stringify(object, (_k, v) => (typeof v === "bigint" ? 1 : v)))),
        ),
        (line) => {
          const message = messageOf(line);
          if (message.kind === "readings")
            for (const { value } of message.values) expect(Number.isFinite(value)).toBe(true);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("is published as the contract's JSON, which says where it waited that it is late", () => {
    const text = readingText(
      { quantity: 0, value: 21.44 },
      { time: 1_795_175_351_184 },
      { seq: 1234, epoch: "5f3a09c1" },
    );
    expect(text).toBe('{"temperature":21.44,"time":1795175351184,"seq":1234,"epoch":"5f3a09c1"}');
    expect(lateText(text)).toBe(
      '{"temperature":21.44,"time":1795175351184,"seq":1234,"epoch":"5f3a09c1","late":true}',
    );
  });
});
