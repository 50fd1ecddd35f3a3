/**
 * A staged rollout: a share of the devices first, the rest when those are confirmed, and no more where too many fail. A
 * pure state machine: what devices say and what time it is goes in, what to publish and to withdraw comes out.
 */

import type { DeviceState } from "./device-state.js";
import { type Share, shareOf } from "./share.js";

export interface RolloutOptions {
  /** Bases, each once, in the order in which they get their turn. */
  devices: readonly string[];
  /** Id of the manifest: what devices say of others is none of this. */
  manifest: string;
  /** How many come first; at least one. */
  first: Share;
  /** How many of a stage may fail. */
  failures: Share;
  /** Milliseconds from the publishing to a device until it counts as failed. */
  timeout: number;
}

export const enum Phase {
  /** Its stage has not begun. */
  WAITING,
  /** It has got the manifest. */
  UNDER_WAY,
  CONFIRMED,
  FAILED,
  /** Under way when the rollout was stopped. */
  WITHDRAWN,
}

export interface Progress {
  readonly base: string;
  /** 0 is the first. */
  readonly stage: number;
  readonly phase: Phase;
  /** What it said last of this manifest. */
  readonly said: DeviceState | undefined;
  /** Why it failed. */
  readonly reason: string | undefined;
}

/** What is to be done now. A device is in one of the lists at most. */
export interface Decision {
  /** The manifest goes to these. */
  readonly publish: readonly string[];
  /** And is taken back from these. */
  readonly withdraw: readonly string[];
}

interface Member {
  base: string;
  stage: number;
  phase: Phase;
  said: DeviceState | undefined;
  reason: string | undefined;
  /** Ms, of the clock that the caller has: when it is late. */
  deadline: number;
}

const NOTHING: Decision = { publish: [], withdraw: [] };

export class Rollout {
  /** By stage. */
  readonly stages: readonly (readonly string[])[];
  /** Of each stage, how many may fail. */
  readonly allowed: readonly number[];
  #members = new Map<string, Member>();
  #manifest: string;
  #timeout: number;
  /** The present stage, -1 before the start. */
  #stage = -1;
  #stopped: string | undefined;
  /** Of the present stage. */
  #open = 0;
  #failed = 0;

  constructor({ devices, manifest, first, failures, timeout }: RolloutOptions) {
    const count = Math.min(Math.max(1, shareOf(first, devices.length)), devices.length);
    this.stages = [devices.slice(0, count), devices.slice(count)].filter((stage) => stage.length > 0);
    this.allowed = this.stages.map((stage) => shareOf(failures, stage.length));
    this.#manifest = manifest;
    this.#timeout = timeout;
    for (const [stage, bases] of this.stages.entries())
      for (const base of bases)
        this.#members.set(base, {
          ...{ base, stage, phase: Phase.WAITING },
          ...{ said: undefined, reason: undefined, deadline: Number.POSITIVE_INFINITY },
        });
  }

  /** Nothing more will be published; devices may still be late with what they say. */
  get isDone(): boolean {
    return this.#stopped !== undefined || this.#stage === this.stages.length;
  }

  /** Why it was stopped. */
  get stopped(): string | undefined {
    return this.#stopped;
  }

  /** 0 is the first. */
  get stage(): number {
    return this.#stage;
  }

  get progress(): Iterable<Progress> {
    return this.#members.values();
  }

  of(base: string): Progress | undefined {
    return this.#members.get(base);
  }

  /** When `tick` has to be called at the latest; `undefined` where time does not matter. */
  get deadline(): number | undefined {
    if (this.isDone) return undefined;
    let next = Number.POSITIVE_INFINITY;
    for (const { phase, deadline } of this.#members.values())
      if (phase === Phase.UNDER_WAY) next = Math.min(next, deadline);
    return Number.isFinite(next) ? next : undefined;
  }

  /** Once. */
  start(now: number): Decision {
    return this.#begin(0, now);
  }

  /** A device has said something; that it runs the new version counts, also where it is late. */
  say(base: string, said: DeviceState, now: number): Decision {
    const member = this.#members.get(base);
    // A device that cannot be updated at all looks at no manifest.
    const isOurs =
      said.manifest === this.#manifest || (said.manifest === undefined && said.state === "refused");
    if (!member || !isOurs || member.phase === Phase.WAITING) return NOTHING;
    if (member.phase === Phase.CONFIRMED) return NOTHING;
    member.said = said;
    if (said.state === "confirmed") {
      this.#end(member, Phase.CONFIRMED, undefined);
      return this.#goOn(now, []);
    }
    if (member.phase !== Phase.UNDER_WAY) return NOTHING;
    if (said.state !== "refused" && said.state !== "failed" && said.state !== "reverted") return NOTHING;
    this.#end(member, Phase.FAILED, `${said.state}: ${said.reason ?? "no reason given"}`);
    return this.#goOn(now, [base]);
  }

  /** Time has passed. */
  tick(now: number): Decision {
    if (this.isDone) return NOTHING;
    const late: string[] = [];
    for (const member of this.#members.values()) {
      if (member.phase !== Phase.UNDER_WAY || member.deadline > now) continue;
      this.#end(member, Phase.FAILED, lateReason(member.said));
      late.push(member.base);
    }
    return late.length === 0 ? NOTHING : this.#goOn(now, late);
  }

  /** Somebody wants no more of it. Harmless when it is done. */
  stop(reason: string): Decision {
    return this.isDone ? NOTHING : this.#stop(reason, []);
  }

  #begin(stage: number, now: number): Decision {
    this.#stage = stage;
    this.#open = 0;
    this.#failed = 0;
    const publish = this.stages[stage] ?? [];
    for (const base of publish) {
      const member = this.#members.get(base) as Member;
      member.phase = Phase.UNDER_WAY;
      member.deadline = now + this.#timeout;
      this.#open++;
    }
    return { publish, withdraw: [] };
  }

  #end(member: Member, phase: Phase, reason: string | undefined): void {
    if (member.stage === this.#stage) {
      if (member.phase === Phase.UNDER_WAY) this.#open--;
      if (member.phase === Phase.FAILED) this.#failed--;
      if (phase === Phase.FAILED) this.#failed++;
    }
    member.phase = phase;
    member.reason = reason;
  }

  /** Stops, begins the next stage, or waits. */
  #goOn(now: number, withdraw: readonly string[]): Decision {
    if (this.isDone) return { publish: [], withdraw };
    const allowed = this.allowed[this.#stage];
    if (this.#failed > allowed) {
      const count = `${this.#failed} of ${this.stages[this.#stage].length} failed`;
      return this.#stop(`${count}, where ${allowed === 0 ? "none" : `${allowed}`} may`, withdraw);
    }
    if (this.#open > 0) return { publish: [], withdraw };
    return { ...this.#begin(this.#stage + 1, now), withdraw };
  }

  #stop(reason: string, withdraw: readonly string[]): Decision {
    this.#stopped = reason;
    const all = [...withdraw];
    for (const member of this.#members.values()) {
      if (member.phase !== Phase.UNDER_WAY) continue;
      member.phase = Phase.WITHDRAWN;
      all.push(member.base);
    }
    return { publish: [], withdraw: all };
  }
}

function lateReason(said: DeviceState | undefined): string {
  if (!said)
    return "it said nothing in time: is it online, is its base right, and has it a version that takes updates?";
  return `it was not ready in time: ${said.state}${said.reason === undefined ? "" : `, ${said.reason}`}`;
}
