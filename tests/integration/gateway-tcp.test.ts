import os from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { GatewayOptions } from "../../services/gateway/gateway.js";
import { GREETING } from "../../services/gateway/receipts.js";
import { closeAll, closing, connectLine, gatewayAt } from "../support/gateway.js";
import { pause, until } from "../support/peers.js";
import { SlowBroker } from "../support/slow-broker.js";

let broker: SlowBroker;
beforeEach(async () => {
  broker = await SlowBroker.start();
  closing({ close: () => broker.goAway() });
});
afterEach(closeAll);

/** An address of this machine by which others reach it. */
const outside = Object.values(os.networkInterfaces())
  .flat()
  .find((one) => one !== undefined && !one.internal && one.family === "IPv4");
const outsideOnly = outside ? it : it.skip;

const start = (options: Partial<GatewayOptions> = {}) => gatewayAt(broker.port, options);

describe("a TCP client of the gateway", () => {
  it("gets one line for each message, in their order", async () => {
    const client = await connectLine(await start());
    client.send('21.4\r\nHello\n{"device":"attic","temperature":20,"humidity":45}\n\n{"x":1}\nT=22\n');
    expect(await client.count(5)).toEqual([
      "ok 1",
      GREETING,
      "ok 1 2",
      'error: no reading in it: "temperature", "humidity", "pressure" with a number',
      "ok 2",
    ]);
  });

  it("that writes no newline is answered after a moment of silence", async () => {
    const client = await connectLine(await start());
    client.send("Hello, server!");
    expect(await client.count(1)).toEqual([GREETING]);
    client.send("21.4");
    expect((await client.count(2))[1]).toBe("ok 1");
  });

  it("that writes in pieces without a pause has written one line", async () => {
    const client = await connectLine(await start({ limits: { lineSilence: 2_000 } }));
    for (const piece of ['{"device":"at', 'tic","tempe', 'rature":21', ".4}\n"]) {
      client.send(piece);
      await pause(20);
    }
    expect(await client.count(1)).toEqual(["ok 1"]);
    await until(() => broker.readings().length === 1);
    expect(broker.readings()[0].value).toBe(21.4);
  });

  it("that has said all and listens on gets its answers, and then the end", async () => {
    const client = await connectLine(await start({ limits: { lineSilence: 60_000 } }));
    client.socket.end("21.4\nHello, server!");
    await until(() => client.ended);
    expect(client.lines).toEqual(["ok 1", GREETING]);
  });

  it("is known by its address, or by the name that the address was given", async () => {
    const gateway = await start();
    await (await connectLine(gateway)).ask("21.4");
    await until(() => broker.readings("home/tcp-127-0-0-1/temperature").length === 1);
    const named = await start({ names: new Map([["127.0.0.1", "cellar"]]) });
    await (await connectLine(named)).ask("21.5");
    await until(() => broker.readings("home/cellar/temperature").length === 1);
  });

  it("has its readings published as the contract says: retained, with the time of arrival and a number", async () => {
    const before = Date.now();
    const client = await connectLine(await start());
    await client.ask('{"device":"attic","temperature":21.44}');
    await client.ask('{"device":"attic","temperature":5,"time":1795175351184,"seq":9,"epoch":"5f3a09c1"}');
    await client.ask('{"device":"attic","temperature":6,"uptime":100,"boot":2,"late":true}');
    await until(() => broker.readings().length === 3);
    const [first, second, third] = broker.readings("home/attic/temperature");
    const { time, epoch, ...rest } = JSON.parse(first.payload);
    expect(rest).toEqual({ temperature: 21.44, seq: 1 });
    expect(time).toBeGreaterThanOrEqual(before);
    expect(epoch).toMatch(/^[0-9a-f]{8}$/);
    expect(first.retain).toBe(true);
    expect(second.payload).toBe('{"temperature":5,"time":1795175351184,"seq":9,"epoch":"5f3a09c1"}');
    expect(third.payload).toBe(
      `{"temperature":6,"uptime":100,"boot":2,"seq":2,"epoch":"${epoch}","late":true}`,
    );
    expect(third.retain).toBe(false);
  });

  it("cannot reach another topic by a device's name", async () => {
    const client = await connectLine(await start());
    for (const name of ["a/b", "../x", "+", "#", "$SYS", "gateway", "a\\u0000", "\\ud800", ""])
      expect(await client.ask(`{"device":"${name}","temperature":1}`)).toMatch(/^error: .*(device|gateway)/);
    expect(await client.ask('{"device":"good","temperature":1}')).toBe("ok 1");
    await until(() => broker.readings().length === 1);
    expect([...new Set(broker.received.map(({ topic }) => topic))].sort()).toEqual([
      "home/gateway/diagnostics",
      "home/gateway/status",
      "home/good/status",
      "home/good/temperature",
    ]);
  });

  it("that is a browser is turned away with what its page would say for a device", async () => {
    const client = await connectLine(await start());
    client.send('POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n{"device":"attic","temperature":99}\r\n');
    await until(() => client.closed || client.ended);
    expect(client.lines).toEqual(["error: this is no web server"]);
    await pause(50);
    expect(broker.readings()).toEqual([]);
  });

  it("that is a browser is turned away also where its page makes the first line too long to be looked at", async () => {
    const client = await connectLine(await start());
    client.send(`POST /${"a".repeat(5_000)} HTTP/1.1\r\n\r\n{"device":"attic","temperature":99}\r\n`);
    await until(() => client.closed || client.ended);
    expect(client.lines).toEqual(["error: the first line is longer than 4096 bytes"]);
    await pause(50);
    expect(broker.readings()).toEqual([]);
  });

  it("that is a browser which begins TLS is turned away with what a page may have put into that", async () => {
    const client = await connectLine(await start());
    const ticket = Buffer.from('\n{"device":"attic","temperature":99}\n');
    client.send(Buffer.concat([Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01), ticket]));
    await until(() => client.closed || client.ended);
    expect(client.lines).toEqual(["error: this is no web server"]);
    await pause(50);
    expect(broker.readings()).toEqual([]);
  });
});

describe("a hostile TCP client", () => {
  it.each([
    ["that is turned away", "GET / HTTP/1.1\r\n\r\n", {}, "error: this is no web server"],
    [
      "without the password",
      "21.4\n",
      { password: "correct-horse", limits: { penalty: 50 } },
      "error: the first line has to be: password, a blank, and the right one",
    ],
  ])("%s gets its error and is gone, also where it has said all", async (_what, text, options, answer) => {
    const gateway = await start(options);
    const clients = await Promise.all(Array.from({ length: 5 }, () => connectLine(gateway)));
    for (const client of clients) client.socket.end(text);
    await until(() => clients.every((client) => client.ended));
    for (const client of clients) expect(client.lines).toEqual([answer]);
    // One that reads nothing, too.
    const deaf = await connectLine(gateway);
    deaf.socket.pause();
    deaf.socket.end(text);
    await until(() => gateway.status().connections === 0);
  });

  it("with a line too long gets one error, and the next line is read", async () => {
    const gateway = await start();
    const client = await connectLine(gateway);
    expect(await client.ask("20")).toBe("ok 1");
    client.send("x".repeat(4_096));
    client.send(`${"x".repeat(100_000)}\n21.4\n`);
    expect((await client.count(3)).slice(1)).toEqual(["error: the line is longer than 4096 bytes", "ok 2"]);
  });

  it("with bytes that are no text gets an error, and harms nothing", async () => {
    const client = await connectLine(await start());
    client.send(Uint8Array.of(0xff, 0xfe, 0x0a, 0x00, 0x00, 0x0a, 0x16, 0x03, 0x01, 0x02, 0x0a));
    expect(await client.count(3)).toEqual(["error: the line is not UTF-8", GREETING, GREETING]);
    expect(await client.ask("21.4")).toBe("ok 1");
  });

  it("that sends without end and without a newline is closed, and nothing of it is held", async () => {
    const gateway = await start({ limits: { lineTime: 500 } });
    const client = await connectLine(gateway);
    expect(await client.ask("21.4")).toBe("ok 1");
    let most = 0;
    const timer = setInterval(() => {
      client.send("x".repeat(10_000));
      most = Math.max(most, gateway.status().held);
    }, 5);
    await until(() => client.ended || client.closed);
    clearInterval(timer);
    expect(client.lines.slice(1, 3)).toEqual([
      "error: the line is longer than 4096 bytes",
      "error: a line took longer than 0.5 s",
    ]);
    expect(most).toBeLessThanOrEqual(4_096);
    await until(() => gateway.status().connections === 0);
    expect(gateway.status().held).toBe(0);
  });

  it("that dribbles a byte at a time is closed when its line takes too long", async () => {
    const gateway = await start({ limits: { lineTime: 500 } });
    const client = await connectLine(gateway);
    const timer = setInterval(() => client.send("2"), 50);
    await until(() => client.ended || client.closed);
    clearInterval(timer);
    expect(client.lines).toEqual(["error: a line took longer than 0.5 s"]);
    expect(gateway.status().closed).toBe(1);
  });

  it("that says nothing is closed after the idle time, and one that speaks is not", async () => {
    const gateway = await start({ limits: { idle: 1_000 } });
    const [silent, alive] = [await connectLine(gateway), await connectLine(gateway)];
    const timer = setInterval(() => alive.send("21.4\n"), 100);
    await until(() => silent.ended);
    clearInterval(timer);
    expect(silent.lines).toEqual(["error: no message in 1 s"]);
    expect(alive.ended).toBe(false);
  });

  it("that sends and never reads is not read from either, and closed", async () => {
    const gateway = await start({ limits: { stall: 500, unread: 4_096 } });
    const client = await connectLine(gateway);
    client.socket.pause();
    let most = { unread: 0, held: 0, pending: 0 };
    // The kernel's buffers take some megabytes of answers first.
    const flood = "hello\n".repeat(10_000);
    const timer = setInterval(() => {
      if (client.socket.writableLength < 1_000_000) client.send(flood);
      const { unread, held, pending } = gateway.status();
      most = {
        unread: Math.max(most.unread, unread),
        held: Math.max(most.held, held),
        pending: Math.max(most.pending, pending),
      };
    }, 5);
    await until(() => gateway.status().closed === 1 && gateway.status().connections === 0);
    clearInterval(timer);
    expect(most.pending).toBeLessThanOrEqual(32);
    expect(most.unread).toBeLessThanOrEqual(4_096 + 33 * (GREETING.length + 1));
    expect(most.held).toBeLessThanOrEqual(65_536 + 4_096);
    expect(gateway.status().held).toBe(0);
  });

  it("that opens connection after connection gets no more than there are, and others get none of its address's", async () => {
    const gateway = await start({ limits: { connections: 3 } });
    const clients = await Promise.all([1, 2, 3].map(() => connectLine(gateway)));
    await until(() => gateway.status().connections === 3);
    const late = await connectLine(gateway);
    await until(() => late.ended || late.closed);
    expect(late.lines).toEqual(["error: too many connections"]);
    expect(gateway.status().turnedAway).toBe(1);
    expect(await clients[0].ask("21.4")).toBe("ok 1");
    clients[1].close();
    await until(() => gateway.status().connections === 2);
    expect(await (await connectLine(gateway)).ask("21.4")).toBe("ok 2");
  });

  outsideOnly(
    "has fewer connections from one address, where that is not this machine's own (needs a network)",
    async () => {
      const host = outside?.address as string;
      const gateway = await start({ limits: { perAddress: 2 }, listen: { host: "0.0.0.0", port: 0 } });
      const first = await connectLine(gateway, { host });
      expect(await first.ask("21.4")).toBe("ok 1");
      await connectLine(gateway, { host });
      const third = await connectLine(gateway, { host });
      await until(() => third.ended || third.closed);
      expect(third.lines).toEqual(["error: too many connections from this address"]);
      // Loopback has no limit of its own: many devices may come through one tunnel.
      for (let i = 1; i < 5; i++) expect(await (await connectLine(gateway)).ask("1")).toBe(`ok ${i}`);
      first.close();
      await until(() => gateway.status().connections === 5);
      expect(await (await connectLine(gateway, { host })).ask("21.4")).toBe("ok 2");
    },
  );

  it("that names device after device is stopped, on its connection and in all", async () => {
    const gateway = await start({ limits: { devicesPerConnection: 2, devices: 3 } });
    const client = await connectLine(gateway);
    const say = (of: typeof client, name: string) => of.ask(`{"device":"${name}","temperature":1}`);
    expect(await say(client, "a")).toBe("ok 1");
    expect(await say(client, "b")).toBe("ok 1");
    expect(await say(client, "c")).toBe("error: a connection speaks for at most 2 devices");
    const other = await connectLine(gateway);
    expect(await say(other, "c")).toBe("ok 1");
    expect(await say(other, "d")).toBe("error: the gateway knows 3 devices, and takes no more");
    expect(await say(other, "a")).toBe("ok 2");
  });

  it("is closed where all together hold too much", async () => {
    const gateway = await start({ limits: { held: 10_000, lineSilence: 60_000 } });
    const clients = [];
    for (let i = 0; i < 4; i++) {
      const client = await connectLine(gateway);
      clients.push(client);
      client.send("x".repeat(3_000));
      const held = Math.min(3, i + 1) * 3_000;
      await until(() => gateway.status().held === held && (i < 3 || client.ended));
    }
    expect(clients[3].lines).toEqual(["error: the gateway has too much to read; try again later"]);
    expect(clients.slice(0, 3).every(({ ended }) => !ended)).toBe(true);
  });
});

describe("a gateway with a password", () => {
  const secured = (limits = {}) => start({ password: "correct horse", limits: { penalty: 300, ...limits } });

  it("takes it as the first line, without an answer to it", async () => {
    const client = await connectLine(await secured());
    client.send("password correct horse\r\n21.4\n");
    expect(await client.ask("Hello")).toBe("ok 1");
    expect(await client.count(2)).toEqual(["ok 1", GREETING]);
  });

  it.each([
    "password correct hors",
    "password correct horse ",
    "21.4",
    "Password correct horse",
    "password ",
    "",
  ])(
    "closes a client that begins with %j after a while, with one line, and takes nothing of it",
    async (line) => {
      const gateway = await secured({ login: 600 });
      const client = await connectLine(gateway);
      client.send(`${line}\npassword correct horse\n21.4\n`.replace(/^\n.*/s, "\n"));
      await until(() => gateway.status().denied === 1);
      expect(client.lines).toEqual([]);
      await until(() => client.ended || client.closed);
      expect(client.lines).toEqual(["error: the first line has to be: password, a blank, and the right one"]);
      expect(gateway.status()).toMatchObject({ denied: 1, accepted: 0 });
    },
  );

  it("closes a client whose first line is too long to be looked at, and takes nothing of it", async () => {
    const gateway = await secured();
    const client = await connectLine(gateway);
    client.send(`${"x".repeat(5_000)}\n{"device":"attic","temperature":99}\n`);
    await until(() => client.ended || client.closed);
    expect(client.lines).toEqual(["error: the first line has to be: password, a blank, and the right one"]);
    expect(gateway.status()).toMatchObject({ denied: 1, accepted: 0 });
  });

  it("closes a client that says nothing", async () => {
    const client = await connectLine(await secured({ login: 500 }));
    await until(() => client.ended || client.closed);
    expect(client.lines).toHaveLength(1);
  });

  it("that has none takes no offence at one", async () => {
    const client = await connectLine(await start());
    client.send("password whatever\n");
    expect(await client.ask("21.4")).toBe("ok 1");
    expect(client.lines).toEqual(["ok 1"]);
  });
});
