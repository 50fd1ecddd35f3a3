import { SerialPort } from "serialport";
import { SerialPortBase, type SerialPortOptions } from "./serial-port.js";

export interface SerialOptions extends SerialPortOptions {
  /** Device file or port name, such as `/dev/ttyUSB0` or `COM3`. */
  device?: string;
}

/**
 * ECMA-419's serial class on the `serialport` package, 8N1. A port that cannot be opened is reported by `onError`,
 * not by the constructor: the operating system answers later.
 */
export class Serial extends SerialPortBase {
  #port: SerialPort;

  constructor(options: SerialOptions) {
    super(options);
    const { device } = options;
    if (typeof device !== "string" || device === "") throw new TypeError("device is missing");
    this.#port = new SerialPort({ path: device, baudRate: options.baud as number, autoOpen: false });
    this.#port
      .on("data", (data: Buffer) => this.onWireData(new Uint8Array(data)))
      .on("error", (error) => this.onWireLost(error))
      .on("close", () => this.onWireLost(new Error(`${device} is gone`)));
    this.#port.open((error) => {
      if (this.isClosed) {
        if (error) this.onShut();
        else this.#release();
      } else if (error) this.onWireLost(new Error(explainSerial(device, error)));
      else this.onWireReady();
    });
  }

  protected override transmit(bytes: Uint8Array): void {
    this.#port.write(Buffer.from(bytes), (error) => {
      if (!error) this.onWireSent(bytes.length);
    });
  }

  protected override shut(): void {
    if (this.#port.isOpen) this.#release();
    else if (!this.#port.opening) this.onShut();
  }

  #release(): void {
    this.#port.close(() => this.onShut());
  }

  /** Others can have the port now. */
  protected onShut(): void {}
}

/** What is wrong with a port, in words. */
export function explainSerial(device: string, error: Error): string {
  if (error.message.includes("No such file")) return `${device} does not exist`;
  if (error.message.includes("Permission denied")) return `no permission to open ${device} (group dialout?)`;
  if (error.message.includes("Cannot lock")) return `${device} is in use by another program`;
  return `${device}: ${error.message}`;
}
