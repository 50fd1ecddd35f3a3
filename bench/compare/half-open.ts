import mqtt from "mqtt";
import MQTTClient from "../../firmware/mqtt/client.js";
import { Resolver } from "../../host-sim/io/resolver.js";
import { TCP } from "../../host-sim/io/tcp.js";
import type { Arena, Contest } from "./contest.js";
import { clock, timer } from "./publisher-hearth.js";
import { type Row, rowOf } from "./row.js";
import { type SilentProxy, startProxy } from "./silent-proxy.js";

/** Pairs of links, each of which falls silent at a moment of its own. */
const ROUNDS = 8;

/** Seconds: the shortest that the node's setting allows; with `--quick` the shortest that MQTT has. */
const KEEP_ALIVE = 5;
const QUICK_KEEP_ALIVE = 1;

/** Keep-alives after which nobody waits any more. */
const PATIENCE = 4;

/** Messages in a keep-alive, where the client publishes. */
const PUBLICATIONS = 10;

/** What a client does meanwhile: nothing, or publish at this QoS. */
const MODES: readonly { name: string; QoS: 0 | 1 | undefined }[] = [
  { name: "idle", QoS: undefined },
  { name: "publishing at QoS 0", QoS: 0 },
  { name: "publishing at QoS 1", QoS: 1 },
];

/** A client that is connected. */
interface Link {
  /** Settles when the client says that the link is lost. */
  readonly lost: Promise<void>;
  publish(QoS: 0 | 1): void;
  close(): void;
}

type Connect = (port: number, id: string, keepAlive: number) => Promise<Link>;

/** How long a client believes in a connection whose other end is gone without a word. */
export const halfOpen: Contest = {
  name: "half-open",
  about: "time until a link is known to be dead whose other end has fallen silent, against MQTT.js",
  run: async (arena) => {
    const { rounds: wanted = ROUNDS, isQuick, advance } = arena;
    const rounds = isQuick ? Math.min(wanted, 2) : wanted;
    const keepAlive = isQuick ? QUICK_KEEP_ALIVE : KEEP_ALIVE;
    const proxy = await startProxy(await arena.broker());
    const total = MODES.length * rounds * 2;
    let done = 0;
    const measure = async (connect: Connect, id: string, QoS: 0 | 1 | undefined, phase: number) => {
      const seconds = await timeToNotice(arena, proxy, connect, id, keepAlive, QoS, phase);
      done += 1;
      advance(done / total);
      return seconds;
    };
    try {
      // They wait, and do not compute: all at once.
      return await Promise.all(
        MODES.map(async ({ name, QoS }) => {
          const pairs = await Promise.all(
            Array.from({ length: rounds }, async (_, round) => {
              const id = `bench-${process.pid}-${QoS ?? "idle"}-${round}`;
              const phase = round / rounds;
              const [ours, theirs] = await Promise.all([
                measure(connectOurs, `${id}-h`, QoS, phase),
                measure(connectTheirs, `${id}-m`, QoS, phase),
              ]);
              return { ours, theirs };
            }),
          );
          return rowFor(name, keepAlive, pairs);
        }),
      );
    } finally {
      await proxy.close();
    }
  },
};

function rowFor(mode: string, keepAlive: number, pairs: { ours: number; theirs: number }[]): Row {
  const limit = PATIENCE * keepAlive;
  const notes: string[] = [];
  for (const [who, values] of [
    ["Hearth", pairs.map(({ ours }) => ours)],
    ["MQTT.js", pairs.map(({ theirs }) => theirs)],
  ] as const) {
    const missing = values.filter((seconds) => seconds >= limit).length;
    if (missing > 0)
      notes.push(
        `${who} had not noticed ${missing} of ${values.length} after ${limit} s, and is taken to have then`,
      );
  }
  return rowOf(
    {
      contest: "half-open",
      name: `${mode}, keep-alive ${keepAlive} s`,
      peer: "MQTT.js",
      unit: "s",
      better: "less",
    },
    pairs,
    notes.length > 0 ? notes.join("; ") : undefined,
  );
}

/** @param phase of the keep-alive, from 0 to 1, at which the link falls silent */
async function timeToNotice(
  { signal }: Arena,
  proxy: SilentProxy,
  connect: Connect,
  id: string,
  keepAlive: number,
  QoS: 0 | 1 | undefined,
  phase: number,
): Promise<number> {
  const period = keepAlive * 1000;
  const link = await connect(proxy.port, id, keepAlive);
  const publishing =
    QoS === undefined ? undefined : setInterval(() => link.publish(QoS), period / PUBLICATIONS);
  try {
    // One keep-alive goes by as it should.
    await until(link.lost, (1 + phase) * period, signal);
    proxy.silence(id);
    const start = performance.now();
    const limit = PATIENCE * period;
    await until(link.lost, limit, signal);
    return Math.min(performance.now() - start, limit) / 1000;
  } finally {
    clearInterval(publishing);
    link.close();
  }
}

/** Until the link is lost, or the time is over. @throws Error where it is aborted */
async function until(lost: Promise<void>, milliseconds: number, signal: AbortSignal): Promise<void> {
  let stop = () => {};
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve, reject) => {
    timer = setTimeout(resolve, milliseconds);
    stop = () => reject(new Error("aborted"));
    signal.addEventListener("abort", stop);
  });
  try {
    await Promise.race([lost, over]);
    signal.throwIfAborted();
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

const TOPIC = "home/livingroom/temperature";
const PAYLOAD = Buffer.from("21.44");

const connectOurs: Connect = (port, id, keepAlive) =>
  new Promise((resolve, reject) => {
    let onLost: () => void = () => {};
    const lost = new Promise<void>((settle) => {
      onLost = settle;
    });
    let isLost = false;
    const client = new MQTTClient({
      host: "127.0.0.1",
      port,
      id,
      keepAlive: keepAlive * 1000,
      dns: { io: Resolver },
      socket: { io: TCP, nodelay: true } as never,
      timer,
      clock,
      onControl: ({ operation }) => {
        if (operation !== MQTTClient.CONNACK) return;
        const publish = (QoS: 0 | 1) => {
          if (!isLost) client.write(new Uint8Array(PAYLOAD), { topic: TOPIC, QoS });
        };
        resolve({ lost, publish, close: () => client.close() });
      },
      onError: (reason) => {
        isLost = true;
        onLost();
        reject(reason ?? new Error("the connection failed"));
      },
    });
  });

const connectTheirs: Connect = (port, id, keepAlive) =>
  new Promise((resolve, reject) => {
    const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
      clientId: id,
      keepalive: keepAlive,
      reconnectPeriod: 0,
    });
    const lost = new Promise<void>((settle) => client.once("close", () => settle()));
    const publish = (qos: 0 | 1) => {
      if (client.connected) client.publish(TOPIC, PAYLOAD, { qos }, () => {});
    };
    client.once("connect", () => resolve({ lost, publish, close: () => client.end(true) }));
    client.once("error", reject);
  });
