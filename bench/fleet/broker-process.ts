/**
 * A broker on loopback, under a process that ends with the one that wanted it: a Mosquitto that is installed, or the
 * embedded one in this process.
 */

import { errorText } from "../../firmware/error-text.js";
import { startEmbeddedBroker } from "../../host-sim/world/embedded-broker.js";
import { Mosquitto } from "../../host-sim/world/mosquitto.js";
import type { BrokerKind, FromBroker, ToBroker } from "./messages.js";

interface Broker {
  readonly port: number;
  restart(away: number, subscriber: string): Promise<void>;
}

/** A subscriber of all that a fleet says must lose nothing while it is away: Mosquitto's usual limits are 20 and 1,000. */
const LIMITS = ["max_inflight_messages 1000", "max_queued_messages 0", "max_connections -1"];

let broker: Broker | undefined;

// Ctrl-C is for the coordinator, which ends this by its channel.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.on("disconnect", () => process.exit(0));
process.on("message", (message: ToBroker) => {
  obey(message).catch((error: unknown) => tell({ said: "failed", reason: errorText(error) }));
});

async function obey(message: ToBroker): Promise<void> {
  if (message.order === "start") {
    broker = await start(message.kind, message.port);
    tell({ said: "ready", port: broker.port });
    return;
  }
  const from = performance.now();
  await broker?.restart(message.away, message.subscriber);
  tell({ said: "back", away: performance.now() - from });
}

async function start(kind: BrokerKind, port: number): Promise<Broker> {
  if (kind === "aedes") return startEmbeddedBroker(port);
  const mosquitto = new Mosquitto(port, LIMITS);
  process.on("exit", () => mosquitto.remove());
  await mosquitto.start();
  return {
    port,
    restart: async (away) => {
      await mosquitto.stop();
      await new Promise((resolve) => setTimeout(resolve, away));
      await mosquitto.start();
    },
  };
}

function tell(message: FromBroker): void {
  if (process.connected) process.send?.(message);
}
