import { describe, expect, it, jest } from "@jest/globals";
import { Commands, readCommand } from "../../services/server/commands.js";

class FakeLink {
  connected = true;
  sent: { topic: string; command: { id: string } }[] = [];
  publish(topic: string, payload: string): void {
    this.sent.push({ topic, command: JSON.parse(payload) as { id: string } });
  }
}

describe("a command", () => {
  it("goes out with an identifier of its own, the time and how long it holds, and comes back with the answer", async () => {
    const link = new FakeLink();
    const commands = new Commands(link);
    const before = Date.now();
    const result = commands.send({ base: "home/ac", command: "target", value: 19 });
    const [{ topic, command }] = link.sent;
    expect(topic).toBe("home/ac/command");
    expect(command).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      command: "target",
      value: 19,
      time: expect.any(Number),
      ttl: 20,
    });
    expect((command as unknown as { time: number }).time).toBeGreaterThanOrEqual(before);
    // Another device's, or another command's answer is not it.
    commands.reply("home/other", command.id, "done", undefined);
    commands.reply("home/ac", "other", "done", undefined);
    commands.reply("home/ac", command.id, "refused", "too warm");
    expect(await result).toEqual({ id: command.id, outcome: "refused", reason: "too warm" });
  });

  it("is unanswered when nothing comes in time, and says what may still happen", async () => {
    jest.useFakeTimers();
    try {
      const commands = new Commands(new FakeLink());
      const result = commands.send({ base: "home/ac", command: "identify" });
      jest.advanceTimersByTime(9_999);
      jest.advanceTimersByTime(1);
      expect(await result).toMatchObject({
        outcome: "unanswered",
        reason: "no answer within 10 s; it may still take effect within 10 s",
      });
    } finally {
      jest.useRealTimers();
    }
  });

  it("is unanswered at once where there is no connection, and nothing is sent", async () => {
    const link = new FakeLink();
    link.connected = false;
    expect(await new Commands(link).send({ base: "home/ac", command: "identify" })).toMatchObject({
      outcome: "unanswered",
      reason: expect.stringContaining("no connection to the broker"),
    });
    expect(link.sent).toEqual([]);
  });

  it("is not sent where too many wait already", async () => {
    const link = new FakeLink();
    const commands = new Commands(link);
    const waiting = Array.from({ length: 64 }, () => commands.send({ base: "a/b", command: "identify" }));
    expect((await commands.send({ base: "a/b", command: "identify" })).reason).toContain("too many");
    expect(link.sent).toHaveLength(64);
    commands.close();
    for (const { outcome } of await Promise.all(waiting)) expect(outcome).toBe("unanswered");
  });

  it.each([
    [null, "the body is no JSON object"],
    [[], "the body is no JSON object"],
    [{ command: "identify" }, "base is missing"],
    [{ base: "a/b" }, /^command must be one of interval/],
    [{ base: "a/b", command: "explode" }, /^command must be one of/],
    [{ base: "a/b", command: "identify", id: "mine" }, '"id" is not part of a command'],
    [{ base: "a/b", command: "identify", time: 1 }, '"time" is not part of a command'],
    [{ base: "a/b", command: "target", value: {} }, "value must be a number or a short text"],
    [{ base: "a/b", command: "target", value: "x".repeat(65) }, "value must be a number or a short text"],
    [{ base: "a/b", command: "calibration", offset: "1" }, "offset must be a number"],
    [{ base: "a/b", command: "calibration", twopoint: 5 }, "twopoint must be a short text"],
  ])("is refused as %j", (body, problem) => {
    expect(readCommand(body)).toEqual(typeof problem === "string" ? problem : expect.stringMatching(problem));
  });

  it("is taken as it is where it is one", () => {
    const command = { base: "a/b", command: "calibration", offset: 0.5, twopoint: "0,0,100,100" };
    expect(readCommand(command)).toEqual(command);
  });
});
