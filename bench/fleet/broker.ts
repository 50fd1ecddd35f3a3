/** The broker of a run: one that is there, or one that is started for it, in a process of its own. */

import { type ChildProcess, fork } from "node:child_process";
import { Failure } from "../../cli/command.js";
import { brokerURL } from "../../cli/common-options.js";
import { type Endpoint, parseBroker } from "../../firmware/codec/endpoint.js";
import type { Secure } from "../../host-sim/io/tls.js";
import { freePort, hasProgram } from "../../host-sim/world/programs.js";
import type { FromBroker, ToBroker } from "./messages.js";
import type { FleetOptions } from "./options.js";

export interface Broker {
  /** For the devices: with user and password where there are such. */
  url: string;
  /** For whoever reads it. */
  description: string;
  endpoint: Endpoint;
  secure: Secure | undefined;
  /**
   * Restarts it; without it the broker is not ours to restart.
   * @param stays beginning of the client identifiers of those who must miss nothing
   * @returns milliseconds that it was away
   */
  restart?(away: number, stays: string): Promise<number>;
  close(): Promise<void>;
}

export async function openBroker({ broker }: Pick<FleetOptions, "broker">): Promise<Broker> {
  if (broker) {
    const { url, endpoint, secure } = broker;
    return { url, description: brokerURL(endpoint), endpoint, secure, close: async () => {} };
  }
  return startBroker();
}

async function startBroker(): Promise<Broker> {
  const kind = hasProgram("mosquitto") ? "mosquitto" : "aedes";
  const child = fork(new URL("./broker-process.js", import.meta.url));
  const ready = await ask(child, { order: "start", kind, port: kind === "aedes" ? 0 : await freePort() });
  if (ready.said !== "ready") throw new Failure("the broker did not start");
  const url = `mqtt://127.0.0.1:${ready.port}`;
  return {
    url,
    description: `${url} (${kind === "aedes" ? "embedded, a process of its own" : "Mosquitto, started for this"})`,
    endpoint: parseBroker(url) as Endpoint,
    secure: undefined,
    restart: async (away, stays) => {
      const back = await ask(child, { order: "restart", away, stays });
      return back.said === "back" ? back.away : away;
    },
    close: async () => {
      if (child.exitCode !== null) return;
      const exit = new Promise((resolve) => child.once("exit", resolve));
      child.disconnect();
      await exit;
    },
  };
}

/** @throws Failure where it fails, or has ended */
function ask(child: ChildProcess, message: ToBroker): Promise<FromBroker> {
  return new Promise((resolve, reject) => {
    const onMessage = (answer: FromBroker) => {
      child.off("exit", onExit);
      if (answer.said === "failed") reject(new Failure(`the broker: ${answer.reason}`));
      else resolve(answer);
    };
    const onExit = () => {
      child.off("message", onMessage);
      reject(new Failure("the broker's process has ended"));
    };
    child.once("message", onMessage).once("exit", onExit);
    child.send(message);
  });
}
