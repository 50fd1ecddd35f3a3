import path from "node:path";
import mqtt, { type MqttClient } from "mqtt";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { type EmbeddedBroker, startEmbeddedBroker } from "../../host-sim/world/embedded-broker.js";
import { type RunningServer, type ServerOptions, startServer } from "../../services/server/server.js";
import { Store } from "../../services/server/store.js";
import { programPath, temporaryDirectory } from "./peers.js";

/** Without what a browser does of its own accord on the network. */
const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The machine's own; its profile is a new one, and gone afterwards. */
export function launchChromium(): Promise<Browser> {
  const executablePath = programPath("chromium");
  if (executablePath === undefined) throw new Error("there is no chromium on the path");
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

/** A broker, the server with a store of its own, and a client that plays all devices. */
export class Scene {
  readonly broker: EmbeddedBroker;
  readonly devices: MqttClient;
  readonly file: string;
  server: RunningServer;
  #seq = 0;
  readonly #remove: () => void;
  readonly #options: Omit<ServerOptions, "listen">;

  private constructor(
    broker: EmbeddedBroker,
    devices: MqttClient,
    file: string,
    server: RunningServer,
    remove: () => void,
    options: Omit<ServerOptions, "listen">,
  ) {
    this.broker = broker;
    this.devices = devices;
    this.file = file;
    this.server = server;
    this.#remove = remove;
    this.#options = options;
  }

  /** @param seed fills the store before the server opens it */
  static async start(
    seed: (store: Store) => void = () => {},
    more: Partial<ServerOptions> = {},
  ): Promise<Scene> {
    const { path: directory, remove } = temporaryDirectory();
    const file = path.join(directory, "readings.db");
    const store = new Store(file);
    seed(store);
    store.close();
    const broker = await startEmbeddedBroker(0);
    const devices = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`);
    const options: Omit<ServerOptions, "listen"> = {
      broker: {
        endpoint: {
          secure: false,
          host: "127.0.0.1",
          port: broker.port,
          user: undefined,
          password: undefined,
        },
        secure: undefined,
      },
      store: file,
      version: "0.1.0",
      onNote: () => {},
      onWarning: () => {},
      onFailure: (error) => {
        throw error;
      },
      ...more,
    };
    const server = await startServer({
      ...options,
      listen: { host: "127.0.0.1", port: 0, isFallback: false },
    });
    return new Scene(broker, devices, file, server, remove, options);
  }

  get url(): string {
    return this.server.url;
  }

  stopServer(): Promise<void> {
    return this.server.close();
  }

  /** On the port that it had. */
  async startServer(): Promise<void> {
    const { port } = this.server;
    this.server = await startServer({
      ...this.#options,
      listen: { host: "127.0.0.1", port, isFallback: false },
    });
  }

  async say(topic: string, payload: string | object, retain = false): Promise<void> {
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    await this.devices.publishAsync(topic, text, { qos: 1, retain });
  }

  /** A reading as a node sends it. */
  async read(base: string, temperature: number, time = Date.now(), late = false): Promise<void> {
    this.#seq += 1;
    const reading = { temperature, time, seq: this.#seq, epoch: "5f3a09c1", ...(late && { late }) };
    await this.say(`${base}/temperature`, reading, !late);
  }
  async close(): Promise<void> {
    await this.server.close();
    await this.devices.endAsync(true);
    await this.broker.close();
    this.#remove();
  }
}

/** A page, and all that went wrong in it. */
export interface Watched {
  page: Page;
  /** Errors and warnings of the console, exceptions, dialogs. */
  problems: string[];
  /** Answers of the API: path with query, and bytes. */
  answers: { url: URL; bytes: number; text: string }[];
}

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  const answers: Watched["answers"] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("dialog", (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("response", (response) => {
    const address = new URL(response.url());
    if (!address.pathname.startsWith("/api/") || address.pathname === "/api/events") return;
    response.text().then(
      (text) => answers.push({ url: address, bytes: Buffer.byteLength(text), text }),
      () => {}, // The page asked for something else meanwhile.
    );
  });
  await page.goto(url);
  return { page, problems, answers };
}

/** A device with a reading each `step` milliseconds, from `from` to before `to`. */
export function seedReadings(
  store: Store,
  base: string,
  { from, to, step }: { from: number; to: number; step: number },
  value: (time: number) => number | undefined,
  quantity = 0,
): void {
  const device = store.deviceId(base);
  for (let time = from; time < to; time += step) {
    const measured = value(time);
    if (measured !== undefined)
      store.add({
        ...{ device, quantity, value: measured, time, received: time, late: false },
        ...{ epoch: undefined, seq: undefined },
      });
  }
}
