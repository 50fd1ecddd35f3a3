/** What can be asked for, and what is done then. */

import fs from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { QUANTITIES } from "../../firmware/codec/reading.js";
import { answer, answerJSON, type Exchange, head, Refused } from "./answer.js";
import { readJSON } from "./body.js";
import { type Commands, readCommand } from "./commands.js";
import { exportCSV } from "./csv.js";
import type { Devices } from "./devices.js";
import type { Events } from "./events.js";
import { type PageFile, pageFiles } from "./files.js";
import { DEFAULT_POINTS, Histories, type Kept, POINTS_LIMIT, ROW_LIMIT } from "./history.js";
import { integerParam, quantityParam, spanParam } from "./query.js";
import type { Store } from "./store.js";

export interface Route {
  methods: readonly string[];
  serve: (exchange: Exchange) => void | Promise<void>;
}

export interface RouteParts {
  store: Store;
  devices: Devices;
  events: Events;
  commands: Commands;
  kept: () => Kept;
  /** For `/api/status`. */
  status: () => object;
}

const GET: readonly string[] = ["GET", "HEAD"];

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function createRoutes(parts: RouteParts): ReadonlyMap<string, Route> {
  const { store, devices, events, commands } = parts;
  const histories = new Histories(store.database);
  const routes = new Map<string, Route>();
  for (const [name, file] of pageFiles())
    routes.set(name, { methods: GET, serve: (exchange) => serveFile(exchange, file) });

  const api = (name: string, methods: readonly string[], serve: Route["serve"]) =>
    routes.set(`/api/${name}`, { methods, serve });
  api("status", GET, (exchange) => answerJSON(exchange, parts.status()));
  api("devices", GET, (exchange) => answerJSON(exchange, devices.list()));

  api("history", GET, (exchange) => {
    const { query } = exchange;
    const now = Date.now();
    const device = knownDevice(devices, query.get("device"));
    const quantity = quantityParam(query);
    if (quantity === undefined) throw new Refused(400, "quantity is missing");
    const span = spanParam(query, { from: now - HOUR, to: now + MINUTE });
    const bucket = integerParam(query, "bucket", 0, 100 * 364 * DAY);
    if (bucket !== undefined && bucket % 1_000 !== 0)
      throw new Refused(400, "bucket must be a multiple of 1000");
    const points =
      integerParam(query, "points", 1, bucket === 0 ? ROW_LIMIT : POINTS_LIMIT) ??
      (bucket === 0 ? ROW_LIMIT : DEFAULT_POINTS);
    const history =
      device === undefined
        ? { bucket: bucket ?? 0, rows: [] }
        : histories.query({ device, quantity, ...span, points, bucket }, parts.kept());
    if ("error" in history) throw new Refused(400, history.error);
    answerJSON(exchange, history);
  });

  api("export.csv", GET, async (exchange) => {
    const { query, response, request } = exchange;
    const base = query.get("device");
    if (base) knownDevice(devices, base);
    const quantity = quantityParam(query);
    const span = spanParam(query, { from: 0, to: Date.now() + 2 * DAY });
    head(response, 200, {
      "Content-Type": "text/csv; charset=utf-8; header=present",
      "Content-Disposition": 'attachment; filename="readings.csv"',
    });
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    const rows = exportCSV(store.database, {
      devices: store.devices().filter((device) => !base || device.base === base),
      quantities: quantity === undefined ? [...QUANTITIES.keys()] : [quantity],
      ...span,
    });
    // Whoever does not read is not written for; whoever goes away ends it.
    await pipeline(Readable.from(rows, { highWaterMark: 1 }), response);
  });

  api("events", GET, ({ request, response }) => {
    const headers = { "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no" };
    if (request.method === "HEAD") {
      head(response, 200, headers).end();
      return;
    }
    if (events.isFull) throw new Refused(503, "too many pages are open");
    head(response, 200, headers);
    events.add(response);
  });

  api("command", ["POST"], async (exchange) => {
    const command = readCommand(await readJSON(exchange.request));
    if (typeof command === "string") throw new Refused(400, command);
    knownDevice(devices, command.base);
    const result = await commands.send(command);
    answerJSON(exchange, result, result.outcome === "unanswered" ? 504 : 200);
  });
  return routes;
}

/**
 * @returns its number in the store, `undefined` where there are no readings of it yet
 * @throws Refused where nothing is known of it
 */
function knownDevice(devices: Devices, base: string | null): number | undefined {
  if (base === null || base === "") throw new Refused(400, "device is missing");
  if (!devices.get(base)) throw new Refused(404, "there is no such device");
  return devices.id(base);
}

async function serveFile(exchange: Exchange, { file, type }: PageFile): Promise<void> {
  const content = await fs.readFile(file).catch(() => undefined);
  if (!content) throw new Refused(404, "this file of the page was not built: npm run build");
  answer(exchange, 200, type, content);
}
