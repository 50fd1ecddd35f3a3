/** The server: puts its parts together. */

import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { type Endpoint, hostPort } from "../../firmware/codec/endpoint.js";
import type { Secure } from "../../host-sim/io/tls.js";
import { Commands } from "./commands.js";
import { Devices } from "./devices.js";
import { Events } from "./events.js";
import { Flusher, logFlush } from "./flusher.js";
import { type Credentials, Guard } from "./guard.js";
import { startHTTP } from "./http.js";
import { type IncomingMessage, Ingest } from "./ingest.js";
import { Link } from "./link.js";
import { lockStore } from "./lock.js";
import { Retention } from "./retention.js";
import { createRoutes } from "./routes.js";
import { Store } from "./store.js";
import { StoreError, storeProblem } from "./store-error.js";

export const DEFAULT_ID = "hearth-server";
export const DEFAULT_TOPICS: readonly string[] = ["home/#"];

const DAY = 86_400_000;

/** ms. 120 MB for each quantity of a device that reports every five seconds, 10 MB for one that reports each minute. */
export const DEFAULT_RETENTION = 90 * DAY;
/** In memory; ms. */
export const TEMPORARY_RETENTION = DAY;

export interface ServerOptions {
  broker: { endpoint: Endpoint; secure: Secure | undefined };
  /** MQTT client identifier; the broker keeps under it what comes while the server is away. */
  id?: string;
  /** Filters of what to subscribe to. */
  topics?: readonly string[];
  listen: { host: string; port: number /** Another port is taken where this one is. */; isFallback: boolean };
  /** File; without it the store is in memory, and gone at the end. */
  store?: string;
  /** How long single readings are kept, ms; 0 for ever. */
  retention?: number;
  /** Needed by everybody who asks; `undefined` lets everybody. */
  credentials?: Credentials;
  version: string;
  onNote: (text: string) => void;
  onWarning: (text: string) => void;
  /** The store has failed: the server does nothing more, and is to be closed. */
  onFailure: (error: StoreError) => void;
}

export interface RunningServer {
  readonly port: number;
  /** Of the page. */
  readonly url: string;
  /** Harmless when called again. */
  close(): Promise<void>;
}

/**
 * @throws StoreError in one line where the store cannot be had
 * @throws the operating system's error where it cannot listen
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const unlock = options.store === undefined ? () => {} : lockStore(options.store);
  let store: Store | undefined;
  try {
    store = new Store(options.store);
    return await start(options, store, unlock);
  } catch (error) {
    store?.close();
    unlock();
    throw error;
  }
}

async function start(options: ServerOptions, store: Store, unlock: () => void): Promise<RunningServer> {
  const { broker, onNote, onWarning, version } = options;
  const where = hostPort(broker.endpoint.host, broker.endpoint.port);
  const isTemporary = options.store === undefined;
  const topics = options.topics ?? DEFAULT_TOPICS;
  let hasFailed = false;
  const fail = (error: unknown) => {
    if (hasFailed) return;
    hasFailed = true;
    const line = storeProblem(options.store ?? "the store in memory", error);
    options.onFailure(error instanceof StoreError ? error : new StoreError(line, { cause: error }));
  };

  const retention = new Retention(
    store,
    options.retention ?? (isTemporary ? TEMPORARY_RETENTION : DEFAULT_RETENTION),
    fail,
  );
  const flusher = new Flusher(options.store === undefined ? async () => {} : logFlush(options.store), fail);
  const devices = new Devices(store);
  const events = new Events();
  const commands = new Commands({
    get connected() {
      return link?.connected ?? false;
    },
    publish: (topic, payload) => link?.publish(topic, payload),
  });
  const ingest = new Ingest(store, devices, events, commands);
  let link: Link | undefined;

  const close = async () => {
    retention.close();
    flusher.close();
    commands.close();
    await link?.close();
    events.close();
    await web?.close();
    store.close();
    unlock();
  };

  const status = () => ({
    version,
    now: Date.now(),
    broker: { ...events.broker, address: where },
    store: { temporary: isTemporary, keptFrom: retention.kept.readings },
    devices: devices.count,
    counts: ingest.counts,
  });
  const routes = createRoutes({ store, devices, events, commands, kept: () => retention.kept, status });
  const guard = new Guard(options.listen.host, options.credentials);
  const web = await startHTTP(options.listen, guard, routes, onWarning).catch((error: unknown) => {
    retention.close();
    events.close();
    throw error;
  });

  const former = JSON.parse(store.note("topics") ?? "[]") as string[];
  store.setNote("topics", JSON.stringify(topics));
  let isCrowded = false;
  let isConflicting = false;
  link = new Link({
    broker: {
      ...broker,
      // What nobody will ask for again must not wait at the broker.
      id: options.id ?? (isTemporary ? `${DEFAULT_ID}-${randomBytes(4).toString("hex")}` : DEFAULT_ID),
      clean: isTemporary,
    },
    topics,
    formerTopics: former.filter((topic) => !topics.includes(topic)),
    take: (message: IncomingMessage) => {
      const { stored, repeated } = ingest.counts;
      ingest.take(message);
      // A copy may have brought the time of a reading.
      if (ingest.counts.stored + ingest.counts.repeated > stored + repeated) flusher.changed();
      if (ingest.counts.conflicting > 0 && !isConflicting) {
        isConflicting = true;
        onWarning(
          `${message.topic}: a reading has the number of another one, and is left out; those that follow are only counted: ` +
            "does something else publish there, or was a copy of the device's memory put back?",
        );
      }
      if (ingest.counts.crowded > 0 && !isCrowded) {
        isCrowded = true;
        onWarning(`there are more devices than can be remembered (${devices.count}): others are left out`);
      }
    },
    onState: (state) => {
      if (state.connected !== events.broker.connected || state.reason !== events.broker.reason) {
        if (state.connected) onNote(`connected to the broker at ${where}`);
        else if (state.reason !== null) onWarning(state.reason);
      }
      events.setBroker(state);
    },
    onWarning,
    onFailure: fail,
  });

  const { host } = options.listen;
  // From anywhere: by the name that others may know this machine by.
  const shown = host === "0.0.0.0" || host === "::" ? hostname() : host;
  if (options.listen.port !== 0 && web.port !== options.listen.port)
    onNote(`port ${options.listen.port} is taken: the page is at ${web.port}`);
  let closing: Promise<void> | undefined;
  return {
    port: web.port,
    url: `http://${hostPort(shown, web.port)}/`,
    close: () => (closing ??= close()),
  };
}
