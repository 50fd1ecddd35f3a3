import { toInteger } from "../chips/options.js";
import { Stream, type StreamOptions } from "./stream.js";

export interface SerialPortOptions extends StreamOptions {
  /** Bits per second. */
  baud?: number;
}

const FASTEST = 20_000_000;

/** Bytes of the transmit buffer: the ESP32's FIFO. */
const TRANSMIT_SIZE = 128;

/** ECMA-419's serial class without the wire: the live and the virtual one differ in what is behind it. */
export abstract class SerialPortBase extends Stream {
  constructor(options: SerialPortOptions) {
    super(options);
    const baud = toInteger(options.baud);
    if (!(baud > 0 && baud <= FASTEST)) throw new RangeError(`baud is ${baud}; 1 to ${FASTEST} is allowed`);
  }

  /** What is asked for beyond what has arrived is left out. */
  protected override countToRead(wanted: number, available: number): number {
    if (!(wanted > 0)) throw new Error("byteLength is not positive");
    return Math.min(wanted, available);
  }

  write(data: number | ArrayBuffer | Uint8Array): void {
    Stream.checkOpen(this);
    const bytes = this.written(data);
    if (bytes.length > this.free) throw new Error("output full");
    this.free -= bytes.length;
    if (bytes.length > 0) this.transmit(bytes);
  }

  close(): void {
    if (!Stream.isOpen(this)) return;
    this.isClosed = true;
    this.incoming.clear();
    this.shut();
  }

  // --- for the wire --------------------------------------------------------------------------------------------

  protected abstract transmit(bytes: Uint8Array): void;
  protected abstract shut(): void;

  protected onWireReady(): void {
    if (this.isClosed) return;
    this.free = TRANSMIT_SIZE;
    this.tellWritable();
  }

  protected onWireData(bytes: Uint8Array): void {
    if (this.isClosed) return;
    this.incoming.push(bytes);
    this.tellReadable();
  }

  protected onWireSent(count: number): void {
    if (this.isClosed) return;
    this.free += count;
    this.tellWritable();
  }

  /** The port is gone. The instance is of no more use. */
  protected onWireLost(reason: Error): void {
    if (this.isClosed) return;
    this.close();
    this.tellError(reason);
  }
}
