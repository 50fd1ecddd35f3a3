import config from "mc/config";

const { io: MQTTClient } = device.network.mqtt;

new MQTTClient({
  ...device.network.mqtt,
  host: "127.0.0.1",
  port: Number(config.port),
  id: "program",
  onControl(message) {
    if (message.operation === MQTTClient.CONNACK)
      this.write(null, { operation: MQTTClient.SUBSCRIBE, items: [{ topic: "home/#" }] });
    if (message.operation === MQTTClient.SUBACK)
      this.write(ArrayBuffer.fromString("21.4"), { topic: "home/temperature" });
  },
  onReadable(count, { topic }) {
    trace(`${topic} ${String.fromArrayBuffer(this.read(count))}\n`);
    this.close();
  },
});
