import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { isMalformed, parseCommand, staleness } from "../../firmware/commands/command.js";

const parse = (text: string) => parseCommand(new TextEncoder().encode(text));
const NOW = 1_795_175_351_184;

describe("a command", () => {
  it("is a JSON object with an id and a name", () => {
    const command = parse('{"id":"a","command":"interval","value":"10s"}');
    expect(isMalformed(command)).toBe(false);
    expect(command).toEqual({ id: "a", command: "interval", value: "10s" });
  });

  it.each([
    ["nothing", "", null, /not a JSON object/],
    ["no JSON", "{id:1}", null, /not a JSON object/],
    ["JSON cut short", '{"id":"a","command":', null, /not a JSON object/],
    ["a number", "12", null, /not a JSON object/],
    ["null", "null", null, /not a JSON object/],
    ["a list", '[{"id":"a"}]', null, /not a JSON object/],
    ["no id", '{"command":"interval"}', null, /"id" is missing/],
    ["an id that is no text", '{"id":7,"command":"interval"}', null, /"id" is missing/],
    ["an empty id", '{"id":"","command":"interval"}', null, /"id" is missing/],
    ["an id that is too long", `{"id":"${"x".repeat(65)}","command":"interval"}`, null, /"id" is missing/],
    ["an id with half of a surrogate pair", '{"id":"a\\ud83d","command":"x"}', null, /"id" is missing/],
    ["an id with the other half", '{"id":"\\ude00","command":"x"}', null, /"id" is missing/],
    ["an id with a control character", '{"id":"a\\u0000","command":"x"}', null, /"id" is missing/],
    ["an id with DEL", '{"id":"a\\u007f","command":"x"}', null, /"id" is missing/],
    ["no name", '{"id":"a"}', "a", /"command" is missing/],
    ["a name that is no text", '{"id":"a","command":{}}', "a", /"command" is missing/],
    [
      "a deep one",
      `{"id":"a","command":"x","v":${"[".repeat(400)}${"]".repeat(400)}}`,
      null,
      /not a JSON object/,
    ],
    ["a reason of its own", '{"reason":"none"}', null, /"id" is missing/],
  ])("is not %s", (_what, text, id, reason) => {
    const parsed = parse(text);
    expect(isMalformed(parsed)).toBe(true);
    expect(parsed).toMatchObject({ id, reason: expect.stringMatching(reason) });
  });

  it("is not what is no UTF-8", () => {
    expect(parseCommand(new Uint8Array([0x7b, 0xff, 0x7d]))).toMatchObject({
      id: null,
      reason: expect.stringContaining("UTF-8"),
    });
  });

  it("may have an id of 64 characters of any script, and pairs of surrogates in it", () => {
    for (const id of ["ä".repeat(64), "温".repeat(64), "😀".repeat(32)])
      expect(parse(JSON.stringify({ id, command: "x" }))).toEqual({ id, command: "x" });
  });

  it("may have brackets in its texts, and a reason beside its name", () => {
    const text = '{"id":"a","command":"x","reason":"y","value":"[[[[[[\\"[[["}';
    expect(isMalformed(parse(text))).toBe(false);
  });

  it("is never more than refused, whatever the bytes are", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
        (bytes) => {
          const parsed = parseCommand(bytes);
          expect(isMalformed(parsed) ? typeof parsed.reason : typeof parsed.command).toBe("string");
        },
      ),
    );
  });
});

describe("the time to live of a command", () => {
  const at = (time: unknown, ttl: unknown, now: number | undefined = NOW, needsTime = true) =>
    staleness(
      { id: "a", command: "restart", ...(time !== undefined && { time }), ...(ttl !== undefined && { ttl }) },
      now,
      needsTime,
    );

  it("is from its time on, to the millisecond", () => {
    expect(at(NOW, 30)).toBeUndefined();
    expect(at(NOW - 30_000, 30)).toBeUndefined();
    expect(at(NOW - 30_001, 30)).toBe("expired");
    expect(at(NOW, 1)).toBeUndefined();
    expect(at(NOW, 86_400)).toBeUndefined();
  });

  it("may begin a little later than the device's clock says, as clocks differ", () => {
    expect(at(NOW + 30_000, 5)).toBeUndefined();
    expect(at(NOW + 31_000, 5)).toBe("its time is 31 s ahead of the device's clock");
  });

  it("is needed by a command that acts on the world, and counts where it is given", () => {
    expect(at(undefined, undefined)).toMatch(/"time" and "ttl" are missing/);
    expect(at(undefined, undefined, NOW, false)).toBeUndefined();
    expect(at(undefined, undefined, undefined, false)).toBeUndefined();
    expect(at(NOW - 60_000, 30, NOW, false)).toBe("expired");
  });

  it.each([[undefined], ["30"], [0], [-1], [86_401], [Number.NaN], [null]])("is not %p", (ttl) => {
    expect(at(NOW, ttl)).toMatch(/"ttl" is not/);
  });

  it.each([[undefined], ["now"], [-1], [Number.NaN], [null]])("does not count from %p", (time) => {
    expect(at(time, 30)).toMatch(/"time" is not/);
  });

  it("cannot be told while the clock is not set", () => {
    expect(staleness({ id: "a", command: "x", time: NOW, ttl: 30 }, undefined, true)).toMatch(
      /clock is not set/,
    );
  });
});
