/** The programs in the worker of the XS engine. A firmware that came out of a slot's image is the global `firmware`. */

import MQTTClient from "../../../firmware/mqtt/client.js";
import { SHT3x } from "../../../firmware/sensors/sht3x.js";
import { TMP117 } from "../../../firmware/sensors/tmp117.js";
import type { Firmware } from "../../../host-sim/boot/firmware-image.js";
import { serve } from "../../../host-sim/xs/worker/serve.js";
import { type ProgramOptions, start } from "../program/program.js";

serve(() => {
  const { firmware } = globalThis as { firmware?: Firmware };
  return {
    parts: firmware ?? { MQTTClient, SHT3x, TMP117 },
    program: {
      start: (board, options, tell) => start(board, options as unknown as ProgramOptions, tell, firmware),
    },
  };
});
