/**
 * A broker on loopback, under a process that ends with the one that wanted it: a Mosquitto that is installed, or the
 * embedded one in this process.
 */

import { errorText } from "../../firmware/error-text.js";
import { startEmbeddedBroker } from "../../host-sim/world/embedded-broker.js";
import { Mosquitto } from "../../host-sim/world/mosquitto.js";
import { serve, tell } from "./channel.js";
import type { BrokerKind, FromBroker, ToBroker } from "./messages.js";

interface Broker {
  readonly port: number;
  /** @param stays beginning of the client identifiers of those who must miss nothing */
  restart(away: number, stays: string): Promise<void>;
}

/** A subscriber of all that a fleet says must lose nothing while it is away: Mosquitto's usual limits are 20 and 1,000. */
const LIMITS = ["max_inflight_messages 1000", "max_queued_messages 0", "max_connections -1"];

let broker: Broker | undefined;

const say = tell<FromBroker>;

serve<ToBroker>((message) => {
  obey(message).catch((error: unknown) => say({ said: "failed", reason: errorText(error) }));
});

async function obey(message: ToBroker): Promise<void> {
  if (message.order === "start") {
    broker = await start(message.kind, message.port);
    say({ said: "ready", port: broker.port });
    return;
  }
  const from = performance.now();
  await broker?.restart(message.away, message.stays);
  say({ said: "back", away: performance.now() - from });
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
