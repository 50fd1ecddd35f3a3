import MQTTClient from "../../firmware/mqtt/client.js";
import type { MQTTClientClass, MQTTReadableOptions } from "../../firmware/ports.js";

/** Our client, as silent about retain as Moddable's. */
class Hiding extends MQTTClient {
  constructor(options: ConstructorParameters<typeof MQTTClient>[0]) {
    super({
      ...options,
      onReadable(count, { retain: _retain, ...rest }: MQTTReadableOptions) {
        options.onReadable?.call(this, count, rest);
      },
    });
  }
}

export const HidingClient = Hiding as MQTTClientClass;
