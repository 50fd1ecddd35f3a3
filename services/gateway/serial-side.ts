/** The serial side: one port, opened again for as long as it takes when it is missing or pulled out. */

import { SerialPort } from "serialport";
import { Backoff } from "../../firmware/links/backoff.js";
import { explainSerial } from "../../host-sim/io/serial.js";
import { type Hub, type Peer, Session } from "./session.js";

export interface SerialSideOptions {
  hub: Hub;
  /** Device file or port name, such as `/dev/ttyUSB0` or `COM3`. */
  device: string;
  /** Bits per second, 8N1. */
  baud: number;
  /** Of a line that names no device. */
  name: string;
  onNote(text: string): void;
  onWarning(text: string): void;
}

/** Milliseconds after which an open port was a good one: a USB adapter with a loose plug comes and goes. */
const SETTLED = 5_000;

export class SerialSide implements Peer {
  #options: SerialSideOptions;
  #port: SerialPort | undefined;
  #session: Session | undefined;
  #backoff = new Backoff(Math.random);
  #timer: NodeJS.Timeout | undefined;
  #openedAt = 0;
  /** Nothing has come since the port was opened. */
  #isSilent = true;
  #isTroubled = false;
  #isStopped = false;
  /** Bytes that were handed to the port and not written yet. */
  #unwritten = 0;

  constructor(options: SerialSideOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#session !== undefined;
  }

  get unread(): number {
    return this.#unwritten;
  }

  /** A device that does not read is not waited for: its receipts are left out. */
  get isBlocked(): boolean {
    return false;
  }

  start(): void {
    const { device, baud } = this.#options;
    const port = new SerialPort({ path: device, baudRate: baud, autoOpen: false });
    this.#port = port;
    this.#unwritten = 0;
    port
      .on("data", (chunk: Buffer) => this.#receive(port, chunk))
      .on("error", (error: Error) => this.#lost(port, error))
      .on("close", () => this.#lost(port, new Error(`${device} is gone`)));
    port.open((error) => {
      if (error) this.#lost(port, error);
      else this.#opened(port);
    });
  }

  write(text: string): void {
    const port = this.#port;
    const bytes = Buffer.from(text);
    if (!port?.isOpen || this.#unwritten + bytes.length > this.#options.hub.limits.unread) return;
    this.#unwritten += bytes.length;
    port.write(bytes);
    port.drain(() => {
      if (port === this.#port) this.#unwritten -= bytes.length;
    });
  }

  pause(): void {
    this.#port?.pause();
  }

  resume(): void {
    if (!this.#isStopped) this.#port?.resume();
  }

  end(): void {}

  close(text: string): void {
    this.write(`${text}\n`);
    if (this.#port) this.#lost(this.#port, new Error(text));
  }

  /** Reads nothing more. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#port?.pause();
  }

  /** @returns when the port is closed */
  async finish(): Promise<void> {
    const port = this.#port;
    this.#port = undefined;
    if (!port) return;
    if (port.opening) await new Promise((resolve) => port.once("open", resolve).once("error", resolve));
    if (port.isOpen) await new Promise<void>((resolve) => port.close(() => resolve()));
    this.#session?.gone(false);
    this.#session = undefined;
  }

  #opened(port: SerialPort): void {
    if (port !== this.#port) return;
    const { hub, device, name, onNote } = this.#options;
    this.#openedAt = performance.now();
    if (this.#isTroubled) onNote(`serial port: ${device} is open again`);
    this.#isTroubled = false;
    this.#isSilent = true;
    this.#session = new Session({ hub, peer: this, name, isPort: true });
    // A relay that never says a word has its commands all the same.
    hub.devices.attach(name, this.#session);
  }

  #receive(port: SerialPort, chunk: Buffer): void {
    if (port !== this.#port || !this.#session) return;
    if (this.#isSilent && performance.now() - this.#openedAt < this.#options.hub.limits.joining)
      this.#session.join();
    this.#isSilent = false;
    this.#session.receive(chunk);
  }

  #lost(port: SerialPort, error: Error): void {
    if (port !== this.#port || this.#isStopped) return;
    const { device, onWarning } = this.#options;
    this.#port = undefined;
    if (port.isOpen) port.close(() => {});
    if (this.#session) {
      this.#backoff.ended(performance.now() - this.#openedAt, SETTLED);
      this.#session.gone(true);
      this.#session = undefined;
    }
    if (!this.#isTroubled) onWarning(`serial port: ${explainSerial(device, error)}; it is tried again`);
    this.#isTroubled = true;
    this.#timer = setTimeout(() => this.start(), this.#backoff.next());
  }
}
