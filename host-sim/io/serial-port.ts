import { integerOption } from "./io.js";
import { Stream, type StreamOptions } from "./stream.js";

export interface SerialPortOptions extends StreamOptions {
  /** Bits per second. */
  baud?: number;
}

/** Bytes of the transmit buffer: the ESP32's FIFO. */
const TRANSMIT_SIZE = 128;

/** ECMA-419's serial class without the wire: the live and the virtual one differ in what is behind it. */
export abstract class SerialPortBase extends Stream {
  constructor(options: SerialPortOptions) {
    super(options);
    integerOption(options, "baud", 1, 20_000_000);
  }

  /** What is asked for beyond what has arrived is left out. */
  protected override countToRead(wanted: number, available: number): number {
    if (!(wanted > 0)) throw new RangeError("byteLength is not positive");
    return Math.min(wanted, available);
  }

  write(data: number | ArrayBuffer | Uint8Array): void {
    this.checkOpen();
    const bytes = this.written(data);
    if (bytes.length > this.free) throw new Error("output full");
    this.free -= bytes.length;
    if (bytes.length > 0) this.transmit(bytes);
  }

  close(): void {
    if (this.isClosed) return;
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
