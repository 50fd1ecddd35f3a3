import net from "node:net";
import { afterEach, describe, expect, it } from "@jest/globals";
import { parseGatewayOptions } from "../../cli/gateway-options.js";
import { closeAll, closing, connectLine } from "../support/gateway.js";
import { temporaryDirectory, until } from "../support/peers.js";
import { CLI, Running, startNode, stopAll } from "../support/programs.js";
import { SlowBroker } from "../support/slow-broker.js";

afterEach(async () => {
  await closeAll();
  await stopAll();
});

const BROKER = ["--broker", "mqtt://127.0.0.1:1883"];
const parse = (args: string[], environment: NodeJS.ProcessEnv = {}) =>
  parseGatewayOptions([...BROKER, ...args], "1.2.3", environment);

describe("the options of npm start -- gateway", () => {
  it("have defaults: loopback, everything temporary", () => {
    expect(parse([])).toMatchObject({
      base: "home",
      listen: { host: "127.0.0.1", port: 9000, isLoopback: true },
      isDefaultPort: true,
      serial: [],
      password: undefined,
      store: undefined,
      keep: 1_000_000,
      silence: 900_000,
      idle: 3_600_000,
      connections: 1_000,
      perAddress: 128,
    });
  });

  it("take several ports and names, and the store as a file or a directory", () => {
    const options = parse([
      ...["--serial", "/dev/ttyUSB0=attic", "--serial", "COM3", "--baud", "115200", "--listen", "[::1]:7000"],
      ...["--name", "192.168.1.7=cellar", "--name", "::ffff:10.0.0.1=roof", "--state", "/var/hearth"],
    ]);
    expect(options?.serial).toEqual([
      { device: "/dev/ttyUSB0", baud: 115_200, name: "attic" },
      { device: "COM3", baud: 115_200 },
    ]);
    expect([...(options?.names ?? [])]).toEqual([
      ["192.168.1.7", "cellar"],
      ["10.0.0.1", "roof"],
    ]);
    expect(options).toMatchObject({
      store: "/var/hearth/gateway.db",
      listen: { host: "::1", port: 7_000 },
    });
    expect(parse(["--store", "x.db"])?.store).toBe("x.db");
  });

  it("listen to nobody where there are serial ports alone", () => {
    expect(parse(["--serial", "/dev/ttyUSB0"])?.listen).toBeUndefined();
    expect(parse(["--serial", "/dev/ttyUSB0", "--listen", "7000"])?.listen?.port).toBe(7_000);
  });

  it("take the password from the environment as well", () => {
    const outside = ["--listen", "0.0.0.0:9000"];
    expect(parse(outside, { HEARTH_PASSWORD: "correct horse" })?.password).toBe("correct horse");
    expect(parse([...outside, "--password", "battery staple"])?.password).toBe("battery staple");
  });

  it.each([
    [
      ["--listen", "0.0.0.0:9000"],
      "option --listen is at 0.0.0.0, which other machines reach: it needs --password <text>, or HEARTH_PASSWORD in the environment",
    ],
    [["--listen", "192.168.1.2:9000"], /^option --listen is at 192\.168\.1\.2, which other machines reach/],
    [["--listen", "[::]:9000"], /^option --listen is at ::, which other machines reach/],
    [
      ["--password", "short"],
      "option --password: allowed are 8 to 64 bytes of text on one line, without a blank at either end (it is not shown)",
    ],
    [["--serial", "/dev/ttyUSB0=a/b"], /^option --serial is "\/dev\/ttyUSB0=a\/b": a device's name has no/],
    [["--serial", "=attic"], /^option --serial is "=attic": allowed is <device> or <device>=<name>$/],
    [["--name", "attic"], /^option --name is "attic": allowed is <address>=<name>$/],
    [["--name", "10.0.0.1=gateway"], /^option --name is .*the gateway's own name$/],
    [["--base", "home/#"], /^option --base is "home\/#": allowed is a topic/],
    [["--baud", "12"], /^option --baud is "12": allowed is a whole number from 1200/],
    [["--keep", "0"], /^option --keep is "0": allowed is a whole number from 1 to 100000000$/],
    [["--silence", "1ms"], /^option --silence is "1ms": allowed is 1s to 1d$/],
    [["--idle", "2d"], /^option --idle is "2d": allowed is a duration up to 1d/],
    [["--store", ""], "option --store is empty"],
    [["--store", "a", "--state", "b"], "--store and --state say the same: take one of them"],
    [["extra"], /too many arguments/],
  ])("%j is refused in one line", (args, message) => {
    expect(() => parse(args)).toThrow(message);
  });

  it("need a broker", () => {
    expect(() => parseGatewayOptions([], "1", {})).toThrow(/required option '--broker/);
  });
});

async function brokerAt() {
  const broker = await SlowBroker.start();
  closing({ close: () => broker.goAway() });
  return { broker, port: broker.port };
}

describe("npm start -- gateway", () => {
  it("is a server for our own firmware's raw TCP link, password included", async () => {
    const { path, remove } = temporaryDirectory();
    closing({ close: remove });
    const { port: brokerPort, broker } = await brokerAt();
    const gateway = new Running(
      process.execPath,
      [
        ...[CLI, "gateway", "--broker", `mqtt://127.0.0.1:${brokerPort}`, "--listen", "0"],
        ...["--state", path],
      ],
      { env: { ...process.env, HEARTH_PASSWORD: "correct horse" } },
    );
    await gateway.until(/online/);
    const port = /listen +127\.0\.0\.1:(\d+)/.exec(gateway.output)?.[1];
    const server = ["--server", `127.0.0.1:${port}`, "--broker", "mqtt://127.0.0.1:1"];
    const node = startNode(
      ...server,
      "--serverpassword",
      "correct horse",
      "--id",
      "attic",
      "--interval",
      "0ms",
    );
    await node.until(/server: ok 2/);
    await until(() => broker.readings("home/attic/temperature").length >= 2);
    const [first, second] = broker.readings("home/attic/temperature");
    expect([first.seq, second.seq]).toEqual([1, 2]);
    expect(first.epoch).toBe(second.epoch);
    const wrong = startNode(
      ...server,
      "--serverpassword",
      "battery staple",
      "--id",
      "cellar",
      "--interval",
      "0ms",
    );
    await wrong.until(/server: error: the first line has to be: password/);
    expect(broker.readings("home/cellar/temperature")).toEqual([]);
    expect(gateway.output + node.output + wrong.output).not.toMatch(/correct horse|battery staple/);
  });

  const start = async (...args: string[]) => {
    const { port } = await brokerAt();
    const url = `mqtt://ann:secret-word@127.0.0.1:${port}`;
    return new Running(process.execPath, [CLI, "gateway", "--broker", url, ...args]);
  };

  it.each(["SIGINT", "SIGTERM"] as const)(
    "says what it does, shows no secret, and ends on %s",
    async (signal) => {
      const { path, remove } = temporaryDirectory();
      closing({ close: remove });
      const gateway = await start("--listen", "0", "--password", "correct horse", "--state", path);
      await gateway.until(/online/);
      const port = Number(/listen +127\.0\.0\.1:(\d+) .*a password first/.exec(gateway.output)?.[1]);
      const client = await connectLine({ port });
      client.send("password correct horse\n");
      expect(await client.ask('{"device":"attic\\u001b[2J","temperature":1}')).toMatch("error");
      expect(await client.ask('{"device":"attic","temperature":1}')).toBe("ok 1");
      await gateway.until(/attic is online/);
      expect(await gateway.stop(signal)).toBe(0);
      expect(gateway.output).toMatch(/attic is offline[\s\S]*goodbye/);
      expect(gateway.output + gateway.errors).not.toMatch(/secret-word|correct horse/);
      expect(gateway.errors).toBe("");
    },
  );

  it("takes another port when its own is taken, and refuses one that was asked for", async () => {
    const blocker = net.createServer();
    closing({ close: () => blocker.close() });
    await new Promise<void>((resolve) => {
      blocker.once("error", () => resolve()); // taken by someone else: as good
      blocker.listen(9000, "127.0.0.1", resolve);
    });
    const gateway = await start();
    await gateway.until(/127\.0\.0\.1:9000 is taken by another program: listening at another port/);
    const port = Number(/listen +127\.0\.0\.1:(\d+)/.exec(gateway.output)?.[1]);
    expect(port).not.toBe(9000);
    expect(await (await connectLine({ port })).ask("21.4")).toBe("ok 1");
    const refused = await start("--listen", "9000");
    expect(await refused.exited).toBe(2);
    expect(refused.errors).toBe("hearth: 127.0.0.1:9000 is taken by another program\n");
  });

  it("prints events as JSON with --log json, and ends after --for", async () => {
    const gateway = await start("--listen", "0", "--log", "json", "--for", "1500ms");
    expect(await gateway.exited).toBe(0);
    const events = gateway.lines.map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(["start", "link", "end"]);
  });

  it("with a broker that is away takes readings, and says what is wrong", async () => {
    const gateway = new Running(process.execPath, [
      ...[CLI, "gateway", "--broker", "mqtt://127.0.0.1:1", "--listen", "0"],
    ]);
    await gateway.until(/the broker at 127\.0\.0\.1:1 refuses connections: is it running\?/);
    const port = Number(/listen +127\.0\.0\.1:(\d+)/.exec(gateway.output)?.[1]);
    expect(await (await connectLine({ port })).ask("21.4")).toBe("ok 1");
    expect(await gateway.stop("SIGINT")).toBe(0);
    await until(() => gateway.output.includes("1 readings that the broker has not taken are lost"));
  });
});
