import { hasMosquitto } from "./broker-kinds.js";
import { Child } from "./child.js";

/** The broker that all publish to, in a process of its own. */
export interface Broker {
  readonly kind: string;
  readonly port: number;
  close(): Promise<unknown>;
}

/** What the program of the broker is asked, and answers. */
export interface BrokerTask {
  readonly kind: "mosquitto" | "aedes";
}

/** Starts Mosquitto where it is installed, aedes otherwise. @throws Error where it cannot be started */
export async function startBroker(signal: AbortSignal): Promise<Broker> {
  const kind = hasMosquitto() ? "mosquitto" : "aedes";
  const child = new Child<BrokerTask, number>("broker-process", signal);
  try {
    const port = await child.ask({ kind });
    return { kind, port, close: () => child.close() };
  } catch (error) {
    await child.close();
    throw error;
  }
}
