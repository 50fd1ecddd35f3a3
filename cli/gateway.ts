import { hostPort } from "../firmware/codec/endpoint.js";
import { LinkState } from "../firmware/links/link-state.js";
import { BROKER_RETRY } from "../services/broker-client.js";
import { nameOfPort } from "../services/gateway/device-name.js";
import { type RunningGateway, startGateway } from "../services/gateway/gateway.js";
import { UsageError } from "./command.js";
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
  const early: (() => void)[] = [];
  let say = (tell: () => void): void => {
    early.push(tell);
  };
  const start = (port: number | undefined): Promise<RunningGateway> => {
    const { broker, listen, idle, connections, perAddress } = options;
    return startGateway({
      ...options,
      ...broker,
      listen: listen && { host: listen.host, port: port ?? listen.port },
      version,
      limits: { idle, connections, perAddress },
      events: {
        broker: (lost) =>
          say(() =>
            lost === undefined ? output.link?.(LinkState.ONLINE) : output.lost?.(lost, BROKER_RETRY),
          ),
        device: (name, isOnline) => say(() => output.note(`${name} is ${isOnline ? "online" : "offline"}`)),
        note: (text) => say(() => output.note(text)),
        warning: (text) => say(() => output.warning?.(text)),
      },
    });
  };
  let gateway: RunningGateway;
  try {
    gateway = await start(undefined).catch((error: NodeJS.ErrnoException) => {
      if (!options.isDefaultPort || error.code !== "EADDRINUSE") throw error;
      say(() => output.note(`${error.message}: listening at another port (--listen says which)`));
      return start(0);
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  banner(output, version, options, gateway.port);
  for (const tell of early) tell();
  say = (tell) => tell();
  await end;
  await gateway.close();
}

function banner(output: Output, version: string, options: GatewayOptions, port: number): void {
  const { broker, listen, serial, base, store, password } = options;
  const { host, port: brokerPort, secure } = broker.endpoint;
  const lines: [string, string][] = [];
  if (listen) {
    const asked = password === undefined ? "" : ", a password first";
    lines.push(["listen", `${hostPort(listen.host, port)} (TCP, a line for each message${asked})`]);
  }
  for (const { device, baud, name } of serial)
    lines.push(["serial", `${device} at ${baud} bit/s, as ${name ?? nameOfPort(device)}`]);
  lines.push(["broker", `mqtt${secure ? "s" : ""}://${hostPort(host, brokerPort)}`]);
  lines.push(["topics", `${base}/<device>/temperature ...`]);
  lines.push(["store", store ?? "temporary (--store <file> keeps what waits)"]);
  lines.push(["end", "Ctrl-C"]);
  output.banner(`Hearth ${version} gateway`, lines);
}
