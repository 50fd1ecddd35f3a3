import type { Plugin } from "esbuild";
import { parseImage } from "../../host-sim/boot/image.js";
import { bundleForXS, imageForXS } from "../../host-sim/xs/bundle.js";
import { XSMachine } from "../../host-sim/xs/machine.js";
import type { Plain } from "../../host-sim/xs/worker/wire.js";
import type { Engine } from "./engine.js";

/** The engine that a device has; its IO is the virtual board's. @param plugins change the firmware as it is bundled */
export async function makeXSEngine(plugins: Plugin[] = []): Promise<Engine> {
  const script = await bundleForXS("tests/scenarios/xs/serve.js", { plugins });
  const machines = new Set<XSMachine>();
  return {
    name: "XS",
    start: (board, options, tell, image) => {
      const scripts = image ? [script, imageForXS(parseImage(image).code)] : [script];
      const machine = new XSMachine({ scripts, board, options: options as unknown as Plain, tell });
      machines.add(machine);
      return {
        stop: (onStopped) => machine.stop(onStopped),
        end: () => {
          machines.delete(machine);
          machine.close();
        },
      };
    },
    close: () => {
      for (const machine of machines) machine.close();
      machines.clear();
    },
  };
}
