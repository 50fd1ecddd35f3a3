import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { QUANTITIES } from "../../firmware/codec/reading.js";
import { BASE_LIMIT, type Message, PAYLOAD_LIMIT, parseMessage } from "../../services/server/parse.js";

const parse = (topic: string, payload: string): Message => parseMessage(topic, Buffer.from(payload));

const READING = '{"temperature":21.44,"time":1795175351184,"seq":1234,"epoch":"5f3a09c1"}';
const T = "home/livingroom/temperature";

describe("what a message says", () => {
  it("is a reading with its number and time", () => {
    expect(parse(T, READING)).toEqual({
      kind: "reading",
      base: "home/livingroom",
      quantity: 0,
      value: 21.44,
      time: 1_795_175_351_184,
      seq: 1_234,
      epoch: 0x5f3a09c1,
      late: false,
    });
  });

  it("is a reading without its time while the clock is not set, and a late one", () => {
    const text = '{"humidity":45,"uptime":5000,"boot":3,"seq":0,"epoch":"FFFFFFFF","late":true}';
    expect(parse("a/humidity", text)).toMatchObject({
      time: undefined,
      epoch: 0xffff_ffff,
      seq: 0,
      late: true,
    });
  });

  it("is a bare number", () => {
    expect(parse(T, "21.44")).toMatchObject({
      value: 21.44,
      time: undefined,
      epoch: undefined,
      seq: undefined,
    });
  });

  it("names its quantity itself in the history", () => {
    expect(parse("a/history", '{"pressure":101325,"seq":1,"epoch":"00000000"}')).toMatchObject({
      quantity: 2,
    });
    expect(parse("a/history", "21.4")).toEqual({ kind: "malformed" });
    expect(parse("a/history", '{"pressure":1,"humidity":2}')).toEqual({ kind: "malformed" });
  });

  it.each([
    ["no JSON", "{"],
    ["nothing that is a number", "warm"],
    ["NaN", "NaN"],
    ["a number beyond any number", "1e400"],
    ["one of these in JSON", '{"temperature":1e400}'],
    ["a value beyond physics", "1e300"],
    ["a text for a value", '{"temperature":"21"}'],
    ["null for a value", '{"temperature":null}'],
    ["another quantity than its topic", '{"humidity":21,"seq":1,"epoch":"5f3a09c1"}'],
    ["a list", "[21]"],
    ["a negative number", '{"temperature":21,"seq":-1,"epoch":"5f3a09c1"}'],
    ["half a number", '{"temperature":21,"seq":1.5,"epoch":"5f3a09c1"}'],
    ["a number that is not exact", '{"temperature":21,"seq":9007199254740993,"epoch":"5f3a09c1"}'],
    ["a number without epoch", '{"temperature":21,"seq":1}'],
    ["an epoch without number", '{"temperature":21,"epoch":"5f3a09c1"}'],
    ["an epoch that is too short", '{"temperature":21,"seq":1,"epoch":"5f3a09c"}'],
    ["an epoch that is not hexadecimal", '{"temperature":21,"seq":1,"epoch":"5f3a09cg"}'],
    ["an epoch that is a number", '{"temperature":21,"seq":1,"epoch":12345678}'],
    ["a time that is a text", '{"temperature":21,"time":"now"}'],
    ["late that is a text", '{"temperature":21,"late":"yes"}'],
    ["more than anything has to say", `{"temperature":21,"x":"${"x".repeat(PAYLOAD_LIMIT)}"}`],
  ])("is malformed with %s", (_, payload) => {
    expect(parse(T, payload)).toEqual({ kind: "malformed" });
  });

  it("may have a name that looks like markup, and none that cannot be shown", () => {
    const base = `home/<script>alert("1")</script>'`;
    expect(parse(`${base}/temperature`, "21")).toMatchObject({ kind: "reading", base });
    for (const bad of [
      "home/\u0007",
      "home/\u202eevil",
      "home/\u2028",
      "h".repeat(BASE_LIMIT + 1),
      "home/\ufffd",
    ])
      expect(parse(`${bad}/temperature`, "21")).toEqual({ kind: "malformed" });
  });

  it("is nothing on topics of others, or without a base", () => {
    for (const topic of [
      "temperature",
      "/temperature",
      "home/livingroom/light",
      "home/x/command",
      "home/x/mode/set",
    ])
      expect(parse(topic, "21")).toEqual({ kind: "other" });
    for (const topic of ["home/x/constructor", "home/x/__proto__", "home/x/toString"])
      expect(parse(topic, "21")).toEqual({ kind: "other" });
  });

  it("is a status, of two words", () => {
    expect(parse("a/status", "offline")).toEqual({ kind: "status", base: "a", status: "offline" });
    expect(parse("a/status", "Offline")).toEqual({ kind: "malformed" });
    expect(parse("a/status", "")).toEqual({ kind: "other" });
  });

  it("is what the air conditioner does", () => {
    expect(parse("a/mode", "cool")).toEqual({ kind: "climate", base: "a", field: "mode", value: "cool" });
    expect(parse("a/target", "19.5")).toEqual({ kind: "climate", base: "a", field: "target", value: 19.5 });
    expect(parse("a/action", "cooling")).toEqual({
      kind: "climate",
      base: "a",
      field: "action",
      value: "cooling",
    });
    for (const [topic, text] of [
      ["a/mode", "warp"],
      ["a/target", "1e9"],
      ["a/action", "<b>"],
    ])
      expect(parse(topic, text)).toEqual({ kind: "malformed" });
  });

  it("is diagnostics, of which only plain values are kept", () => {
    const text = '{"uptime":5,"version":"0.1.0","x":{"y":1},"z":[1],"ok":true,"n":null,"__proto__":{"x":1}}';
    expect(parse("a/diagnostics", text)).toEqual({
      kind: "diagnostics",
      base: "a",
      diagnostics: { uptime: 5, version: "0.1.0", ok: true, n: null },
    });
    expect(parse("a/diagnostics", "[]")).toEqual({ kind: "malformed" });
  });

  it("is the answer to a command", () => {
    const refused = '{"id":"a1","outcome":"refused","reason":"too late"}';
    expect(parse("home/x/command/reply", refused)).toEqual({
      kind: "reply",
      base: "home/x",
      id: "a1",
      outcome: "refused",
      reason: "too late",
    });
    expect(parse("home/x/command/reply", '{"id":null,"outcome":"refused"}')).toEqual({ kind: "other" });
    expect(parse("home/x/command/reply", '{"id":"a1","outcome":"maybe"}')).toEqual({ kind: "malformed" });
    expect(parse("x/reply", '{"id":"a1","outcome":"done"}')).toEqual({ kind: "other" });
  });

  it("is never an error, and never a number that is none, whatever bytes come", () => {
    const level = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        ...QUANTITIES,
        "status",
        "diagnostics",
        "history",
        "mode",
        "target",
        "command",
        "reply",
      ),
    );
    const topic = fc.array(level, { maxLength: 5 }).map((levels) => levels.join("/"));
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .record(
          { temperature: fc.anything(), seq: fc.anything(), epoch: fc.anything(), time: fc.anything() },
          { requiredKeys: [] },
        )
        .map((value) => {
          try {
            return Buffer.from(JSON.stringify(value) ?? "");
          } catch {
            return Buffer.from("{}");
          }
        }),
    );
    fc.assert(
      fc.property(topic, payload, (where, bytes) => {
        const message = parseMessage(where, bytes);
        if (message.kind !== "reading") return;
        expect(Number.isFinite(message.value)).toBe(true);
        if (message.time !== undefined) expect(Number.isInteger(message.time)).toBe(true);
        if (message.seq !== undefined) expect(message.seq).toBeGreaterThanOrEqual(0);
        expect((message.seq === undefined) === (message.epoch === undefined)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("what is said of updates", () => {
  it.each([
    ["home/livingroom/update", '{"kind":"host","version":"0.2.0"}\n00ff'],
    ["home/livingroom/update", ""],
    ["home/livingroom/update/state", '{"state":"downloading","version":"0.1.0","done":1,"size":2}'],
    ["home/livingroom/update/state", "nonsense"],
  ])("at %s is none of the server's, and nothing that is malformed: %j", (topic, payload) => {
    expect(parse(topic, payload)).toEqual({ kind: "other" });
  });
});
