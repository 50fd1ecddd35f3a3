import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { DeviceState, State } from "../../services/ota/device-state.js";
import { type Decision, Phase, Rollout, type RolloutOptions } from "../../services/ota/rollout.js";
import { parseShare, type Share, shareOf } from "../../services/ota/share.js";

const ID = "a1b2c3d4";
const MINUTE = 60_000;

const names = (count: number) => Array.from({ length: count }, (_, index) => `home/d${index}`);

function rollout(count: number, more: Partial<RolloutOptions> = {}): Rollout {
  const shares = { first: { percent: 10 }, failures: { percent: 10 } };
  return new Rollout({ devices: names(count), manifest: ID, timeout: 30 * MINUTE, ...shares, ...more });
}

const say = (state: State, more: Partial<DeviceState> = {}): DeviceState => ({
  ...{ state, version: "0.1.0", manifest: ID },
  ...more,
});

const NOTHING: Decision = { publish: [], withdraw: [] };

describe("a share of devices", () => {
  it.each<[string, Share | undefined]>([
    ["10%", { percent: 10 }],
    ["10 %", { percent: 10 }],
    ["0%", { percent: 0 }],
    ["2.5%", { percent: 2.5 }],
    ["100%", { percent: 100 }],
    ["3", { count: 3 }],
    ["0", { count: 0 }],
    ["101%", undefined],
    ["0.1", undefined],
    ["-1", undefined],
    ["", undefined],
    ["%", undefined],
    ["ten", undefined],
    ["1e3", undefined],
  ])("of %j is %j", (text, share) => expect(parseShare(text)).toEqual(share));

  it.each([
    ["10%", 1, 0],
    ["10%", 10, 1],
    ["10%", 19, 1],
    ["7%", 100, 7],
    ["29%", 100, 29],
    ["100%", 7, 7],
    ["3", 10, 3],
    ["3", 2, 2],
  ])("of %s is, of %i devices, %i: never more", (text, devices, count) => {
    expect(shareOf(parseShare(text) as Share, devices)).toBe(count);
  });
});

describe("a rollout", () => {
  it("goes to a share first, and to the rest when those are confirmed", () => {
    const r = rollout(20);
    expect(r.stages.map((stage) => stage.length)).toEqual([2, 18]);
    expect(r.start(0)).toEqual({ publish: ["home/d0", "home/d1"], withdraw: [] });
    expect(r.say("home/d0", say("downloading", { done: 1, size: 2 }), 1)).toEqual(NOTHING);
    expect(r.say("home/d0", say("confirmed"), 2)).toEqual(NOTHING);
    expect(r.say("home/d1", say("trial"), 3)).toEqual(NOTHING);
    expect(r.say("home/d1", say("confirmed"), 4)).toEqual({ publish: names(20).slice(2), withdraw: [] });
    for (const base of names(20).slice(2)) {
      expect(r.isDone).toBe(false);
      expect(r.say(base, say("confirmed"), 5)).toEqual(NOTHING);
    }
    expect([r.isDone, r.stopped, r.deadline]).toEqual([true, undefined, undefined]);
    expect([...r.progress].every(({ phase }) => phase === Phase.CONFIRMED)).toBe(true);
  });

  it.each<State>(["refused", "failed", "reverted"])(
    "stops where one of too few has %s, and takes the manifest back from all that are not confirmed",
    (state) => {
      const r = rollout(30);
      r.start(0);
      r.say("home/d0", say("confirmed"), 1);
      expect(r.say("home/d1", say(state, { reason: "no sensor" }), 2)).toEqual({
        publish: [],
        withdraw: ["home/d1", "home/d2"],
      });
      expect(r.stopped).toBe("1 of 3 failed, where none may");
      expect(r.of("home/d1")).toMatchObject({ phase: Phase.FAILED, reason: `${state}: no sensor` });
      expect(r.of("home/d2")?.phase).toBe(Phase.WITHDRAWN);
      expect(r.of("home/d3")?.phase).toBe(Phase.WAITING);
      expect(r.say("home/d2", say("failed"), 3)).toEqual(NOTHING);
      expect(r.tick(1e9)).toEqual(NOTHING);
    },
  );

  it("goes on where no more fail than may, without those", () => {
    const r = rollout(40, { first: { count: 10 }, failures: { percent: 20 } });
    expect(r.allowed).toEqual([2, 6]);
    r.start(0);
    for (const base of names(8)) expect(r.say(base, say("confirmed"), 1)).toEqual(NOTHING);
    expect(r.say("home/d8", say("failed"), 2)).toEqual({ publish: [], withdraw: ["home/d8"] });
    expect(r.say("home/d9", say("reverted"), 3)).toEqual({
      publish: names(40).slice(10),
      withdraw: ["home/d9"],
    });
    // Failures of the first stage are none of the second.
    for (const base of names(16).slice(10)) expect(r.say(base, say("failed"), 4).publish).toEqual([]);
    expect(r.isDone).toBe(false);
    r.say("home/d16", say("failed"), 5);
    expect(r.stopped).toBe("7 of 30 failed, where 6 may");
  });

  it("counts a device that is not done in time as failed, from when the manifest went to it", () => {
    const r = rollout(2, { timeout: MINUTE });
    r.start(1_000);
    expect(r.deadline).toBe(61_000);
    expect(r.tick(60_999)).toEqual(NOTHING);
    r.say("home/d0", say("confirmed"), 60_000);
    expect(r.deadline).toBe(120_000);
    r.say("home/d1", say("waiting", { reason: "the clock is not set" }), 60_001);
    expect(r.tick(120_000)).toEqual({ publish: [], withdraw: ["home/d1"] });
    expect(r.of("home/d1")?.reason).toBe("it was not ready in time: waiting, the clock is not set");
  });

  it("says of a device that never answered what to look at", () => {
    const r = rollout(1);
    r.start(0);
    r.tick(30 * MINUTE);
    expect(r.of("home/d0")?.reason).toMatch(/^it said nothing in time: is it online/);
  });

  it("counts a device that is late and confirmed as what it is", () => {
    const r = rollout(4, { first: { count: 2 }, failures: { count: 1 }, timeout: MINUTE });
    r.start(0);
    r.say("home/d0", say("trial"), 1);
    expect(r.tick(MINUTE).withdraw).toEqual(["home/d0", "home/d1"]);
    expect(r.stopped).toBe("2 of 2 failed, where 1 may");
    expect(r.say("home/d0", say("confirmed"), MINUTE + 1)).toEqual(NOTHING);
    expect(r.of("home/d0")).toMatchObject({ phase: Phase.CONFIRMED, reason: undefined });
    expect(r.stopped).toBeDefined();
  });

  it("hears nothing of what was said of another manifest, or by one whose turn has not come", () => {
    const r = rollout(20);
    r.start(0);
    expect(r.say("home/d0", say("failed", { manifest: "00000000" }), 1)).toEqual(NOTHING);
    expect(r.say("home/d0", { state: "confirmed", version: "0.2.0" }, 1)).toEqual(NOTHING);
    expect(r.say("home/d9", say("failed"), 1)).toEqual(NOTHING);
    expect(r.say("home/stranger", say("failed"), 1)).toEqual(NOTHING);
    expect(r.of("home/d0")).toMatchObject({ phase: Phase.UNDER_WAY, said: undefined });
  });

  it("hears a device that cannot be updated, and therefore names no manifest", () => {
    const r = rollout(1);
    r.start(0);
    const said = { state: "refused", version: "0.1.0", reason: "this device cannot be updated" } as const;
    expect(r.say("home/d0", said, 1)).toEqual({ publish: [], withdraw: ["home/d0"] });
    expect(r.of("home/d0")?.reason).toBe("refused: this device cannot be updated");
  });

  it("stops when it is told to, once", () => {
    const r = rollout(20);
    r.start(0);
    r.say("home/d0", say("confirmed"), 1);
    expect(r.stop("it was interrupted")).toEqual({ publish: [], withdraw: ["home/d1"] });
    expect(r.stop("again")).toEqual(NOTHING);
    expect(r.stopped).toBe("it was interrupted");
    expect(r.say("home/d1", say("confirmed"), 2)).toEqual(NOTHING);
  });

  it("publishes nothing where it is stopped before it began", () => {
    const r = rollout(3);
    expect(r.stop("it was interrupted")).toEqual(NOTHING);
    expect([...r.progress].every(({ phase }) => phase === Phase.WAITING)).toBe(true);
  });

  it("has one stage where all come first", () => {
    const r = rollout(5, { first: { percent: 100 } });
    expect(r.start(0).publish).toEqual(names(5));
    expect(r.stages).toHaveLength(1);
  });
});

const FINAL: readonly State[] = ["confirmed", "refused", "failed", "reverted"];

/** Drives a rollout in virtual time to its end. `outcome` says when each device says what. */
function drive(r: Rollout, outcome: (base: string) => { after: number; state: State } | undefined) {
  const waiting: { at: number; base: string; state: State }[] = [];
  const published: string[] = [];
  const withdrawn = new Set<string>();
  let stoppedAt: number | undefined;
  const act = ({ publish, withdraw }: Decision, now: number) => {
    if (publish.length > 0) {
      expect(stoppedAt).toBeUndefined();
      // The stage before is over, and what of it may fail is all that did.
      const before = [...r.progress].filter(({ stage }) => stage < r.stage);
      expect(before.some(({ phase }) => phase === Phase.UNDER_WAY || phase === Phase.WAITING)).toBe(false);
      const failed = before.filter(({ phase }) => phase === Phase.FAILED).length;
      expect(failed).toBeLessThanOrEqual(r.allowed[r.stage - 1] ?? 0);
    }
    for (const base of publish) {
      expect(published).not.toContain(base);
      published.push(base);
      const next = outcome(base);
      if (next) waiting.push({ at: now + next.after, base, state: next.state });
    }
    for (const base of withdraw) {
      expect(withdrawn.has(base)).toBe(false);
      withdrawn.add(base);
    }
    if (r.stopped !== undefined) stoppedAt ??= now;
  };
  let now = 0;
  act(r.start(now), now);
  for (let steps = 0; !r.isDone; steps++) {
    if (steps > 10_000) throw new Error("it never ends");
    waiting.sort((a, b) => a.at - b.at);
    const next = waiting[0];
    const { deadline = Number.POSITIVE_INFINITY } = r;
    if (next && next.at < deadline) {
      waiting.shift();
      now = next.at;
      act(r.say(next.base, say(next.state), now), now);
    } else {
      expect(deadline).toBeLessThan(Number.POSITIVE_INFINITY);
      now = deadline;
      act(r.tick(now), now);
    }
  }
  return { published, withdrawn, now };
}

describe("a rollout to many devices", () => {
  it("of a bad image stops at the first stage, whatever the rest would have done", () => {
    const r = rollout(1_000, { timeout: 30 * MINUTE });
    let order = 0;
    const { published, withdrawn } = drive(r, () => ({ after: 20_000 + 7 * order++, state: "reverted" }));
    expect(r.stages[0]).toHaveLength(100);
    expect(published).toHaveLength(100);
    expect(withdrawn.size).toBe(100);
    expect(r.stopped).toBe("11 of 100 failed, where 10 may");
  });

  it("of a good one reaches all thousand", () => {
    const r = rollout(1_000);
    const { published, withdrawn } = drive(r, () => ({ after: 20_000, state: "confirmed" }));
    expect([published.length, withdrawn.size, r.stopped]).toEqual([1_000, 0, undefined]);
  });

  it("always ends, puts no more at risk than it may, and takes the manifest back from all that are not confirmed", () => {
    const share = fc.oneof(
      fc.integer({ min: 0, max: 100 }).map((percent) => ({ percent })),
      fc.integer({ min: 0, max: 20 }).map((count) => ({ count })),
    );
    const outcome = fc.option(
      fc.record({
        after: fc.integer({ min: 0, max: 2 * MINUTE }),
        state: fc.constantFrom<State>(...FINAL, "confirmed", "confirmed", "confirmed", "trial"),
      }),
      { nil: undefined },
    );
    fc.assert(
      fc.property(
        ...[share, share, fc.array(outcome, { minLength: 1, maxLength: 40 })],
        (first, failures, outcomes) => {
          const r = rollout(outcomes.length, { first, failures, timeout: MINUTE });
          const { published, withdrawn, now } = drive(r, (base) => outcomes[Number(base.slice(6))]);
          expect(now).toBeLessThanOrEqual(2 * MINUTE);
          for (const { base, phase } of r.progress) {
            expect(phase).not.toBe(Phase.UNDER_WAY);
            const isPublished = published.includes(base);
            expect(isPublished).toBe(phase !== Phase.WAITING);
            if (isPublished && phase !== Phase.CONFIRMED) expect(withdrawn.has(base)).toBe(true);
            const { after = MINUTE } = outcomes[Number(base.slice(6))] ?? {};
            if (phase === Phase.CONFIRMED && after < MINUTE) expect(withdrawn.has(base)).toBe(false);
          }
          if (r.stopped === undefined) expect(published).toHaveLength(outcomes.length);
          const most = Math.max(1, shareOf(first, outcomes.length));
          if (r.stage === 0) expect(published.length).toBeLessThanOrEqual(most);
        },
      ),
      { numRuns: 500 },
    );
  });
});
