import MQTTClient, { type ClientOptions } from "../../firmware/mqtt/client.js";
import Time from "./modules/time.js";
import Timer from "./modules/timer.js";

/** The firmware's MQTT client, which here need not be handed a timer and a clock. */
export class DeviceMQTTClient extends MQTTClient {
  constructor(options: Omit<ClientOptions, "timer" | "clock"> & Partial<ClientOptions>) {
    super({ timer: Timer, clock, ...options } as ClientOptions);
  }
}

const clock = { ticks: () => Time.ticks, now: () => Date.now() };
