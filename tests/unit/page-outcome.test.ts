import { describe, expect, it } from "@jest/globals";
import { outcomeOf, outcomeText, stepped, targetOf } from "../../page/outcome.js";

describe("what became of a command", () => {
  const text = (status: number, json: unknown) => outcomeText(outcomeOf(status, json), "Mode Cool");

  it("is said with what was wished for", () => {
    expect(outcomeText({ kind: "sending" }, "Mode Cool")).toBe("Mode Cool: sending …");
    expect(text(200, { id: "1", outcome: "done" })).toBe("Mode Cool: done");
    expect(text(200, { outcome: "refused", reason: "it\nis off" })).toBe("Mode Cool: refused: it�is off");
    expect(text(200, { outcome: "refused" })).toBe("Mode Cool: refused: no reason given");
    expect(text(504, { id: "1", outcome: "unanswered" })).toBe(
      "Mode Cool: no answer. The device may be offline.",
    );
  });

  it("is never done where the server says nothing of the kind", () => {
    expect(text(503, { error: "the broker is away" })).toBe("Mode Cool: not sent: the broker is away");
    expect(text(502, undefined)).toBe("Mode Cool: not sent: the server says 502");
    expect(text(200, "done")).toBe("Mode Cool: not sent: the server says 200");
  });
});

describe("a target", () => {
  it("is a number of tenths from 10 to 35", () => {
    expect(["10", "19.5", " 35.0 ", "21,5", "20.1"].map(targetOf)).toEqual([10, 19.5, 35, 21.5, 20.1]);
  });

  it("is refused otherwise, with what is allowed", () => {
    for (const wrong of ["", "9.9", "35.1", "warm", "NaN", "1e9"])
      expect(targetOf(wrong)).toBe("Allowed is a target from 10 to 35 °C");
    expect(targetOf("20.05")).toBe("Allowed is a target in tenths of a degree");
  });

  it("goes to the next half degree with a press, and not beyond what is allowed", () => {
    expect([stepped(19, 1), stepped(19, -1), stepped(19.2, 1), stepped(19.2, -1)]).toEqual([
      19.5, 18.5, 19.5, 19,
    ]);
    expect([stepped(35, 1), stepped(10, -1), stepped(20.5, 1)]).toEqual([35, 10, 21]);
  });
});
