import { once } from "node:events";
import net from "node:net";
import { afterEach, describe, expect, it } from "@jest/globals";
import mqtt, { type MqttClient } from "mqtt";
import { type EmbeddedBroker, startEmbeddedBroker } from "../../host-sim/world/embedded-broker.js";
import { loopbackServer, until } from "../support/peers.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(port = 0): Promise<EmbeddedBroker> {
  const broker = await startEmbeddedBroker(port);
  cleanups.push(() => broker.close());
  return broker;
}

async function connect(broker: EmbeddedBroker, options: mqtt.IClientOptions = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, {
    reconnectPeriod: 0,
    ...options,
  });
  cleanups.push(() => client.endAsync(true));
  return client;
}

describe("the embedded broker", () => {
  it("carries messages from one client to another, at each QoS", async () => {
    const broker = await start();
    const watcher = await connect(broker);
    const seen: string[] = [];
    watcher.on("message", (topic, payload, { qos }) => seen.push(`${topic} ${payload} ${qos}`));
    await watcher.subscribeAsync("home/#", { qos: 2 });
    const sender = await connect(broker);
    for (const qos of [0, 1, 2] as const) await sender.publishAsync("home/temperature", "21.5", { qos });
    await until(() => seen.length === 3);
    expect(seen).toEqual([0, 1, 2].map((qos) => `home/temperature 21.5 ${qos}`));
  });

  it("keeps retained messages, and publishes a will when a client is lost", async () => {
    const broker = await start();
    const node = await connect(broker, {
      will: { topic: "status", payload: Buffer.from("offline"), qos: 1, retain: true },
    });
    await node.publishAsync("status", "online", { qos: 1, retain: true });
    const watcher = await connect(broker);
    const seen: string[] = [];
    watcher.on("message", (_topic, payload, { retain }) => seen.push(`${payload} ${retain}`));
    await watcher.subscribeAsync("status", { qos: 1 });
    await until(() => seen.length === 1);
    node.stream.destroy();
    await until(() => seen.length === 2);
    expect(seen).toEqual(["online true", "offline false"]);
  });

  it("closes cleanly: clients are let go, the port is free again, and once more is harmless", async () => {
    const broker = await start();
    const client = await connect(broker);
    let closed = false;
    client.on("close", () => {
      closed = true;
    });
    await broker.close();
    await until(() => closed);
    await broker.close();
    const next = await start(broker.port);
    expect(next.port).toBe(broker.port);
    expect((await connect(next)).connected).toBe(true);
  });

  it("closes also while somebody is connected who has said nothing", async () => {
    const broker = await start();
    const silent = net.connect(broker.port, "127.0.0.1").resume();
    cleanups.push(() => silent.destroy());
    await once(silent, "connect");
    const closed = once(silent, "close");
    await broker.close();
    await closed;
    expect(silent.destroyed).toBe(true);
  });

  it("takes the port it was asked for, and says so where that is taken", async () => {
    const other = await loopbackServer();
    cleanups.push(() => other.close());
    await expect(startEmbeddedBroker(other.port)).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  it("ends all connections at a restart, but for those that stay, and is back at its port with its sessions", async () => {
    const broker = await start();
    const watcher = await connect(broker, { clientId: "watch-1" });
    const device = await connect(broker, { clientId: "device", clean: false, reconnectPeriod: 50 });
    await device.subscribeAsync("device/command", { qos: 1 });
    device.on("error", () => {}); // it tries again
    const closed = new Promise<void>((resolve) => device.once("close", () => resolve()));
    const restarted = broker.restart(200, "watch-");
    await closed;
    await expect(
      mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0 }),
    ).rejects.toThrow();
    expect(watcher.connected).toBe(true);
    await watcher.publishAsync("device/command", "while it was away", { qos: 1 });
    const message = new Promise<string>((resolve) =>
      device.once("message", (_topic, payload) => resolve(payload.toString())),
    );
    await restarted;
    expect(await message).toBe("while it was away");
  });
});
