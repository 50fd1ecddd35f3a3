import { generateKeyPairSync, verify } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { openEnvelope, parseManifest } from "../../firmware/update/manifest.js";
import { signManifest } from "../../services/ota/manifest.js";

const right = {
  kind: "esp32",
  version: "0.2.0",
  size: 1_071_792,
  sha256: "0123456789abcdef".repeat(4),
  url: "http://192.168.1.5:8070/image.bin",
  issued: 1_795_175_351_184,
  expires: 1_797_767_351_184,
};
const bytes = (text: string) => new Uint8Array(Buffer.from(text, "utf8"));
const parse = (line: string) => parseManifest(bytes(line));
const read = (changes: Record<string, unknown> = {}) => parse(JSON.stringify({ ...right, ...changes }));
const SIGNATURE = "1".repeat(128);

describe("an envelope", () => {
  const key = generateKeyPairSync("ec", { namedCurve: "prime256v1" });

  it("gives the line that was signed, and the signature", () => {
    const { payload } = signManifest(right, key.privateKey);
    const { line, signature } = openEnvelope(bytes(payload));
    expect(parseManifest(line)).toEqual({ ...right, minimum: undefined, rollback: false });
    const form = { key: key.publicKey, dsaEncoding: "ieee-p1363" } as const;
    expect(verify("sha256", line, form, signature as Uint8Array)).toBe(true);
  });

  it("copies nothing of the line", () => {
    const payload = bytes(`line\n${SIGNATURE}`);
    expect(openEnvelope(payload).line.buffer).toBe(payload.buffer);
  });

  it.each([
    ["nothing", "", ""],
    ["no second line", "line", "line"],
    ["an empty second line", "line\n", "line"],
    ["nothing but the end of a line", "\n", ""],
    ["a digit too few", `line\n${SIGNATURE.slice(1)}`, "line"],
    ["a digit too many", `line\n${SIGNATURE}1`, "line"],
    ["an end of its second line", `line\n${SIGNATURE}\n`, "line"],
    ["CR at its first line's end", `line\r\n${SIGNATURE}\r`, "line\r"],
    ["a line between", `line\n\n${SIGNATURE}`, "line"],
    ["upper-case digits", `line\n${"A".repeat(128)}`, "line"],
    ["what is no digit", `line\n${"g".repeat(128)}`, "line"],
    ["what is no ASCII", `line\n${"é".repeat(64)}`, "line"],
    ["zeros", `line\n${"0".repeat(128)}`, "line"],
    ["r of 0", `line\n${"0".repeat(64)}${"1".repeat(64)}`, "line"],
    ["s of 0", `line\n${"1".repeat(64)}${"0".repeat(64)}`, "line"],
    ["r beyond the order", `line\n${"f".repeat(64)}${"1".repeat(64)}`, "line"],
  ])("with %s has no signature", (_what, payload, line) => {
    const opened = openEnvelope(bytes(payload));
    expect(opened.signature).toBeUndefined();
    expect(Buffer.from(opened.line).toString("latin1")).toBe(line);
  });

  it("opens whatever comes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_024 }), (payload) => {
        const { line, signature } = openEnvelope(payload);
        expect(line.length).toBeLessThanOrEqual(payload.length);
        expect(signature === undefined || signature.length === 64).toBe(true);
      }),
    );
  });
});

describe("a manifest", () => {
  it("has all its fields", () => {
    expect(read()).toEqual({ ...right, minimum: undefined, rollback: false });
    expect(read({ minimum: "0.1.0", rollback: true })).toEqual({
      ...right,
      minimum: "0.1.0",
      rollback: true,
    });
    expect(read({ rollback: false }).rollback).toBe(false);
  });

  it("may have what later versions know", () => {
    expect(read({ channel: "beta", parts: [{ kind: "x" }] })).toEqual(read());
  });

  it.each([
    ["kind", ["", 1, null, true, ["esp32"], {}, "two\nlines", "a b", "\u0000", "k".repeat(33)]],
    ["version", ["", "1", "0.2", "0.2.0.0", "01.2.3", "v0.2.0", "0.2.65536", 2, null, ["0.2.0"], {}]],
    ["size", [0, -1, 0.5, "1000", null, true, [1_000], {}, 2 ** 53, 1e300]],
    [
      "sha256",
      ["", "0".repeat(63), "0".repeat(65), "A".repeat(64), "g".repeat(64), 0, null, ["0".repeat(64)], {}],
    ],
    [
      "url",
      ["", "ftp://host/x", "//host/x", "http://", "http://a b/", 1, null, {}, `http://h/${"x".repeat(247)}`],
    ],
    ["issued", [-1, 0.5, "1795175351184", null, true, [], {}, 2 ** 53]],
    ["expires", [-1, 0.5, "1795175351184", null, true, [], {}, 2 ** 53]],
    ["minimum", ["", "1", 1, null, false, [], {}]],
    ["rollback", ["true", "", 1, 0, null, [], {}]],
  ])("with a wrong %s is none", (name, values) => {
    for (const value of values)
      expect(() => read({ [name]: value })).toThrow(`the manifest's ${name} is missing or wrong`);
  });

  it.each(Object.keys(right))("without %s is none", (name) => {
    expect(() => read({ [name]: undefined })).toThrow(`the manifest's ${name} is missing or wrong`);
  });

  it("takes an address of 255 characters", () => {
    const url = `http://h/${"x".repeat(246)}`;
    expect(read({ url }).url).toBe(url);
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "{kind:1}"],
    ["half of it", JSON.stringify(right).slice(0, -1)],
    ["more than it", `${JSON.stringify(right)}{}`],
    ["null", "null"],
    ["a number", "7"],
    ["a text", '"kind"'],
    ["bytes that are no ASCII", JSON.stringify({ ...right, note: "é" })],
    ["a control character", `${JSON.stringify(right)}\t`],
    ["NUL behind it", `${JSON.stringify(right)}\0`],
    ["brackets without end", "[".repeat(1_000)],
    ["an object without end", '{"kind":'.repeat(120)],
    ["NaN", JSON.stringify(right).replace("1071792", "NaN")],
  ])("is not %s", (_what, line) => {
    expect(() => parse(line)).toThrow("the manifest is no JSON object");
  });

  it("is not a list", () => {
    expect(() => parse("[]")).toThrow("the manifest's kind is missing or wrong");
    expect(() => parse(JSON.stringify([right]))).toThrow("the manifest's kind is missing or wrong");
  });

  it("takes nothing from a prototype that it brings", () => {
    const { kind: _, ...rest } = right;
    const line = `${JSON.stringify(rest).slice(0, -1)},"__proto__":{"kind":"esp32"},"constructor":{"prototype":{"kind":"x"}}}`;
    expect(() => parse(line)).toThrow("the manifest's kind is missing or wrong");
    expect(({} as Record<string, unknown>)["kind"]).toBeUndefined();
    expect(parse(`${JSON.stringify(right).slice(0, -1)},"__proto__":{"rollback":true}}`).rollback).toBe(
      false,
    );
  });

  it("with a field twice has the last one, as every reader of JSON", () => {
    const line = `{"kind":"host",${JSON.stringify(right).slice(1, -1)},"size":7}`;
    expect(parse(line)).toMatchObject({ kind: "esp32", size: 7 });
    expect(() => parse(`${JSON.stringify(right).slice(0, -1)},"size":"7"}`)).toThrow("the manifest's size");
  });

  it("may write its numbers as JSON does", () => {
    expect(parse(JSON.stringify(right).replace("1071792", "1.071792e6")).size).toBe(1_071_792);
  });

  it("of any bytes is a manifest or an error in one line", () => {
    const line = bytes(JSON.stringify(right));
    const flipped = fc
      .tuple(fc.nat(line.length - 1), fc.nat(255))
      .map(([at, by]) => line.map((byte, i) => (i === at ? byte ^ by : byte)));
    const any = fc.oneof(fc.uint8Array({ maxLength: 300 }), flipped, fc.json().map(bytes));
    fc.assert(
      fc.property(any, (given) => {
        try {
          expect(parseManifest(given)).toHaveProperty("kind");
        } catch (error) {
          expect((error as Error).message).toMatch(
            /^the manifest('s \w+ is missing or wrong| is no JSON object)$/,
          );
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
