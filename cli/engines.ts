/** The engines that a laptop's node can run on: Node itself, or XS, the one that a device has. */

import { boot } from "../firmware/boot.js";
import type { Board } from "../firmware/compose.js";
import type { Settings } from "../firmware/config.js";
import type { Monitor } from "../firmware/monitor.js";
import type { Node } from "../firmware/node.js";
import { bundleFirmware } from "../host-sim/boot/bundle.js";
import { parseImage } from "../host-sim/boot/image.js";
import { bundleForXS, imageForXS } from "../host-sim/xs/bundle.js";
import { XSMachine } from "../host-sim/xs/machine.js";
import { xsProgram } from "../host-sim/xs/process.js";
import type { Plain } from "../host-sim/xs/worker/wire.js";
import { UsageError } from "./command.js";
import { TOLD, type Told } from "./told.js";

/** What `--engine` may say, the default first. */
export const ENGINES = ["node", "xs"] as const;

/** A node from one start to the next. */
export interface Life {
  readonly settings: Settings;
  /** Of settings and storage, a line each. */
  readonly problems: readonly string[];
  start(): void;
  /** @param onStopped called once, when it has said goodbye and closed all that it had */
  stop(onStopped: () => void): void;
}

export interface LifeOptions {
  board: Board;
  /** Settings by name, as an image has them. */
  image: Readonly<Record<string, unknown>>;
  monitor: Monitor;
  version: string;
}

/** Begins a node's life; nothing of it is told before its `start`. */
export type Engine = (options: LifeOptions) => Life;

/** Makes the engine that was asked for. @throws UsageError where it is not on this machine */
export async function makeEngine(name: (typeof ENGINES)[number]): Promise<Engine> {
  return name === "xs" ? xsEngine() : nodeEngine;
}

/** The firmware in this process. */
export const nodeEngine: Engine = (options) => {
  const booted = boot(options);
  let node: Node | undefined;
  return {
    settings: booted.settings,
    problems: booted.problems,
    start: () => {
      node = booted.compose();
      node.start();
    },
    stop: (onStopped) => {
      if (node) node.stop(onStopped);
      else onStopped();
    },
  };
};

/** The firmware as one script on XS, and all of its IO here. */
async function xsEngine(): Promise<Engine> {
  try {
    xsProgram();
  } catch (error) {
    throw new UsageError(`--engine xs: ${(error as Error).message}`);
  }
  const scripts = [
    await bundleForXS("host-sim/xs/worker/node.js"),
    imageForXS(parseImage(await bundleFirmware()).code),
  ];
  let machine: XSMachine | undefined;
  return ({ board, image, monitor }) => {
    // The life before has ended by a restart, which it has asked for.
    machine?.close();
    let booted: [Settings, string[]] | undefined;
    let isStarted = false;
    const early: (() => void)[] = [];
    const tell = (line: string) => {
      const [method, ...values] = JSON.parse(line) as [string, ...never[]];
      if (method === "booted") {
        booted = values as unknown as [Settings, string[]];
        return;
      }
      // JSON has no `undefined`.
      const given = values.map((value) => value ?? undefined) as unknown as [never, never];
      const say = () => monitor[method as Told]?.(...given);
      if (isStarted) say();
      else early.push(say);
    };
    const options = { image: image as Record<string, Plain>, told: TOLD };
    const own = new XSMachine({ scripts, board, options, tell });
    machine = own;
    const [settings, problems] = booted as unknown as [Settings, string[]];
    return {
      settings,
      problems,
      start: () => {
        isStarted = true;
        for (const say of early) say();
      },
      stop: (onStopped) =>
        own.stop(() => {
          own.close();
          onStopped();
        }),
    };
  };
}
