/** The classes of the one simulated device. */

import { bus, pins, radio, spi } from "./board.js";

export const { Analog, Digital, DigitalBank, PWM } = pins;
export const { I2C, SMBus } = bus;
export const { SPI } = spi;
export const { WiFi } = radio;
