import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { closeAll, closing, connectLine, gatewayAt, type LineClient } from "../support/gateway.js";
import { freePort, pause, until } from "../support/peers.js";
import { CLI, itWith, Running, scratchDirectory, stopAll } from "../support/programs.js";
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

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
const send = async (client: LineClient, first: number, last: number) => {
  for (let value = first; value <= last; value++)
    expect(await client.ask(`{"device":"attic","temperature":${value}}`)).toBe(`ok ${value}`);
};
const TOPIC = "home/attic/temperature";

describe("a gateway whose broker goes away", () => {
  it("acknowledges readings all the same, and delivers each when it is back: late, not retained, in order", async () => {
    const gateway = await gatewayAt(broker.port);
    const client = await connectLine(gateway);
    await send(client, 1, 3);
    await until(() => broker.readings(TOPIC).length === 3 && gateway.status().waiting === 0);
    await broker.goAway();
    await until(() => gateway.events.some((event) => event.startsWith("lost")));
    await send(client, 4, 20);
    expect(gateway.status().waiting).toBe(17);
    await broker.comeBack();
    await until(() => gateway.status().waiting === 0);
    await send(client, 21, 22);
    await until(() => broker.readings(TOPIC).length === 22);
    const all = broker.readings(TOPIC);
    expect(all.map(({ seq }) => seq)).toEqual(upTo(22));
    expect(all.filter(({ late }) => late).map(({ seq }) => seq)).toEqual(upTo(20, 4));
    expect(all.every(({ late, retain }) => retain === !late)).toBe(true);
    expect(gateway.status()).toMatchObject({ reconnects: 1, accepted: 22, delivered: 22 });
  });

  it("delivers once more, as late, what was under way without an acknowledgement", async () => {
    const gateway = await gatewayAt(broker.port);
    const client = await connectLine(gateway);
    broker.hold();
    await send(client, 1, 5);
    await until(() => broker.readings(TOPIC).length === 5);
    await broker.goAway();
    expect(gateway.status().waiting).toBe(5);
    broker.release();
    await broker.comeBack();
    await until(() => gateway.status().waiting === 0);
    const all = broker.readings(TOPIC);
    expect(all.map(({ seq, late }) => [seq, late])).toEqual([
      ...upTo(5).map((seq) => [seq, false]),
      ...upTo(5).map((seq) => [seq, true]),
    ]);
    expect(new Set(all.map(({ epoch }) => epoch)).size).toBe(1);
  });

  it("breaks a connection on which nothing is acknowledged", async () => {
    broker.hold();
    const gateway = await gatewayAt(broker.port, { limits: { acknowledgement: 500 } });
    await send(await connectLine(gateway), 1, 1);
    await until(() => broker.connections === 2);
    broker.release();
    await until(() => gateway.status().waiting === 0);
    expect(gateway.events).toContain("lost: the broker has acknowledged nothing in 0.5 s");
  });

  it("says once that it is away, and what is wrong", async () => {
    const port = await freePort();
    const gateway = await gatewayAt(port, {}, false);
    const lost = () => gateway.events.filter((event) => event.startsWith("lost"));
    await until(() => lost().length > 0);
    await until(() => gateway.status().uptime > 2_500);
    expect(lost()).toEqual([`lost: the broker at 127.0.0.1:${port} refuses connections: is it running?`]);
  });

  it("refuses readings when its store is full, drops none that it took, and takes more when there is room", async () => {
    await broker.goAway();
    const gateway = await gatewayAt(broker.port, { keep: 10 }, false);
    const client = await connectLine(gateway);
    await send(client, 1, 10);
    const full = "error: the store is full: 10 readings wait for the broker";
    expect(await client.ask('{"device":"attic","temperature":11}')).toBe(full);
    expect(await client.ask('{"device":"attic","temperature":11}')).toBe(full);
    expect(await client.ask("Hello")).toMatch("Hello, client!");
    expect(gateway.status()).toMatchObject({ refused: 2, waiting: 10 });
    expect(gateway.events.filter((event) => event.includes("full"))).toEqual([
      "! the store is full: readings are refused until the broker takes some",
    ]);
    await broker.comeBack();
    await until(() => gateway.status().waiting === 0);
    await send(client, 11, 11);
    await until(() => broker.readings(TOPIC).length === 11);
    expect(broker.readings(TOPIC).map(({ seq }) => seq)).toEqual(upTo(11));
    expect(gateway.events).toContain("the store takes readings again");
  });

  it("delivers what it has at an orderly end, and says goodbye for its devices and itself", async () => {
    const gateway = await gatewayAt(broker.port, { limits: { goodbye: 5_000, window: 4 } });
    const client = await connectLine(gateway);
    broker.hold();
    await send(client, 1, 20);
    await until(() => broker.retained.get("home/attic/status") === "online");
    const { port } = gateway;
    const closed = gateway.close();
    await until(() => client.ended);
    await expect(connectLine({ port })).rejects.toThrow("ECONNREFUSED");
    client.close();
    await pause(100);
    // Readings first: a device that still has some under way is not offline.
    expect(broker.retained.get("home/attic/status")).toBe("online");
    broker.release();
    await closed;
    expect(broker.readings(TOPIC).map(({ seq }) => seq)).toEqual(upTo(20));
    expect(broker.retained.get("home/attic/status")).toBe("offline");
    expect(broker.retained.get("home/gateway/status")).toBe("offline");
    expect(gateway.events).not.toContainEqual(expect.stringContaining("lost"));
  });

  it("without a file says at its end what it could not deliver", async () => {
    await broker.goAway();
    const gateway = await gatewayAt(broker.port, {}, false);
    await send(await connectLine(gateway), 1, 3);
    await gateway.close();
    expect(gateway.events).toContain(
      "! 3 readings that the broker has not taken are lost: --store keeps them",
    );
  });
});

/** @param blocks of 1,024 bytes that a file may have */
const startCLI = async (store: string, blocks?: number) => {
  const args = ["gateway", "--broker", `mqtt://127.0.0.1:${broker.port}`, "--listen", "0", "--store", store];
  const limited = `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`;
  const gateway =
    blocks === undefined
      ? new Running(process.execPath, [CLI, ...args])
      : new Running("bash", ["-c", limited, "bash", process.execPath, CLI, ...args]);
  await gateway.until(/listen +127\.0\.0\.1:(\d+)/);
  await gateway.until(/online|refuses/);
  return { gateway, port: Number(/listen +127\.0\.0\.1:(\d+)/.exec(gateway.output)?.[1]) };
};

describe("a gateway that is killed", () => {
  it("has lost nothing that it acknowledged, and gives no number twice", async () => {
    const store = path.join(scratchDirectory(), "gateway.db");
    const delivered = new Set<string>();
    const acknowledged = new Set<string>();
    let value = 0;
    for (let round = 0; round < 4; round++) {
      broker.hold();
      const { gateway, port } = await startCLI(store);
      const clients = [];
      for (let i = 0; i < 4; i++) clients.push(await connectLine({ port }));
      const asked = clients.map(async (client, index) => {
        for (;;) {
          const mine = ++value / 1_000;
          const receipt = await client.ask(`{"device":"d${index}","temperature":${mine}}`);
          if (receipt === undefined) return;
          expect(receipt).toMatch(/^ok \d+$/);
          acknowledged.add(`home/d${index}/temperature ${receipt.slice(3)} ${mine}`);
        }
      });
      const enough = acknowledged.size + 60;
      await until(() => acknowledged.size >= enough);
      broker.release(20);
      await until(() => acknowledged.size >= enough + 60);
      await gateway.stop("SIGKILL");
      await Promise.all(asked);
      for (const client of clients) client.close();
    }
    broker.release();
    const { gateway } = await startCLI(store);
    const note = () => {
      for (const { topic, seq, value: read } of broker.readings()) delivered.add(`${topic} ${seq} ${read}`);
    };
    await until(() => {
      note();
      return [...acknowledged].every((one) => delivered.has(one));
    });
    expect(await gateway.stop("SIGINT")).toBe(0);
    note();
    const numbers = [...delivered].map((one) => one.split(" ").slice(0, 2).join(" "));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(new Set(broker.readings().map(({ epoch }) => epoch)).size).toBe(1);
  });

  it("leaves no device online behind: it says so when it is back", async () => {
    const store = path.join(scratchDirectory(), "gateway.db");
    const { gateway, port } = await startCLI(store);
    await (await connectLine({ port })).ask('{"device":"attic","temperature":21.4}');
    await until(() => broker.retained.get("home/attic/status") === "online");
    await gateway.stop("SIGKILL");
    await startCLI(store);
    await until(() => broker.retained.get("home/attic/status") === "offline");
  });
});

describe("a disk that takes no more", () => {
  itWith("bash")(
    "is answered with errors and told once, and costs nothing that was acknowledged (needs bash)",
    async () => {
      const store = path.join(scratchDirectory(), "gateway.db");
      await broker.goAway();
      const { gateway, port } = await startCLI(store, 64);
      const client = await connectLine({ port });
      let taken = 0;
      let receipt = "";
      do {
        receipt = await client.ask(`{"device":"attic","temperature":${taken}}`);
        if (receipt.startsWith("ok")) taken += 1;
      } while (receipt.startsWith("ok"));
      expect(receipt).toMatch(/^error: not taken, the store cannot write: the disk /);
      expect(await client.ask("21.4")).toBe(receipt);
      expect(await client.ask("Hello")).toMatch("Hello, client!");
      expect(gateway.output.match(/the store cannot write/g)).toHaveLength(1);
      await gateway.stop("SIGKILL");
      await broker.comeBack();
      await startCLI(store);
      await until(() => broker.readings(TOPIC).length >= taken);
      expect(broker.readings(TOPIC).map(({ seq }) => seq)).toEqual(upTo(taken));
    },
  );
});

describe("a disk with little room", () => {
  itWith("bash")("takes reading after reading, as long as the broker does (needs bash)", async () => {
    const store = path.join(scratchDirectory(), "gateway.db");
    // A few readings fill the log of this store: it is made short each time.
    const { gateway, port } = await startCLI(store, 64);
    const client = await connectLine({ port });
    await send(client, 1, 150);
    await until(() => broker.readings(TOPIC).length === 150);
    expect(gateway.output).not.toContain("the store cannot");
  });
});

describe("a store that cannot be had", () => {
  const run = async (...options: string[]) => {
    const gateway = new Running(process.execPath, [
      CLI,
      "gateway",
      ...["--broker", `mqtt://127.0.0.1:${broker.port}`, "--listen", "0", ...options],
    ]);
    return [await gateway.exited, gateway.output, gateway.errors.trim()];
  };

  it("is one line and status 2", async () => {
    const directory = scratchDirectory();
    const file = path.join(directory, "notes");
    fs.writeFileSync(file, "no database\n".repeat(1_000));
    expect(await run("--store", file)).toEqual([2, "", `hearth: the store ${file}: it is no database`]);
    const state = await run("--state", file);
    expect(state[0]).toBe(2);
    expect(state[2]).toMatch(/^hearth: the store \S+gateway\.db: .+$/);
  });
});
