import { Serial, type SerialOptions } from "../io/serial.js";
import { Problem } from "./problem.js";

/**
 * ECMA-419's Serial for programs that name pins and not a port: then the port is that of the environment variable
 * HEARTH_SERIAL, as `/dev/ttyUSB0`.
 */
export class DeviceSerial extends Serial {
  /** @throws Problem where there is no port */
  constructor(options: SerialOptions) {
    const device = options?.device ?? process.env["HEARTH_SERIAL"];
    if (options !== undefined && device === undefined)
      throw new Problem("no serial port: name one in the environment, as HEARTH_SERIAL=/dev/ttyUSB0");
    super(device === undefined ? options : { ...options, device });
  }
}
