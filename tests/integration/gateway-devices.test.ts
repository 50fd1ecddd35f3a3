import path from "node:path";
import { afterEach, describe, expect } from "@jest/globals";
import { connect, type MqttClient } from "mqtt";
import type { GatewayOptions } from "../../services/gateway/gateway.js";
import { Store } from "../../services/gateway/store.js";
import { closeAll, closing, connectLine, gatewayAt } from "../support/gateway.js";
import { pause, until } from "../support/peers.js";
import { itWith, scratchDirectory, startMosquitto, stopAll } from "../support/programs.js";

afterEach(async () => {
  await closeAll();
  await stopAll();
});

const run = itWith("mosquitto");

/** A gateway at a real Mosquitto, and somebody who listens and sends there. */
async function setUp(options: Partial<GatewayOptions> = {}) {
  const mosquitto = await startMosquitto();
  const { client, heard } = await listener(mosquitto.port);
  const gateway = await gatewayAt(mosquitto.port, options);
  await until(() => heard.some(([topic]) => topic === "home/gateway/diagnostics"));
  const of = (topic: string) => heard.filter(([name]) => name === topic).map(([, payload]) => payload);
  const command = (device: string, more: object = {}) =>
    client.publish(
      `home/${device}/command`,
      JSON.stringify({ id: "a1", command: "identify", time: Date.now(), ttl: 30, ...more }),
      { qos: 1 },
    );
  const replies = (device: string) => of(`home/${device}/command/reply`).map((text) => JSON.parse(text));
  return { mosquitto, client, heard, gateway, of, command, replies };
}

async function listener(port: number): Promise<{ client: MqttClient; heard: [string, string, boolean][] }> {
  const client = connect(`mqtt://127.0.0.1:${port}`);
  closing({ close: () => client.end(true) });
  const heard: [string, string, boolean][] = [];
  client.on("message", (topic, payload, { retain }) => heard.push([topic, payload.toString(), retain]));
  await new Promise((resolve) => client.subscribe("home/#", { qos: 1 }, resolve));
  return { client, heard };
}

const refused = (reason: string, id: string | null = "a1") => ({ id, outcome: "refused", reason });

describe("a command for a device behind the gateway (needs mosquitto)", () => {
  run("reaches the connection that asked for it, and its reply the one who sent it", async () => {
    const { gateway, command, replies } = await setUp();
    const client = await connectLine(gateway);
    expect(await client.ask('{"device":"attic","commands":true}')).toBe("ok");
    command("attic", { time: 1_795_175_351_184, ttl: 86_400_000 });
    await client.count(2);
    expect(client.lines[1]).toBe('{"id":"a1","command":"identify","time":1795175351184,"ttl":86400000}');
    expect(await client.ask('{"id":"a1","outcome":"done"}')).toBe("ok");
    await until(() => replies("attic").length > 0);
    expect(replies("attic")).toEqual([{ id: "a1", outcome: "done" }]);
    expect(await client.ask('{"id":"a1","outcome":"done"}')).toBe(
      "error: no command with this id went to this device here",
    );
  });

  run("goes to the connection that the device spoke on last", async () => {
    const { gateway, command } = await setUp();
    const [old, young] = [await connectLine(gateway), await connectLine(gateway)];
    await old.ask('{"device":"attic","commands":true}');
    await young.ask('{"device":"attic","commands":true}');
    command("attic");
    await young.count(2);
    await old.ask('{"device":"attic","temperature":21}');
    command("attic", { id: "b2" });
    await old.count(3);
    expect([old.lines.length, young.lines.length]).toEqual([3, 2]);
    expect(JSON.parse(old.lines[2]).id).toBe("b2");
  });

  run("never reaches a client that has not asked, which would take it for a receipt", async () => {
    const { gateway, command, replies } = await setUp();
    const client = await connectLine(gateway);
    await client.ask('{"device":"attic","temperature":21}');
    command("attic");
    await until(() => replies("attic").length > 0);
    expect(replies("attic")).toEqual([refused("the device has not asked the gateway for commands")]);
    // Nor one that asked for another device.
    await client.ask('{"device":"cellar","commands":true}');
    command("attic");
    await until(() => replies("attic").length > 1);
    expect(client.lines).toEqual(["ok 1", "ok"]);
  });

  run("is refused when its device has gone, when it was retained, and when it has expired", async () => {
    const { gateway, command, replies, client: other } = await setUp();
    const client = await connectLine(gateway);
    await client.ask('{"device":"attic","commands":true}');
    command("attic", { time: Date.now() - 31_000 });
    await until(() => replies("attic").length > 0);
    other.publish("home/attic/command", "reboot please", { qos: 1 });
    await until(() => replies("attic").length > 1);
    client.close();
    await until(() => gateway.status().connections === 0);
    command("attic");
    await until(() => replies("attic").length > 2);
    expect(replies("attic")).toEqual([
      refused("the command has expired"),
      refused("the command is not JSON", null),
      refused("the device is not connected to the gateway"),
    ]);
    expect(client.lines).toEqual(["ok"]);
    expect(gateway.status()).toMatchObject({ commands: 0, commandsRefused: 3 });
  });

  run("that was retained is refused when the gateway comes to a broker that has it", async () => {
    const mosquitto = await startMosquitto();
    const { client, heard } = await listener(mosquitto.port);
    const file = path.join(scratchDirectory(), "gateway.db");
    const before = new Store({ file, keep: 10 });
    before.add([], ["attic"]);
    before.close();
    const text = '{"id":"r1","command":"identify"}';
    await client.publishAsync("home/attic/command", text, { qos: 1, retain: true });
    const gateway = await gatewayAt(mosquitto.port, { store: file });
    const reply = () => heard.find(([topic]) => topic === "home/attic/command/reply");
    await until(() => reply() !== undefined);
    expect(JSON.parse(reply()?.[1] as string)).toEqual(refused("the command was retained", "r1"));
    expect(gateway.status()).toMatchObject({ commands: 0, commandsRefused: 1 });
  });

  run("for a device with MQTT of its own is not answered", async () => {
    const { gateway, command, replies } = await setUp();
    const client = await connectLine(gateway);
    await client.ask('{"device":"attic","temperature":21}');
    command("livingroom");
    command("attic");
    await until(() => replies("attic").length > 0);
    await pause(50);
    expect(replies("livingroom")).toEqual([]);
  });

  run("is not answered by a client to which it did not go", async () => {
    const { gateway, command, replies } = await setUp();
    const [attic, other] = [await connectLine(gateway), await connectLine(gateway)];
    await attic.ask('{"device":"attic","commands":true}');
    command("attic");
    await attic.count(2);
    const forged = "error: no command with this id went to this device here";
    expect(await other.ask('{"device":"attic","id":"a1","outcome":"done"}')).toBe(forged);
    expect(await other.ask('{"device":"livingroom","id":"a1","outcome":"done"}')).toBe(forged);
    expect(await attic.ask('{"device":"cellar","id":"a1","outcome":"done"}')).toBe(forged);
    expect(await attic.ask('{"device":"attic","id":"a1","outcome":"refused","reason":"no lamp"}')).toBe("ok");
    await until(() => replies("attic").length > 0);
    expect(replies("attic")).toEqual([refused("no lamp")]);
  });
});

describe("the status of a device behind the gateway (needs mosquitto)", () => {
  run("is online from its first word, through every close, until it has been silent for long", async () => {
    const { gateway, of } = await setUp({ silence: 1_500 });
    for (let i = 0; i < 10; i++) {
      const client = await connectLine(gateway);
      await client.ask('{"device":"attic","temperature":21}');
      client.close();
    }
    await until(() => of("home/attic/status").length === 2);
    expect(of("home/attic/status")).toEqual(["online", "offline"]);
    await (await connectLine(gateway)).ask('{"device":"attic","temperature":21}');
    await until(() => of("home/attic/status").length === 3);
    expect(of("home/attic/status")).toEqual(["online", "offline", "online"]);
  });

  run("of the gateway itself stays online when another one with its base ends, and it is told", async () => {
    const { gateway, of, mosquitto } = await setUp();
    const other = await gatewayAt(mosquitto.port);
    await other.close();
    await until(
      () => of("home/gateway/status").at(-1) === "online" && of("home/gateway/status").includes("offline"),
    );
    expect(gateway.events).toContain(
      '! another gateway at this broker has the base "home": give each its own with --base',
    );
  });

  run("is offline for all when the gateway ends, and its own by its will when it is lost", async () => {
    const { gateway, of, mosquitto } = await setUp();
    const client = await connectLine(gateway);
    for (const name of ["attic", "cellar"]) await client.ask(`{"device":"${name}","temperature":21}`);
    await gateway.close();
    await until(() => of("home/gateway/status").length === 2 && of("home/cellar/status").length === 2);
    expect(of("home/attic/status")).toEqual(["online", "offline"]);
    expect(of("home/cellar/status")).toEqual(["online", "offline"]);
    expect(of("home/gateway/status")).toEqual(["online", "offline"]);
    const late = await listener(mosquitto.port);
    await until(() => late.heard.filter(([topic]) => topic.endsWith("status")).length === 3);
    expect(late.heard.filter(([topic]) => topic.endsWith("status")).every(([, , retain]) => retain)).toBe(
      true,
    );
  });

  run("is told again to a broker that has forgotten it", async () => {
    const { gateway, mosquitto } = await setUp();
    await (await connectLine(gateway)).ask('{"device":"attic","temperature":21}');
    await until(() => gateway.status().waiting === 0);
    await mosquitto.running.stop();
    const again = await startMosquitto(undefined, mosquitto.port);
    const { heard } = await listener(again.port);
    await until(() =>
      heard.some(([topic, payload]) => topic === "home/attic/status" && payload === "online"),
    );
  });
});

describe("the gateway's own word (needs mosquitto)", () => {
  run("is its diagnostics, with what it did", async () => {
    const { gateway, of } = await setUp({ limits: { diagnostics: 300 }, version: "1.2.3" });
    const client = await connectLine(gateway);
    await client.ask("21.4");
    await client.ask("Hello");
    await client.ask("{}");
    const last = () => JSON.parse(of("home/gateway/diagnostics").at(-1) as string);
    await until(() => last().accepted === 1 && last().delivered === 1 && last().malformed === 1);
    expect(last()).toMatchObject({
      version: "1.2.3",
      connections: 1,
      devices: 1,
      online: 1,
      texts: 1,
      waiting: 0,
    });
  });

  run("is an online and a password that the broker checks", async () => {
    const mosquitto = await startMosquitto({ ann: "secret-word" });
    const endpoint = { secure: false, host: "127.0.0.1", port: mosquitto.port, user: "ann" };
    const wrong = await gatewayAt(0, { endpoint: { ...endpoint, password: "wrong" } }, false);
    await until(() => wrong.events.some((event) => event.startsWith("lost")));
    expect(wrong.events.join()).toMatch(/not authorized/i);
    expect(wrong.events.join()).not.toContain("wrong");
    const right = await gatewayAt(0, { endpoint: { ...endpoint, password: "secret-word" } });
    expect(await (await connectLine(right)).ask("21.4")).toBe("ok 1");
    await until(() => right.status().delivered === 1);
  });
});
