/**
 * The whole node as a program on XS: what `main.ts` does on a device. The firmware is that of an image. Its first line is
 * `["booted", settings, problems]`.
 */

import type { Firmware } from "../../boot/firmware-image.js";
import { serve } from "./serve.js";
import type { Plain } from "./wire.js";

/** An image's script defines it. */
declare const firmware: Firmware;

/** What the program is started with. */
export interface NodeOptions {
  /** Settings by name, as an image has them. */
  readonly image: { readonly [name: string]: Plain };
  /** What of a monitor it tells, each as a line `[method, ...arguments]` of JSON. */
  readonly told: readonly string[];
  readonly [name: string]: Plain;
}

serve(() => ({
  parts: firmware,
  program: {
    start: (board, options, tell) => {
      const { image, told } = options as unknown as NodeOptions;
      const monitor: Record<string, (...values: unknown[]) => void> = {};
      for (const method of told) monitor[method] = (...values) => tell(JSON.stringify([method, ...values]));
      const booted = firmware.boot({ board, image, monitor, version: firmware.version });
      tell(JSON.stringify(["booted", booted.settings, booted.problems]));
      const node = booted.compose();
      node.start();
      return node;
    },
  },
}));
