import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { parseState } from "../../services/ota/device-state.js";

const parse = (text: string) => parseState(Buffer.from(text));

describe("what a device says of its update", () => {
  it("is a state with what belongs to it", () => {
    const said = {
      ...{ state: "downloading", version: "0.1.0", manifest: "a1b2c3d4", update: "0.2.0" },
      ...{ done: 40_960, size: 250_000, reason: "slowly" },
    };
    expect(parse(JSON.stringify(said))).toEqual(said);
    expect(parse('{"state":"idle","version":"0.1.0"}')).toEqual({ state: "idle", version: "0.1.0" });
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "{"],
    ["null", "null"],
    ["a list", "[]"],
    ["a state that is none", '{"state":"constructor","version":"0.1.0"}'],
    ["no version", '{"state":"idle"}'],
    ["too long", `{"state":"idle","version":"0.1.0","reason":"${"x".repeat(4_096)}"}`],
  ])("is none where it is %s", (_, text) => expect(parse(text)).toBeUndefined());

  it("loses what is not as it should be, and what is too long of a text", () => {
    const text = JSON.stringify({
      ...{ state: "failed", version: "0.1.0", manifest: 5, update: null, reason: "x".repeat(300) },
      ...{ done: 2, size: 1, more: true },
    });
    expect(parse(text)).toEqual({ state: "failed", version: "0.1.0", reason: "x".repeat(256) });
    expect(parse('{"state":"downloading","version":"1","done":-1,"size":2}')).toEqual({
      state: "downloading",
      version: "1",
    });
  });

  it("never makes anything of bytes that are none of it but nothing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const said = parse(text);
        if (said) expect(text).toContain(said.state);
      }),
    );
  });
});
