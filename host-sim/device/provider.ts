/** `embedded:provider/builtin`: the device, as Moddable's documentation has it. Its pins are those of an ESP32. */

import { Resolver } from "../io/resolver.js";
import { TCP } from "../io/tcp.js";
import { TLS } from "../io/tls.js";
import { UDP } from "../io/udp.js";
import { bus, pins, radio, spi } from "./board.js";
import { deepFreeze } from "./freeze.js";
import { DeviceMQTTClient } from "./mqtt-client.js";
import { DeviceSerial } from "./serial.js";

const { Analog, Digital, DigitalBank, PWM } = pins;
const { I2C, SMBus } = bus;
const { SPI } = spi;

const dns = { io: Resolver, socket: { io: UDP } };

/** A light that is `on` from 0 to 1. */
class LED {
  #io: InstanceType<typeof PWM> | undefined;
  #on = 0;

  constructor() {
    this.#io = new PWM({ pin: device.pin.led });
  }

  get on(): number {
    return this.#on;
  }

  set on(value: number) {
    this.#on = Math.max(0, Math.min(1, Number(value)));
    this.#io?.write(Math.round(this.#on * (2 ** this.#io.resolution - 1)));
  }

  close(): void {
    this.#io?.close();
    this.#io = undefined;
  }
}

/** A button that pulls its pin low. */
class Button {
  #io: InstanceType<typeof Digital>;

  constructor(options: { onPush?: (this: unknown) => void; target?: unknown } = {}) {
    const { onPush, target } = options;
    const watch = onPush && {
      edge: Digital.Rising | Digital.Falling,
      onReadable: () => onPush.call(this),
    };
    this.#io = new Digital({ pin: device.pin.button, mode: Digital.InputPullUp, ...watch });
    if (target !== undefined) Object.defineProperty(this, "target", { value: target });
  }

  get pressed(): number {
    return this.#io.read() === 0 ? 1 : 0;
  }

  close(): void {
    this.#io.close();
  }
}

const device = {
  io: { Analog, Digital, DigitalBank, I2C, PWM, Serial: DeviceSerial, SMBus, SPI },
  Analog: { default: { io: Analog, pin: 34 } },
  I2C: { default: { io: I2C, data: 21, clock: 22 } },
  SMBus: { default: { io: SMBus, data: 21, clock: 22 } },
  SPI: { default: { io: SPI, clock: 18, in: 19, out: 23, port: 2 } },
  Serial: { default: { io: DeviceSerial, port: 1, receive: 16, transmit: 17 } },
  pin: { led: 2, button: 0 },
  peripheral: { led: { Default: LED }, button: { Default: Button, Flash: Button } },
  network: {
    interface: { WiFi: { io: radio.WiFi } },
    dns: { resolver: dns },
    mqtt: { io: DeviceMQTTClient, dns, socket: { io: TCP } },
    mqtts: { io: DeviceMQTTClient, dns, socket: { io: TLS, TCP: { io: TCP } } },
  },
};

export default deepFreeze(device);
