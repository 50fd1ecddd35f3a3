/** What `npm run budgets` runs in the engine: a node in a world of its own, counted. */

import { boot } from "../../../firmware/boot.js";
import { VERSION } from "../../../firmware/version.js";
import { calibrate, timeline } from "./native.js";
import { beginProfile, clearProfile, profile } from "./profile.js";
import { makeWorld, type World } from "./world.js";

const { resetMeter } = globalThis;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

let world: World | undefined;

/** A callback of the firmware's, as it was counted. */
interface Turn {
  steps: number;
  /** What it called of the board, and after how many steps. */
  calls: [string, number][];
}

const commands: Record<string, (argument: never) => unknown> = {
  /** Makes the world; what it takes is not the firmware's. */
  world: ({ blocks, without }: { blocks: number; without: string[] }) => {
    calibrate();
    world = makeWorld(blocks, without);
  },

  /** Makes a node with these settings and starts it. */
  start: (image: Record<string, unknown>) => {
    const booted = boot({ board: (world as World).board, image, monitor: {}, version: VERSION });
    booted.compose().start();
    return booted.problems;
  },

  /** Lets milliseconds pass. @returns what was published at QoS 1 since the start */
  run: (milliseconds: number) => {
    const { clock, broker } = world as World;
    clock.run(milliseconds);
    return broker.published;
  },

  /** Lets milliseconds pass, and tells of each callback what it cost. */
  trace: (milliseconds: number) => {
    const { clock } = world as World;
    const turns: Turn[] = [];
    clock.enter = () => {
      timeline.names = [];
      timeline.at = [];
      resetMeter(0, 0);
    };
    clock.leave = () => {
      const steps = resetMeter(0, 0);
      turns.push({ steps, calls: timeline.names.map((name, i) => [name, timeline.at[i]]) });
    };
    timeline.isOn = true;
    clock.run(milliseconds);
    timeline.isOn = false;
    clock.enter = clock.leave = () => {};
    return turns;
  },

  /** For a firmware that was compiled for it: from now on, each function counts. */
  profile: () => beginProfile(),

  /** Lets milliseconds pass. @returns what each function took of them */
  profiled: (milliseconds: number) => {
    clearProfile();
    (world as World).clock.run(milliseconds);
    return profile();
  },
};

globalThis.handleCommand = (message) => {
  const [name, argument] = JSON.parse(decoder.decode(new Uint8Array(message))) as [string, never];
  const result = commands[name](argument);
  return result === undefined ? undefined : (encoder.encode(JSON.stringify(result)).buffer as ArrayBuffer);
};
