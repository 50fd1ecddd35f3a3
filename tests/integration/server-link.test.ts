import { once } from "node:events";
import net from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import mqttPacket, { type Packet } from "mqtt-packet";
import { Link, type LinkOptions } from "../../services/server/link.js";
import { until } from "../support/peers.js";

/** A broker by hand: it says what it is told, and notes what it hears. */
let server: net.Server;
let socket: net.Socket | undefined;
let heard: Packet[];
let link: Link;
/** Of each state that the link has told. */
let reasons: (string | null)[];
beforeEach(async () => {
  heard = [];
  server = net.createServer((connection) => {
    socket = connection;
    connection.on("error", () => {});
    const parser = mqttPacket.parser({ protocolVersion: 4 });
    parser.on("packet", (packet: Packet) => {
      heard.push(packet);
      if (packet.cmd === "connect") say({ cmd: "connack", returnCode: 0, sessionPresent: false });
      if (packet.cmd === "subscribe")
        say({
          cmd: "suback",
          messageId: packet.messageId,
          granted: packet.subscriptions.map(() => 1),
        } as Packet);
    });
    connection.on("data", (data) => parser.parse(data));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(async () => {
  socket?.destroy();
  await link.close();
  await new Promise((resolve) => server.close(resolve));
});

function say(...packets: Packet[]): void {
  socket?.write(Buffer.concat(packets.map((packet) => mqttPacket.generate(packet))));
}

const message = (messageId: number): Packet => ({
  ...{ cmd: "publish", topic: "home/a/temperature", payload: String(messageId), messageId },
  ...{ qos: 1, retain: false, dup: false },
});
const acknowledged = () => heard.filter(({ cmd }) => cmd === "puback").map(({ messageId }) => messageId);

async function start(
  take: LinkOptions["take"],
  onFailure: (error: unknown) => void = () => {},
): Promise<void> {
  const { port } = server.address() as net.AddressInfo;
  const states: boolean[] = [];
  reasons = [];
  link = new Link({
    broker: {
      endpoint: { host: "127.0.0.1", port, secure: false, user: undefined, password: undefined },
      ...{ secure: undefined, id: "x", clean: false },
    },
    topics: ["home/#"],
    formerTopics: [],
    take,
    onState: ({ connected, reason }) => {
      states.push(connected);
      reasons.push(reason);
    },
    onWarning: () => {},
    onFailure,
  });
  await until(() => states.includes(true));
}

describe("the link to the broker", () => {
  it("acknowledges a message when it is dealt with, in order", async () => {
    const taken: string[] = [];
    await start(({ payload }) => {
      taken.push(`${Buffer.from(payload)} after ${acknowledged().length}`);
    });
    say(message(1));
    await until(() => acknowledged().length === 1);
    say(message(2), message(3));
    await until(() => acknowledged().length === 3);
    expect(taken).toEqual(["1 after 0", "2 after 1", "3 after 1"]);
    expect(acknowledged()).toEqual([1, 2, 3]);
  });

  it("waits with a message, and those behind it, while the store is busy", async () => {
    const taken: string[] = [];
    let busy = 2;
    await start(({ payload }) => {
      if (busy-- > 0) throw Object.assign(new Error("database is locked"), { code: "SQLITE_BUSY" });
      taken.push(Buffer.from(payload).toString());
    });
    say(message(1), message(2));
    await until(() => acknowledged().length === 2);
    expect(taken).toEqual(["1", "2"]);
    expect(acknowledged()).toEqual([1, 2]);
  });

  it("acknowledges nothing that the store could not take, nor what is behind it", async () => {
    const failures: unknown[] = [];
    let count = 0;
    const full = Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
    await start(
      () => {
        if (++count === 2) throw full;
      },
      (error) => failures.push(error),
    );
    say(message(1), message(2), message(3));
    await until(() => failures.length > 0);
    await link.close();
    expect(failures).toEqual([full]);
    expect(acknowledged()).toEqual([1]);
    expect(count).toBe(2);
  });

  it("asks whether another is there by its name, where the broker ends a connection that has just begun", async () => {
    await start(() => {});
    socket?.destroy();
    await until(() => reasons.length > 1);
    expect(reasons[1]).toBe(
      'the broker closed the connection: is another server there with the identifier "x" (--id)?',
    );
  });

  it("leaves everything else its turn while messages come in a row", async () => {
    let turns = 0;
    let count = 0;
    const turn = () => {
      turns++;
      immediate = setImmediate(turn);
    };
    let immediate: NodeJS.Immediate | undefined;
    await start(() => {
      immediate ??= setImmediate(turn);
      count++;
      const until = performance.now() + 1;
      while (performance.now() < until);
    });
    // All in one piece, of which each takes a millisecond.
    say(...Array.from({ length: 400 }, (_, i) => message(i + 1)));
    await until(() => count === 400);
    clearImmediate(immediate);
    expect(turns).toBeGreaterThanOrEqual(20);
  });
});
