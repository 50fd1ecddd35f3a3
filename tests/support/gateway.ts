import { once } from "node:events";
import net from "node:net";
import { type GatewayOptions, type RunningGateway, startGateway } from "../../services/gateway/gateway.js";
import { until } from "./peers.js";

const running = new Set<{ close(): unknown }>();

/** Ends every gateway and client that a test has started. */
export async function closeAll(): Promise<void> {
  // What was started last is closed first: clients, gateways, brokers.
  const all = [...running].reverse();
  running.clear();
  for (const one of all) await one.close();
}

/** What is closed with `closeAll`. */
export function closing<T extends { close(): unknown }>(one: T): T {
  running.add(one);
  return one;
}

/**
 * A gateway in this process on a free port, for the broker at `port`.
 * @param waits until the broker is there
 */
export async function gatewayAt(
  port: number,
  options: Partial<GatewayOptions> = {},
  waits = true,
): Promise<RunningGateway & { events: string[] }> {
  const events: string[] = [];
  const gateway = await startGateway({
    endpoint: { secure: false, user: undefined, password: undefined, host: "127.0.0.1", port },
    secure: undefined,
    base: "home",
    listen: { host: "127.0.0.1", port: 0 },
    ...options,
    limits: { goodbye: 300, ...options.limits },
    events: {
      broker: (lost) => events.push(lost === undefined ? "broker" : `lost: ${lost}`),
      device: (name, isOnline) => events.push(`${name} ${isOnline ? "online" : "offline"}`),
      note: (text) => events.push(text),
      warning: (text) => events.push(`! ${text}`),
    },
  });
  closing(gateway);
  if (waits) await until(() => events.includes("broker"));
  return Object.assign(gateway, { events });
}

/** A TCP client of the gateway that takes its answers apart. */
export class LineClient {
  readonly socket: net.Socket;
  readonly lines: string[] = [];
  /** The gateway has ended its side. */
  ended = false;
  closed = false;
  #text = "";

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (data) => {
      const parts = (this.#text + data).split("\n");
      this.#text = parts.pop() as string;
      this.lines.push(...parts);
    });
    socket.on("end", () => {
      this.ended = true;
    });
    socket.on("close", () => {
      this.closed = true;
    });
    socket.on("error", () => {});
  }

  /** What has come behind the last newline. */
  get rest(): string {
    return this.#text;
  }

  send(text: string | Uint8Array): void {
    this.socket.write(text);
  }

  /** Sends a line and waits for its receipt. */
  async ask(line: string): Promise<string> {
    const count = this.lines.length;
    this.send(`${line}\n`);
    await until(() => this.lines.length > count || this.ended || this.closed);
    return this.lines[count];
  }

  /** Waits for so many lines in all. */
  async count(lines: number): Promise<string[]> {
    await until(() => this.lines.length >= lines || this.ended || this.closed);
    return this.lines;
  }

  close(): void {
    this.socket.destroy();
  }
}

export async function connectLine(gateway: { port: number }, options: object = {}): Promise<LineClient> {
  const socket = net.connect({ port: gateway.port, host: "127.0.0.1", allowHalfOpen: true, ...options });
  await once(socket, "connect");
  return closing(new LineClient(socket));
}
