/** The program of the broker; see `broker.ts`. */

import { startEmbeddedBroker } from "../../host-sim/world/embedded-broker.js";
import type { BrokerTask } from "./broker.js";
import { launchMosquitto, type Mosquitto } from "./broker-kinds.js";
import { serve } from "./child.js";

let mosquitto: Mosquitto | undefined;

serve<BrokerTask, number>(
  async ({ kind }) => {
    if (kind === "aedes") return (await startEmbeddedBroker(0)).port;
    mosquitto = await launchMosquitto();
    await mosquitto.ready();
    return mosquitto.port;
  },
  () => mosquitto?.close(),
);
