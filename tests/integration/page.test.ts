import { afterAll, afterEach, beforeAll, describe, expect } from "@jest/globals";
import type { Browser, Locator, Page } from "playwright-core";
import type { Store } from "../../services/server/store.js";
import { launchChromium, openPage, Scene, seedReadings, type Watched } from "../support/page-scene.js";
import { hasProgram, pause } from "../support/peers.js";
import { itWith } from "../support/programs.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ROOM = "home/livingroom";
const CLIMATE = `${ROOM}/climate`;

const run = itWith("chromium");

let browser: Browser;
let scene: Scene | undefined;
const opened: Page[] = [];

beforeAll(async () => {
  if (hasProgram("chromium")) browser = await launchChromium();
});

afterEach(async () => {
  for (const page of opened.splice(0)) await page.context().close();
  await scene?.close();
  scene = undefined;
});

afterAll(async () => {
  await browser?.close();
});

async function start(...args: Parameters<typeof Scene.start>): Promise<Scene> {
  scene = await Scene.start(...args);
  return scene;
}

async function open(url: string, options?: Parameters<typeof openPage>[2]): Promise<Watched> {
  const watched = await openPage(browser, url, options);
  opened.push(watched.page);
  return watched;
}

/** Waits until it says this. */
async function says(locator: Locator, pattern: RegExp | string): Promise<void> {
  try {
    await locator.filter({ hasText: pattern }).first().waitFor({ state: "attached", timeout: 10_000 });
  } catch {
    const texts = await locator.allTextContents();
    throw new Error(`never saw ${String(pattern)} in ${JSON.stringify(texts)}`);
  }
}

const card = (page: Page, base: string) =>
  page.locator(".card").filter({ has: page.getByText(base, { exact: true }) });
const summary = (page: Page) => page.locator("#graph-summary");
const row = (page: Page, name: string) => page.locator("#graph-table tbody tr").filter({ hasText: name });
const value = (page: Page, base: string) => card(page, base).locator(".main-value .value");

/** An hour of readings each 5 s, which end 10 s ago; without those that `skip` names. */
function anHour(store: Store, skip: (time: number) => boolean = () => false): number {
  const end = Math.floor(Date.now() / 5_000) * 5_000 - 10 * SECOND;
  seedReadings(store, ROOM, { from: end - 55 * MINUTE, to: end, step: 5_000 }, (time) =>
    skip(time) ? undefined : 20 + Math.sin(time / 300_000),
  );
  return end;
}

describe("devices", () => {
  run("show their value, age and health, and change as they speak (needs chromium)", async () => {
    await start();
    const { page, problems } = await open(scene!.url);
    await says(page.locator("#no-devices"), "No device has been heard of yet");
    await scene!.say(`${ROOM}/status`, "online", true);
    await scene!.read(ROOM, 21.44);
    await says(value(page, ROOM), "21.4 °C");
    // A line of some seconds would not be seen in an hour.
    await says(page.locator("#presets [aria-pressed=true]"), "5 min");
    await says(card(page, ROOM).locator(".health"), "Online");
    await says(card(page, ROOM).locator(".age"), /now|\d s ago/);
    await scene!.read(ROOM, -0.52);
    await says(value(page, ROOM), "−0.5 °C");
    await says(row(page, "Livingroom"), "−0.52 °C");
    await says(card(page, ROOM).locator(".age"), "2 s ago");
    await scene!.say(`${ROOM}/diagnostics`, {
      waiting: 12,
      dropped: 3,
      mode: "safe",
      signal: -86,
      uptime: 7_300_000,
    });
    for (const notice of ["12 readings wait", "3 readings lost", "Safe mode", "Weak Wi-Fi, −86 dBm"])
      await says(card(page, ROOM).locator(".notices"), notice);
    await card(page, ROOM).getByText("Details").click();
    await says(card(page, ROOM).locator(".facts"), /Running for2 h/);
    await scene!.say(`${ROOM}/status`, "offline", true);
    await says(card(page, ROOM).locator(".health"), "Offline");
    expect(problems).toEqual([]);
  });

  run("with hostile names are text and nothing else (needs chromium)", async () => {
    await start();
    const names = [
      "home/<img src=x onerror=alert(1)>",
      'home/"><script>alert(2)</script>',
      "home/__proto__",
      "home/constructor",
      `home/${"w".repeat(180)}`,
    ];
    const { page, problems } = await open(scene!.url);
    for (const name of names) await scene!.read(name, 20.5);
    await scene!.say(`${names[0]}/diagnostics`, {
      "<b>x</b>": "<img src=x onerror=alert(3)>",
      waiting: "many",
    });
    await says(page.locator("#device-count"), String(names.length));
    await card(page, names[0]).getByText("Details").click();
    await says(card(page, names[0]).locator(".facts"), "<img src=x onerror=alert(3)>");
    await says(page.locator("h3"), "<img src=x onerror=alert(1)>");
    await says(row(page, "<img"), "20.50 °C");
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
    expect(await page.locator("main img, main script, main b").count()).toBe(0);
    expect(problems).toEqual([]);
  });

  run("that say NaN, null or nonsense change nothing (needs chromium)", async () => {
    await start();
    const { page, problems } = await open(scene!.url);
    await scene!.read(ROOM, 21.4);
    await says(value(page, ROOM), "21.4 °C");
    const nonsense = [
      "NaN",
      "null",
      '{"temperature":null}',
      '{"temperature":"hot"}',
      '{"temperature":1e999}',
      "[]",
      "\u0000",
    ];
    for (const payload of nonsense) await scene!.say(`${ROOM}/temperature`, payload);
    await scene!.say(`${CLIMATE}/target`, "NaN", true);
    await scene!.say(`${CLIMATE}/mode`, "full blast", true);
    await scene!.say(`${CLIMATE}/action`, "cooling", true);
    await scene!.say(`${ROOM}/diagnostics`, '{"uptime":null,"signal":"loud","waiting":-1e400}');
    await scene!.read(ROOM, 21.6);
    await says(value(page, ROOM), "21.6 °C");
    await says(summary(page), /21\.40 °C to 21\.60 °C.*2 readings, no gap/);
    // Nor does a server that passes it on.
    const nonsensical = [
      null,
      5,
      {
        base: "home/odd",
        readings: { temperature: { value: null, time: "x" } },
        climate: { target: "warm" },
      },
      {
        base: ROOM,
        readings: { temperature: { value: "21", time: 1 } },
        diagnostics: { uptime: [], free: null },
      },
    ];
    await page.route("**/api/devices", (route) => route.fulfill({ json: nonsensical }));
    await page.route("**/api/history?*", (route) =>
      route.fulfill({
        json: { bucket: "wide", rows: [[Date.now(), null], ["x", 3], null, [Date.now() - 9, 20.5]] },
      }),
    );
    await page.reload();
    await says(card(page, "home/odd").locator(".main-value .value"), "–");
    await scene!.read(ROOM, 21.7);
    await says(value(page, ROOM), "21.7 °C");
    await says(summary(page), "20.50 °C");
    await settled(page);
    await scene!.read(ROOM, 21.8);
    await says(summary(page), /20\.50 °C to 21\.80 °C.*2 readings/);
    expect(await page.locator("body").innerText()).not.toMatch(/NaN|undefined|Infinity|\[object/);
    expect(problems).toEqual([]);
  });
});

describe("the graph", () => {
  run(
    "has the readings of the hour, shows a gap, and fills it when they come late (needs chromium)",
    async () => {
      const now = Date.now();
      const isAway = (time: number) => time > now - 30 * MINUTE && time < now - 20 * MINUTE;
      await start((store) => anHour(store, isAway));
      const { page, problems } = await open(scene!.url);
      await says(summary(page), /540 readings, 1 gap/);
      await says(page.locator("#presets [aria-pressed=true]"), "Hour");
      const latest = await value(page, ROOM).textContent();
      const [first] = [Math.ceil((now - 30 * MINUTE + 1) / 5_000) * 5_000];
      for (let time = first; isAway(time); time += 5_000) await scene!.read(ROOM, 19, time, true);
      await says(summary(page), /660 readings, no gap/);
      expect(await value(page, ROOM).textContent()).toBe(latest);
      await says(row(page, "Livingroom"), "660");
      expect(problems).toEqual([]);
    },
  );

  run("of a week takes late readings into its buckets (needs chromium)", async () => {
    const end = Date.now() - HOUR;
    await start((store) =>
      seedReadings(store, ROOM, { from: end - 6 * DAY, to: end, step: MINUTE }, (time) =>
        time > end - 3 * DAY && time < end - 2 * DAY ? undefined : 20,
      ),
    );
    const { page, problems } = await open(scene!.url);
    await page.getByRole("button", { name: "Week" }).click();
    await says(summary(page), /in 7\d\d steps of 10 min, 1 gap/);
    const before = Number(
      (await summary(page).textContent())!.match(/; ([\d,]+) readings/)![1].replace(",", ""),
    );
    for (let count = 0; count < 5; count += 1) await scene!.read(ROOM, 30, end - 2.5 * DAY + count, true);
    await says(summary(page), `${(before + 5).toLocaleString("en")} readings`);
    await says(summary(page), /20\.00 °C to 30\.00 °C.*2 gaps/);
    expect(problems).toEqual([]);
  });

  run("of a million readings is a thousand points (needs chromium)", async () => {
    // A quarter of an hour less than a week: the oldest must not leave it, bucket by bucket, while the test runs.
    const now = Date.now();
    await start((store) => {
      const device = store.deviceId(ROOM);
      store.database.exec(`
        PRAGMA synchronous=OFF;
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999999)
        INSERT INTO reading SELECT ${device}, 0, CAST(${now} - 604000000.0 + i * 604.0 AS INTEGER), 1, i, 20 + (i % 500) / 100.0, ${now}, 0, 1 FROM n;
        INSERT INTO bucket SELECT device, quantity, 60000, time / 60000 * 60000, min(value), max(value), sum(value), count(*)
          FROM reading GROUP BY 1, 2, 4;
        INSERT INTO bucket SELECT device, quantity, 3600000, time / 3600000 * 3600000, min(value), max(value), sum(value), count(*)
          FROM reading GROUP BY 1, 2, 4;`);
    });
    const { page, answers, problems } = await open(scene!.url);
    await says(summary(page), /5,9\d\d readings in \d+ steps/);
    await page.getByRole("button", { name: "Week" }).click();
    await says(summary(page), /1,000,000 readings in [\d,]+ steps of/);
    await page.getByRole("button", { name: "Hour" }).click();
    await says(summary(page), /5,9\d\d readings in/);
    const histories = answers.filter(({ url }) => url.pathname === "/api/history");
    expect(histories.length).toBeLessThan(12);
    const width: number = await page.evaluate("document.querySelector('.u-over').clientWidth");
    for (const { text, bytes } of histories) {
      expect((JSON.parse(text) as { rows: unknown[] }).rows.length).toBeLessThan(2 * width);
      expect(bytes).toBeLessThan(100_000);
    }
    expect(problems).toEqual([]);
  });

  run(
    "is zoomed by dragging, asks for what is shown then, and goes back to now (needs chromium)",
    async () => {
      await start(anHour as (store: Store) => void);
      const { page, answers, problems } = await open(scene!.url);
      await says(summary(page), /660 readings/);
      const box = (await page.locator(".u-over").boundingBox())!;
      await page.mouse.move(box.x + box.width * 0.4, box.y + 50);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.6, box.y + 90, { steps: 4 });
      await page.mouse.up();
      await says(summary(page), /; 14\d readings/);
      expect(await page.locator("#live").getAttribute("aria-pressed")).toBe("false");
      await settled(page);
      const { searchParams } = answers.at(-1)!.url;
      const span = Number(searchParams.get("to")) - Number(searchParams.get("from"));
      expect(span / MINUTE).toBeGreaterThan(11);
      expect(span / MINUTE).toBeLessThan(14);
      await page.mouse.move(box.x + box.width / 2, box.y + 50);
      await says(page.locator("#graph-table thead"), /Device\d\d:\d\d/);
      await page.getByRole("button", { name: "Live" }).click();
      await says(summary(page), /660 readings/);
      // The wheel with Ctrl zooms, too, which a trackpad's pinch is.
      await page.keyboard.down("Control");
      await page.mouse.move(box.x + box.width * 0.9, box.y + 50);
      await page.mouse.wheel(0, -50);
      await page.keyboard.up("Control");
      await says(summary(page), /; 3[2-6]\d readings/);
      await page.locator("#plot").dblclick();
      await says(summary(page), /660 readings/);
      // What comes now is drawn again.
      await scene!.read(ROOM, 23.5);
      await says(summary(page), /661 readings/);
      expect(problems).toEqual([]);
    },
  );

  run("has buckets as soon as readings come too fast to be drawn one by one (needs chromium)", async () => {
    await start();
    const { page, problems } = await open(scene!.url);
    await scene!.read(ROOM, 20);
    await page.getByRole("button", { name: "Hour" }).click();
    await says(summary(page), /1 reading,/);
    const from = Date.now() - 50 * MINUTE;
    for (let count = 0; count < 5_000; count += 1) void scene!.read(ROOM, 21, from + count * 500, true);
    await says(summary(page), /5,001 readings in \d+ steps of 5 s/);
    expect(problems).toEqual([]);
  });

  run("is zoomed by two fingers (needs chromium)", async () => {
    await start(anHour as (store: Store) => void);
    const { page, problems } = await open(scene!.url, {
      hasTouch: true,
      isMobile: true,
      viewport: { width: 412, height: 800 },
    });
    await says(summary(page), /660 readings/);
    const box = (await page.locator(".u-over").boundingBox())!;
    const touch = await page.context().newCDPSession(page);
    const fingers = (type: string, ...places: number[]) =>
      touch.send("Input.dispatchTouchEvent", {
        type: type as "touchStart",
        touchPoints: places.map((place, id) => ({ x: box.x + box.width * place, y: box.y + 60, id })),
      });
    await fingers("touchStart", 0.4);
    await fingers("touchStart", 0.4, 0.6);
    for (const by of [0.05, 0.1, 0.15, 0.2]) await fingers("touchMove", 0.4 - by, 0.6 + by);
    await fingers("touchEnd");
    await says(summary(page), /; 2[34]\d readings/);
    expect(problems).toEqual([]);
  });

  run("draws the devices that are chosen, and remembers which (needs chromium)", async () => {
    await start();
    for (let number = 1; number <= 6; number += 1) await scene!.read(`home/room${number}`, 20 + number);
    const { page, problems } = await open(scene!.url);
    const rows = page.locator("#graph-table tbody tr");
    await says(page.locator("#device-count"), "6");
    await says(rows.nth(3), "Room4");
    expect(await rows.count()).toBe(4);
    await page.getByRole("button", { name: "Room6 in the graph" }).click();
    await page.getByRole("button", { name: "Room1 in the graph" }).click();
    await says(rows, "Room6");
    await says(rows, /26\.00 °C/);
    await page.reload();
    await says(rows, /Room6.*26\.00 °C/);
    expect((await rows.allTextContents()).join()).not.toContain("Room1");
    expect(problems).toEqual([]);
  });
});

/** Nothing of the graph is on its way, and what was asked for is drawn. */
async function settled(page: Page): Promise<void> {
  await pause(300);
  await page.locator("#graph[aria-busy=false]").waitFor();
}

describe("a server", () => {
  run(
    "that goes away and comes back leaves a banner meanwhile, and nothing is missed (needs chromium)",
    async () => {
      await start();
      const { page, problems } = await open(scene!.url);
      await scene!.say(`${ROOM}/status`, "online", true);
      await scene!.read(ROOM, 21);
      await says(summary(page), /1 reading,/);
      await scene!.stopServer();
      await says(
        page.locator("#banner"),
        "The server cannot be reached. What you see is what was known last.",
      );
      await page.locator("#banner").waitFor({ state: "visible" });
      await says(card(page, ROOM).locator(".health"), "Last known");
      await says(value(page, ROOM), "21.0 °C");
      await says(card(page, ROOM).locator(".age"), /[2-9] s ago/);
      await scene!.read(ROOM, 22);
      await scene!.startServer();
      await page.locator("#banner").waitFor({ state: "hidden" });
      await says(value(page, ROOM), "22.0 °C");
      await scene!.read(ROOM, 23);
      await says(value(page, ROOM), "23.0 °C");
      // Neither missed nor there twice.
      await says(summary(page), /21\.00 °C to 23\.00 °C.*; 3 readings/);
      await says(card(page, ROOM).locator(".health"), "Online");
      // The browser itself says that it could not connect; the page adds nothing.
      for (const problem of problems) expect(problem).toMatch(/^Failed to load resource: net::ERR_/);
      expect(problems.length).toBeLessThan(10);
    },
  );

  run("without a broker says so (needs chromium)", async () => {
    await start();
    const { page } = await open(scene!.url);
    await says(page.locator("#link"), "Live");
    await scene!.broker.close();
    await says(page.locator("#banner"), "The server has no broker");
    await says(page.locator("#link"), "No broker");
  });

  run("with credentials is as good, also where they are in the address (needs chromium)", async () => {
    await start(undefined, { credentials: { user: "ada", password: "it's a secret" } });
    const httpCredentials = { username: "ada", password: "it's a secret" };
    const asked = await open(scene!.url, { httpCredentials });
    await scene!.read(ROOM, 21);
    await says(value(asked.page, ROOM), "21.0 °C");
    await scene!.read(ROOM, 22);
    await says(value(asked.page, ROOM), "22.0 °C");
    const address = new URL(scene!.url);
    Object.assign(address, httpCredentials);
    const named = await open(address.href);
    await says(value(named.page, ROOM), "22.0 °C");
    await scene!.read(ROOM, 23);
    await says(value(named.page, ROOM), "23.0 °C");
    expect([...asked.problems, ...named.problems]).toEqual([]);
  });
});

/** An air conditioner that does as it is told, refuses what is too cold, and is silent about heat. */
async function airConditioner(world: Scene): Promise<void> {
  const { devices } = world;
  await devices.subscribeAsync(`${CLIMATE}/command`);
  devices.on("message", (_topic, payload) => {
    const { id, command, value: wish } = JSON.parse(payload.toString()) as Record<string, string | number>;
    if (wish === "heat") return;
    const isCold = typeof wish === "number" && wish < 16;
    const reply = isCold ? { id, outcome: "refused", reason: "the pipes freeze" } : { id, outcome: "done" };
    void world.say(`${CLIMATE}/command/reply`, reply);
    if (!isCold) void world.say(`${CLIMATE}/${command}`, String(wish), true);
  });
  await world.say(`${CLIMATE}/status`, "online", true);
  await world.say(`${CLIMATE}/mode`, "cool", true);
  await world.say(`${CLIMATE}/target`, "21", true);
  await world.say(`${CLIMATE}/action`, "idle", true);
}

describe("the air conditioner", () => {
  run("is set, and shows what it says itself (needs chromium)", async () => {
    await airConditioner(await start());
    await scene!.read(ROOM, 23.4);
    const { page, problems } = await open(scene!.url);
    const climate = card(page, CLIMATE);
    const outcome = climate.locator(".outcome");
    const target = climate.locator(".main-value .value");
    const mode = (name: string) => climate.getByRole("button", { name, exact: true });
    await says(target, "21.0 °C");
    await says(climate.locator(".room"), "Room 23.4 °C");
    await climate.getByLabel("Set to").fill("19");
    await mode("Set").click();
    await says(outcome, "Target 19.0 °C: done");
    await says(target, "19.0 °C");
    await mode("Half a degree less").click();
    expect(await climate.getByLabel("Set to").inputValue()).toBe("18.5");
    // A wish is no fact, however long it stands there.
    await pause(1_100);
    expect(await target.textContent()).toBe("19.0 °C");
    await climate.getByLabel("Set to").fill("12");
    await mode("Set").click();
    await says(outcome, "Target 12.0 °C: refused: the pipes freeze");
    expect(await target.textContent()).toBe("19.0 °C");
    expect(await climate.getByLabel("Set to").inputValue()).toBe("19.0");
    await climate.getByLabel("Set to").fill("50");
    await mode("Set").click();
    await says(outcome, "Allowed is a target from 10 to 35 °C");
    await mode("Auto").click();
    await says(outcome, "Mode Auto: done");
    await climate.locator(".mode-auto[aria-pressed=true]").waitFor();
    await scene!.say(`${CLIMATE}/action`, "cooling", true);
    await says(climate.locator(".action"), "Cooling");
    expect(await outcome.getAttribute("aria-live")).toBe("polite");
    expect(problems).toEqual([]);
  });

  run("that does not answer is said not to (needs chromium)", async () => {
    await airConditioner(await start());
    const { page } = await open(scene!.url);
    const climate = card(page, CLIMATE);
    await climate.getByRole("button", { name: "Heat" }).click();
    await says(climate.locator(".outcome"), "Mode Heat: sending …");
    await climate.locator(".outcome[data-kind=unanswered]").waitFor({ timeout: 15_000 });
    await says(climate.locator(".outcome"), "Mode Heat: no answer");
    expect(await climate.locator(".mode-cool").getAttribute("aria-pressed")).toBe("true");
  });
});

describe("the page", () => {
  run("fits a phone, and follows the system's colours until somebody chooses (needs chromium)", async () => {
    await airConditioner(await start(anHour as (store: Store) => void));
    const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
    const { page, problems } = await open(scene!.url, { ...phone, colorScheme: "dark" as const });
    await says(summary(page), /660 readings/);
    await says(card(page, CLIMATE), "Target");
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    const paper = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
    const dark = await paper();
    await page.getByRole("button", { name: "Light colours" }).tap();
    expect(await paper()).not.toBe(dark);
    await page.reload();
    await says(summary(page), /660 readings/);
    expect(await paper()).not.toBe(dark);
    await page.getByRole("button", { name: "Dark colours" }).tap();
    expect(await paper()).toBe(dark);
    expect(problems).toEqual([]);
  });

  run("is worked by keyboard alone (needs chromium)", async () => {
    await airConditioner(await start(anHour as (store: Store) => void));
    const { page, problems } = await open(scene!.url);
    await says(summary(page), /660 readings/);
    await says(card(page, CLIMATE), "Target");
    const focused = () =>
      page.evaluate<string>(
        "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent",
      );
    /** Goes on to what has this name, as a person does. */
    const tabTo = async (name: RegExp) => {
      for (let count = 0; count < 60; count += 1) {
        await page.keyboard.press("Tab");
        if (name.test(await focused())) return;
      }
      throw new Error(`${String(name)} cannot be reached with Tab`);
    };
    await tabTo(/^Day$/);
    await page.keyboard.press("Enter");
    await says(page.locator("#presets [aria-pressed=true]"), "Day");
    await tabTo(/^Graph\./);
    await page.keyboard.press("Home");
    await page.keyboard.press("Shift+Tab");
    await tabTo(/^Graph\./);
    const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    expect(outline).toBe("solid");
    for (const key of ["+", "+", "+", "+", "+", "ArrowLeft"]) await page.keyboard.press(key);
    await says(page.locator("#live[aria-pressed=false]"), "Live");
    await settled(page);
    await says(summary(page), /; [45]\d\d readings/);
    await page.keyboard.press("End");
    await says(page.locator("#live[aria-pressed=true]"), "Live");
    await tabTo(/^Half a degree less$/);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await tabTo(/^Set$/);
    await page.keyboard.press("Enter");
    await says(card(page, CLIMATE).locator(".outcome"), "Target 20.0 °C: done");
    expect(problems).toEqual([]);
  });
});
