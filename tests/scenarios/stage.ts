/**
 * Where a scenario plays. The same script runs in simulated time, on the virtual board with any engine, and in real
 * time, on Moddable's desktop simulator.
 */

import type { ProgramOptions } from "./program/program.js";
import type { Wire } from "./wire.js";

/** A message that a client has published, or the broker as its will. */
export interface Heard {
  readonly topic: string;
  readonly payload: string;
}

export interface Stage {
  /** Everything between the device and the servers. */
  readonly wire: Wire;
  /** All that was published at the broker, by whomever, in order. */
  readonly heard: readonly Heard[];
  /** What the programs have told, each boot's behind the one before. */
  readonly told: readonly string[];
  /** The broker, as the device reaches it. */
  readonly broker: { readonly host: string; readonly port: number };
  /** Whose MQTT client is under test. */
  readonly client: "ours" | "Moddable's";
  /** Two slots, and an update that is ready. */
  readonly update?: Update;
  /** Milliseconds since 1970. */
  now(): number;

  /** Switches the device on with this program. Its flash has what was left there. */
  start(program: ProgramOptions): Promise<void>;
  /** The program ends in an orderly way, and the device is off. */
  stop(): Promise<void>;
  /** The device is off at once; its connections end without a goodbye. */
  kill(): Promise<void>;

  /** The broker cannot be reached, and all connections to it have ended. */
  outage(): Promise<void>;
  /** It can be reached again. */
  repair(): Promise<void>;

  /** Somebody publishes. */
  publish(topic: string, payload: string, how: { QoS: 0 | 1 | 2; retain?: boolean }): Promise<void>;
  /** The retained message of a topic. */
  retained(topic: string): Promise<string | undefined>;

  /**
   * Waits until something is so.
   * @param what it is, for the error: "there is a reading"
   * @throws Error when it does not come to be within `limit` milliseconds, by default a minute
   */
  until(what: string, holds: () => boolean, limit?: number): Promise<void>;
  /** Waits so many milliseconds. */
  pass(milliseconds: number): Promise<void>;
}

export interface Update {
  /** The version that runs, and the one that the update brings. */
  readonly versions: readonly [string, string];
  /** The public key, as the setting `updatekey`. */
  readonly key: string;
  /** A manifest that is signed for the key, and one that is signed for another. */
  readonly manifest: string;
  readonly forged: string;
  /** The version in the slot that is chosen at each boot, in order. */
  booted(): readonly string[];
}

export interface Scenario {
  readonly name: string;
  /** What not every stage has: two slots and an update, or a device that can reset itself. It is skipped on others. */
  readonly needs?: "update" | "reset";
  /** @throws AssertionError where the device does otherwise than it must */
  play(stage: Stage): Promise<void>;
}
