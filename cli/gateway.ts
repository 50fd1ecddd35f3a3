import { hostPort } from "../firmware/codec/endpoint.js";
import { LinkState } from "../firmware/links/link-state.js";
import { BROKER_RETRY } from "../services/broker-client.js";
import { nameOfPort } from "../services/gateway/device-name.js";
import {
  type GatewayEvents,
  type RunningGateway,
  type GatewayOptions as StartOptions,
  startGateway,
} from "../services/gateway/gateway.js";
import { UsageError } from "./command.js";
import { brokerURL } from "./common-options.js";
import { type GatewayOptions, parseGatewayOptions } from "./gateway-options.js";
import type { Output } from "./output.js";
import type { Part } from "./parts.js";

export const gatewayPart: Part = (argv, version) => {
  const options = parseGatewayOptions(argv, version, process.env);
  return options && { ...options, run: (output, end) => run(options, version, output, end) };
};

async function run(
  options: GatewayOptions,
  version: string,
  output: Output,
  end: Promise<void>,
): Promise<void> {
  const { broker, idle, connections, perAddress } = options;
  const early = new Early();
  const gateway = await startAt(
    { ...options, ...broker, version, limits: { idle, connections, perAddress } },
    options.isDefaultPort,
    {
      broker: (lost) =>
        early.say(() =>
          lost === undefined ? output.link?.(LinkState.ONLINE) : output.lost?.(lost, BROKER_RETRY),
        ),
      device: (name, isOnline) =>
        early.say(() => output.note(`${name} is ${isOnline ? "online" : "offline"}`)),
      note: (text) => early.say(() => output.note(text)),
      warning: (text) => early.say(() => output.warning?.(text)),
    },
  );
  banner(output, version, options, gateway.port);
  early.end();
  await end;
  await gateway.close();
}

/** What is told before the banner comes after it. */
export class Early {
  #waiting: (() => void)[] | undefined = [];

  say(tell: () => void): void {
    if (this.#waiting) this.#waiting.push(tell);
    else tell();
  }

  /** The banner is there. */
  end(): void {
    for (const tell of this.#waiting ?? []) tell();
    this.#waiting = undefined;
  }
}

/**
 * Starts a gateway where the options say; where nobody asked for that port and it is taken, at another.
 * @throws UsageError with one line where it cannot be had
 */
export async function startAt(
  options: StartOptions,
  isDefaultPort: boolean,
  events: GatewayEvents,
): Promise<RunningGateway> {
  const { listen } = options;
  const start = (port: number | undefined) =>
    startGateway({
      ...options,
      listen: listen && { host: listen.host, port: port ?? listen.port },
      events,
    });
  try {
    return await start(undefined).catch((error: NodeJS.ErrnoException) => {
      if (!isDefaultPort || error.code !== "EADDRINUSE") throw error;
      events.note?.(`${error.message}: listening at another port`);
      return start(0);
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function banner(output: Output, version: string, options: GatewayOptions, port: number): void {
  const { broker, listen, serial, base, store, password } = options;
  const lines: [string, string][] = [];
  if (listen) {
    const asked = password === undefined ? "" : ", a password first";
    lines.push(["listen", `${hostPort(listen.host, port)} (TCP, a line for each message${asked})`]);
  }
  for (const { device, baud, name } of serial)
    lines.push(["serial", `${device} at ${baud} bit/s, as ${name ?? nameOfPort(device)}`]);
  lines.push(["broker", brokerURL(broker.endpoint)]);
  lines.push(["topics", `${base}/<device>/temperature ...`]);
  lines.push(["store", store ?? "temporary (--store <file> keeps what waits)"]);
  lines.push(["end", "Ctrl-C"]);
  output.banner(`Hearth ${version} gateway`, lines);
}
