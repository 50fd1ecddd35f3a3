import { describe, expect, it } from "@jest/globals";
import { createOutput } from "../../cli/output.js";

function lines(json: boolean, colour: boolean) {
  const written: string[] = [];
  return { output: createOutput(json, (text) => written.push(text), colour), written };
}

describe("what npm start prints", () => {
  it("shows a person no control character that came from outside", () => {
    const { output, written } = lines(false, false);
    output.warning?.("topic \x1b[2J\r\n  12:00:00  forged\x9b");
    output.lost?.("closed\x07", 1_500);
    output.receipt?.("ok\x1b]0;x");
    expect(written).toHaveLength(3);
    for (const line of written) expect(line.slice(0, -1)).toMatch(/^[^\p{Cc}]*$/u);
    expect(written[0]).toContain("topic \\x1b[2J\\x0d\\x0a");
    expect(written[1]).toContain("next attempt in 1.5 s");
  });

  it("keeps letters of all languages, and its own colours", () => {
    const { output, written } = lines(false, true);
    output.warning?.("küche → 厨房");
    expect(written[0]).toContain("küche → 厨房");
    expect(written[0]).toContain("\x1b[33m!\x1b[0m");
  });

  it("prints one JSON object a line, whatever is in it", () => {
    const { output, written } = lines(true, true);
    output.warning?.("a\nb\x1b");
    expect(written).toHaveLength(1);
    expect(JSON.parse(written[0])).toMatchObject({ event: "warning", text: "a\nb\x1b" });
    expect(written[0].trimEnd()).not.toContain("\n");
  });
});
