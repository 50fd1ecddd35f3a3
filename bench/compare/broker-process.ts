/** The program of the broker; see `broker.ts`. */

import { startEmbeddedBroker } from "../../host-sim/world/embedded-broker.js";
import type { BrokerTask } from "./broker.js";
import { type Mosquitto, startMosquitto } from "./broker-kinds.js";
import { serve } from "./child.js";

let mosquitto: Mosquitto | undefined;

serve<BrokerTask, number>(
  async ({ kind }) => {
    if (kind === "aedes") return (await startEmbeddedBroker(0)).port;
    mosquitto = await startMosquitto();
    return mosquitto.port;
  },
  () => mosquitto?.close(),
);
