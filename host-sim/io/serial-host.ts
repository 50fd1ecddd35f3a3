import type { MessagePort } from "node:worker_threads";
import type { SerialReply, SerialRequest } from "./remote-serial.js";
import { Serial, type SerialOptions } from "./serial.js";

/** The serial ports of a thread that cannot have them itself, in this one; see `remoteSerial`. */
export class SerialHost {
  #port: MessagePort;
  #open = new Map<number, ServedSerial>();
  /** Ports that are closed, and not free for others yet. */
  #closing = new Set<Promise<void>>();

  /** @param port one end of a channel; closed with this */
  constructor(port: MessagePort) {
    this.#port = port;
    port.on("message", (request: SerialRequest) => this.#take(request));
  }

  /** Closes what the other thread has left open, and returns when others can have it. */
  async close(): Promise<void> {
    this.#port.close();
    for (const id of [...this.#open.keys()]) this.#close(id);
    await Promise.all(this.#closing);
  }

  #take(request: SerialRequest): void {
    const { id } = request;
    if (request.kind === "open") {
      const { device, baud } = request;
      const reply = (message: SerialReply) => this.#port.postMessage(message);
      this.#open.set(id, new ServedSerial({ device, baud, format: "buffer" }, id, reply));
    } else if (request.kind === "write") this.#open.get(id)?.write(request.bytes);
    else this.#close(id);
  }

  #close(id: number): void {
    const serial = this.#open.get(id);
    if (!serial) return;
    this.#open.delete(id);
    const { isFree } = serial;
    this.#closing.add(isFree);
    void isFree.then(() => this.#closing.delete(isFree));
    serial.close();
  }
}

/** A port that tells another thread what happens to it. */
class ServedSerial extends Serial {
  /** Others can have the port. */
  readonly isFree: Promise<void>;
  #id: number;
  #reply: (message: SerialReply) => void;
  #onFree: () => void = () => {};

  constructor(options: SerialOptions, id: number, reply: (message: SerialReply) => void) {
    super(options);
    this.#id = id;
    this.#reply = reply;
    this.isFree = new Promise((resolve) => {
      this.#onFree = resolve;
    });
  }

  protected override onWireReady(): void {
    super.onWireReady();
    this.#reply({ id: this.#id, kind: "ready" });
  }

  protected override onWireData(bytes: Uint8Array): void {
    this.#reply({ id: this.#id, kind: "data", bytes });
  }

  protected override onWireSent(count: number): void {
    super.onWireSent(count);
    this.#reply({ id: this.#id, kind: "sent", count });
  }

  protected override onWireLost(reason: Error): void {
    if (!this.isClosed) this.#reply({ id: this.#id, kind: "lost", reason: reason.message });
    super.onWireLost(reason);
  }

  protected override onShut(): void {
    this.#onFree();
  }
}
