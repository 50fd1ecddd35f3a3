import { afterEach, expect, it } from "@jest/globals";
import { LIMITS } from "../../services/gateway/limits.js";
import { closeAll, closing, connectLine, gatewayAt } from "../support/gateway.js";
import { pause, until } from "../support/peers.js";
import { SlowBroker } from "../support/slow-broker.js";

afterEach(closeAll);

const DEVICES = 500;

/** Publishes that may be under way: readings, and the rest. */
const WINDOW = 64;
const NOTICES = 16;

/** Readings of each device, which it sends without waiting for receipts. */
const READINGS = 20;

it("500 TCP devices and a slow broker that goes away and comes back: memory is bounded, nothing acknowledged is lost", async () => {
  const broker = await SlowBroker.start();
  closing({ close: () => broker.goAway() });
  broker.hold();
  const gateway = await gatewayAt(broker.port, { limits: { window: WINDOW, notices: NOTICES } });
  const clients = await Promise.all(Array.from({ length: DEVICES }, () => connectLine(gateway)));
  await until(() => gateway.status().connections === DEVICES);

  const most = { waiting: 0, underWay: 0, pending: 0, held: 0, unread: 0 };
  const watch = () => {
    const status = gateway.status();
    for (const name of Object.keys(most) as (keyof typeof most)[])
      most[name] = Math.max(most[name], status[name]);
    // What was taken is in the store or at the broker, at any moment.
    expect(status.waiting).toBeGreaterThanOrEqual(status.accepted - status.delivered);
    expect(status.waiting).toBeLessThanOrEqual(status.accepted);
  };
  const send = (from: number, to: number) =>
    clients.forEach((client, device) => {
      for (let i = from; i < to; i++)
        client.send(`{"device":"d${device}","temperature":${(device * READINGS + i) / 100}}\n`);
    });
  const receipts = () => clients.reduce((sum, { lines }) => sum + lines.length, 0);

  send(0, READINGS / 4);
  await until(() => {
    watch();
    return receipts() === (DEVICES * READINGS) / 4;
  });
  // The broker acknowledges a few now and then, and goes away in the middle of it.
  for (let i = 0; i < 5; i++) {
    broker.release(20);
    await pause(20);
    watch();
  }
  expect(broker.readings().length).toBeLessThanOrEqual(WINDOW + 5 * 20);
  await broker.goAway();
  send(READINGS / 4, READINGS / 2);
  await until(() => {
    watch();
    return receipts() === (DEVICES * READINGS) / 2;
  });
  // It is back, and reads nothing at first.
  broker.reads = false;
  await broker.comeBack();
  await until(() => broker.connections > 1);
  send(READINGS / 2, (READINGS * 3) / 4);
  await until(() => {
    watch();
    return receipts() === (DEVICES * READINGS * 3) / 4;
  });
  broker.reads = true;
  for (let i = 0; i < 10; i++) {
    broker.release(20);
    await pause(10);
    watch();
  }
  broker.release();
  send((READINGS * 3) / 4, READINGS);
  await until(() => {
    watch();
    return receipts() === DEVICES * READINGS && gateway.status().waiting === 0;
  });

  const acknowledged = new Set<string>();
  clients.forEach((client, device) => {
    client.lines.forEach((receipt, i) => {
      expect(receipt).toBe(`ok ${i + 1}`);
      acknowledged.add(`home/d${device}/temperature ${i + 1} ${(device * READINGS + i) / 100}`);
    });
  });
  const readings = broker.readings();
  const arrived = new Set(readings.map(({ topic, seq, value }) => `${topic} ${seq} ${value}`));
  expect(arrived).toEqual(acknowledged);

  // Order holds for each device within live and within late, where each is looked at as it came first.
  const last = new Map<string, number>();
  const seen = new Set<string>();
  for (const { topic, seq, late } of readings) {
    const lane = `${topic} ${late}`;
    if (seen.has(`${lane} ${seq}`)) continue;
    seen.add(`${lane} ${seq}`);
    expect(seq).toBeGreaterThan(last.get(lane) ?? 0);
    last.set(lane, seq);
  }

  expect(most.underWay).toBeLessThanOrEqual(WINDOW + NOTICES);
  expect(broker.mostUnderWay).toBeLessThanOrEqual(WINDOW + NOTICES + 1);
  expect(most.pending).toBeLessThanOrEqual(DEVICES * LIMITS.pending);
  expect(most.held).toBeLessThanOrEqual(LIMITS.held);
  expect(most.unread).toBeLessThanOrEqual(DEVICES * LIMITS.unread);
  expect(most.waiting).toBeLessThanOrEqual(DEVICES * READINGS);
  expect(gateway.status()).toMatchObject({
    refused: 0,
    closed: 0,
    held: 0,
    pending: 0,
    connections: DEVICES,
    devices: DEVICES,
  });
}, 60_000);
