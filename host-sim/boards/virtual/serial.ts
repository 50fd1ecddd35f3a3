import type { SerialClass } from "../../../firmware/ports.js";
import { SerialPortBase, type SerialPortOptions } from "../../io/serial-port.js";
import type { TimerDomain, VirtualClock } from "./clock.js";

/** A serial line in memory: a test speaks into it, pulls it out and plugs it in again. */
export class VirtualLine {
  readonly Serial: SerialClass;
  /** What the node has written. */
  readonly written: number[] = [];
  #port: Port | undefined;
  #plugged = true;

  constructor(clock: VirtualClock) {
    this.Serial = this.on(clock.world);
  }

  /** The serial class of a board that is connected to this line; without power it opens nothing. */
  on(domain: TimerDomain): SerialClass {
    const line = this;
    class Port419 extends Port {
      constructor(options: SerialPortOptions) {
        super(options, domain, line);
        line.#port = this;
      }
    }
    return Port419 as unknown as SerialClass;
  }

  get isOpen(): boolean {
    return this.#port !== undefined;
  }

  get isPlugged(): boolean {
    return this.#plugged;
  }

  /** The sensor sends; where nobody has the port open, into the void. */
  send(data: string | Uint8Array): void {
    this.#port?.arrive(typeof data === "string" ? new TextEncoder().encode(data) : data);
  }

  unplug(): void {
    this.#plugged = false;
    this.#port?.lose();
  }

  /** The board has lost its power: what is sent now goes into the void, and nobody is told. */
  vanish(): void {
    this.#port?.close();
  }

  plug(): void {
    this.#plugged = true;
  }

  /** For the port. */
  released(): void {
    this.#port = undefined;
  }
}

class Port extends SerialPortBase {
  #line: VirtualLine;
  #domain: TimerDomain;

  constructor(options: SerialPortOptions, domain: TimerDomain, line: VirtualLine) {
    super(options);
    this.#line = line;
    this.#domain = domain;
    if (domain.isCut) throw new Error("no power");
    if (line.isOpen) throw new Error("the port is in use");
    domain.timer.set(() => {
      if (line.isPlugged) this.onWireReady();
      else this.lose();
    }, 0);
  }

  arrive(bytes: Uint8Array): void {
    this.onWireData(bytes);
  }

  lose(): void {
    this.onWireLost(new Error("the port is gone"));
  }

  protected override transmit(bytes: Uint8Array): void {
    this.#line.written.push(...bytes);
    this.#domain.timer.set(() => this.onWireSent(bytes.length), 1);
  }

  protected override shut(): void {
    this.#line.released();
  }
}
