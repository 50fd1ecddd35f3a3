import { afterEach, beforeEach, describe, expect } from "@jest/globals";
import { SerialPort } from "serialport";
import { GREETING } from "../../services/gateway/receipts.js";
import { closeAll, closing, gatewayAt } from "../support/gateway.js";
import { pause, type SerialPair, until } from "../support/peers.js";
import { itWith, scratchDirectory, startTerminal, stopAll } from "../support/programs.js";
import { SlowBroker } from "../support/slow-broker.js";

let broker: SlowBroker;
beforeEach(async () => {
  broker = await SlowBroker.start();
  closing({ close: () => broker.goAway() });
});
afterEach(async () => {
  await closeAll();
  await stopAll();
});

const run = itWith("socat");

/** The device's end of a serial cable. */
class Device {
  text = "";
  #port: SerialPort;

  constructor(port: SerialPort) {
    this.#port = port;
    port.on("data", (data: Buffer) => {
      this.text += data.toString();
    });
    port.on("error", () => {});
  }

  static async open(path: string): Promise<Device> {
    const port = new SerialPort({ path, baudRate: 9_600, autoOpen: false });
    await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
    return closing(new Device(port));
  }

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }

  send(text: string): void {
    this.#port.write(text);
  }

  async count(lines: number): Promise<string[]> {
    await until(() => this.lines.length >= lines);
    return this.lines;
  }

  close(): void {
    if (this.#port.isOpen) this.#port.close(() => {});
  }
}

/** A gateway on one end of a cable, open for so long that no line was on its way. */
async function setUp(pair: SerialPair, name?: string) {
  const gateway = await gatewayAt(broker.port, {
    listen: undefined,
    serial: [{ device: pair.a, baud: 9_600, name }],
  });
  await until(() => gateway.status().ports === 1);
  const device = await Device.open(pair.b);
  await pause(60);
  return { gateway, device };
}

describe("a device at a serial port of the gateway (needs socat)", () => {
  run("gets a line for each of its lines, and its readings are published under the port's name", async () => {
    const pair = await startTerminal(scratchDirectory());
    const { device } = await setUp(pair, "attic");
    device.send("21.4\r\n");
    device.send('T=21.5 H=40\n{"device":"cellar","temperature":9}\nready\n1e5\n');
    expect(await device.count(5)).toEqual(["ok 1", "ok 2 3", "ok 1", GREETING, GREETING]);
    await until(() => broker.readings().length === 4);
    expect(broker.readings().map(({ topic, seq }) => `${topic} ${seq}`)).toEqual([
      "home/attic/temperature 1",
      "home/attic/temperature 2",
      "home/attic/humidity 3",
      "home/cellar/temperature 1",
    ]);
    expect(broker.retained.get("home/attic/status")).toBe("online");
  });

  run("has a name made of the port's where it was given none", async () => {
    const pair = await startTerminal(scratchDirectory());
    const { device } = await setUp(pair);
    device.send("21.4\n");
    await device.count(1);
    await until(() => broker.readings("home/serial-a/temperature").length === 1);
  });

  run("that pauses in the middle of a line has written one line", async () => {
    const pair = await startTerminal(scratchDirectory());
    const { device } = await setUp(pair, "attic");
    device.send("2");
    await pause(400); // twice the silence that ends a message of a TCP client
    device.send("1.4\n");
    expect(await device.count(1)).toEqual(["ok 1"]);
    await until(() => broker.readings().length === 1);
    expect(broker.readings()[0].value).toBe(21.4);
  });

  run("has its commands on the port without asking, also before it has said a word", async () => {
    const pair = await startTerminal(scratchDirectory());
    const { device } = await setUp(pair, "relay");
    broker.publish("home/relay/command", '{"id":"a1","command":"on"}');
    expect(await device.count(1)).toEqual(['{"id":"a1","command":"on"}']);
    device.send('{"id":"a1","outcome":"done"}\n');
    expect((await device.count(2))[1]).toBe("ok");
    const reply = () => broker.received.find(({ topic }) => topic === "home/relay/command/reply");
    await until(() => reply() !== undefined);
    expect(reply()).toMatchObject({ payload: '{"id":"a1","outcome":"done"}', retain: false });
  });

  run("that echoes what it gets is not answered for ever", async () => {
    const pair = await startTerminal(scratchDirectory());
    const { device, gateway } = await setUp(pair, "modem");
    device.send(`Hello\nok 12\nok\nerror: no\n${GREETING}\n21.4\n`);
    expect(await device.count(2)).toEqual([GREETING, "ok 1"]);
    await pause(100);
    expect(device.lines).toHaveLength(2);
    expect(gateway.status().texts).toBe(1);
  });

  run(
    "whose cable is pulled is offline at once, and found again when it is back, both said once",
    async () => {
      const directory = scratchDirectory();
      const pair = await startTerminal(directory);
      const { device, gateway } = await setUp(pair, "attic");
      device.send("21.4\n21.");
      await device.count(1);
      await pair.unplug();
      await until(() => broker.retained.get("home/attic/status") === "offline");
      await until(() => gateway.events.some((event) => event.startsWith("! serial")));
      await pause(1_500);
      const again = await startTerminal(directory);
      await until(() => gateway.status().ports === 1);
      const back = await Device.open(again.b);
      await pause(60);
      back.send("22.4\n");
      // Half a line that was cut off by the pull is no reading, and no part of the next one.
      expect(await back.count(1)).toEqual(["ok 2"]);
      await until(() => broker.readings().length === 2);
      expect(broker.readings().map(({ value }) => value)).toEqual([21.4, 22.4]);
      expect(gateway.events.filter((event) => event.includes("serial"))).toEqual([
        expect.stringMatching(/^! serial port: .* is gone; it is tried again$/),
        `serial port: ${pair.a} is open again`,
      ]);
    },
  );

  run("that is not there yet is waited for", async () => {
    const directory = scratchDirectory();
    const device = `${directory}/a`;
    const gateway = await gatewayAt(broker.port, { listen: undefined, serial: [{ device, baud: 9_600 }] });
    await until(() => gateway.events.includes(`! serial port: ${device} does not exist; it is tried again`));
    await startTerminal(directory);
    await until(() => gateway.status().ports === 1);
  });

  run("leaves out the rest of a line that was on its way when the port was opened", async () => {
    const pair = await startTerminal(scratchDirectory());
    const gateway = await gatewayAt(broker.port, {
      listen: undefined,
      serial: [{ device: pair.a, baud: 9_600, name: "attic" }],
      limits: { joining: 60_000 },
    });
    await until(() => gateway.status().ports === 1);
    const device = await Device.open(pair.b);
    device.send("1.4\n21.5\n");
    expect(await device.count(1)).toEqual(["ok 1"]);
    await until(() => broker.readings().length === 1);
    expect(broker.readings().map(({ value }) => value)).toEqual([21.5]);
  });
});
