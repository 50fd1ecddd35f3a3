import net from "node:net";
import { afterEach, describe, expect, it } from "@jest/globals";
import { freePort } from "../support/peers.js";
import { itWith, startMosquitto, startNode, stopAll } from "../support/programs.js";

const cleanup: (() => void)[] = [];

async function listen(onConnection: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as net.AddressInfo).port;
}

afterEach(async () => {
  for (const task of cleanup.splice(0)) task();
  await stopAll();
});

describe("a node on a laptop goes on, and says in a line what is wrong, with", () => {
  it("an unknown host", async () => {
    const node = startNode("--broker", "mqtt://no-such-host.invalid");
    await node.until(/no address found for the broker "no-such-host\.invalid".*next attempt/);
    expect(await node.stop("SIGINT")).toBe(0);
    expect(node.errors).toBe("");
  });

  it("a refused connection", async () => {
    const port = await freePort();
    const node = startNode("--broker", `mqtt://127.0.0.1:${port}`);
    await node.until(
      new RegExp(`no connection to 127\\.0\\.0\\.1:${port} \\(connection refused: nothing listens`),
    );
    expect(await node.stop("SIGINT")).toBe(0);
    expect(node.errors).toBe("");
  });

  it("a broker that sends garbage", async () => {
    const port = await listen((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const node = startNode("--broker", `mqtt://127.0.0.1:${port}`);
    await node.until((output) => (output.match(/broke the MQTT protocol/g) ?? []).length >= 2);
    expect(await node.stop("SIGINT")).toBe(0);
    expect(node.errors).toBe("");
  });

  it("a broker that hangs up instead of answering", async () => {
    const port = await listen((socket) => socket.destroy());
    const node = startNode("--broker", `mqtt://127.0.0.1:${port}`);
    await node.until(/next attempt/);
    expect(await node.stop("SIGINT")).toBe(0);
  });

  itWith("mosquitto", "mosquitto_passwd")(
    "a wrong password (needs mosquitto), and works with the right one",
    async () => {
      const broker = await startMosquitto({ sensor: "right" });
      const wrong = startNode("--broker", `mqtt://sensor:wrong@127.0.0.1:${broker.port}`);
      await wrong.until(/refused the MQTT connection: .*\(return code [45]\)/);
      expect(await wrong.stop("SIGINT")).toBe(0);
      const right = startNode("--broker", `mqtt://sensor:right@127.0.0.1:${broker.port}`);
      await right.until(/acknowledged/);
    },
  );

  itWith("mosquitto")(
    "a Mosquitto that is killed and comes back (needs mosquitto): no reading is missing",
    async () => {
      const first = await startMosquitto();
      const node = startNode(
        "--broker",
        `mqtt://127.0.0.1:${first.port}`,
        "--interval",
        "0ms",
        "--log",
        "json",
      );
      await node.until(/"seq":2/);
      await first.running.stop("SIGKILL");
      await node.until(/"event":"lost"/);
      await startMosquitto(undefined, first.port);
      await node.until((output) => (output.match(/"event":"delivered"/g) ?? []).length >= 8);
      const delivered = node.lines
        .map((line) => JSON.parse(line) as { event: string; seq: number })
        .filter(({ event }) => event === "delivered")
        .map(({ seq }) => seq);
      expect(delivered).toEqual(delivered.map((_, index) => index + 1));
    },
    40_000,
  );
});
