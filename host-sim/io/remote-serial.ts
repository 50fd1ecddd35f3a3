import type { MessagePort } from "node:worker_threads";
import type { SerialClass } from "../../firmware/ports.js";
import type { SerialOptions } from "./serial.js";
import { SerialPortBase } from "./serial-port.js";

/** What a serial class in one thread asks of the ports in another; `id` tells its instances apart. */
export type SerialRequest = { id: number } & (
  | { kind: "open"; device: string; baud: number }
  | { kind: "write"; bytes: Uint8Array }
  | { kind: "close" }
);

/** What it is told. */
export type SerialReply = { id: number } & (
  | { kind: "ready" }
  | { kind: "data"; bytes: Uint8Array }
  | { kind: "sent"; count: number }
  | { kind: "lost"; reason: string }
);

/**
 * As `Serial`, for a thread that is not the main one: the `serialport` package ends the whole process there. The ports are
 * those of a `SerialHost` at the other end of `port`.
 */
export function remoteSerial(port: MessagePort): SerialClass {
  const open = new Map<number, RemoteSerial>();
  let last = 0;
  port.on("message", (reply: SerialReply) => open.get(reply.id)?.take(reply));
  const ask = (request: SerialRequest) => {
    if (request.kind === "close") open.delete(request.id);
    port.postMessage(request);
  };
  return class extends RemoteSerial {
    constructor(options: SerialOptions) {
      last += 1;
      super(options, last, ask);
      open.set(last, this);
    }
  } as unknown as SerialClass;
}

class RemoteSerial extends SerialPortBase {
  #id: number;
  #ask: (request: SerialRequest) => void;

  constructor(options: SerialOptions, id: number, ask: (request: SerialRequest) => void) {
    super(options);
    const { device } = options;
    if (typeof device !== "string" || device === "") throw new TypeError("device is missing");
    this.#id = id;
    this.#ask = ask;
    ask({ id, kind: "open", device, baud: options.baud as number });
  }

  take(reply: SerialReply): void {
    if (reply.kind === "ready") this.onWireReady();
    else if (reply.kind === "data") this.onWireData(reply.bytes);
    else if (reply.kind === "sent") this.onWireSent(reply.count);
    else this.onWireLost(new Error(reply.reason));
  }

  protected override transmit(bytes: Uint8Array): void {
    this.#ask({ id: this.#id, kind: "write", bytes });
  }

  protected override shut(): void {
    this.#ask({ id: this.#id, kind: "close" });
  }
}
