/**
 * Makes docs/page.png: the page as it is, on the real server with an hour of made-up readings. Run by hand with
 * `npm run screenshot`; needs Debian's chromium, and pngquant to make the file small.
 * `npm run screenshot -- <directory>` writes the variants to look at there: light, dark, phone, a day, a week.
 */

import { spawnSync } from "node:child_process";
import path from "node:path";
import { launchChromium, openPage, Scene, seedReadings } from "../build/tests/support/page-scene.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ROOM = "home/livingroom";
const CLIMATE = `${ROOM}/climate`;

const end = Date.now();

/** Minutes before now: the room warms up, is cooled from 38 on, and is held at 21. */
function livingRoom(time) {
  const ago = (end - time) / MINUTE;
  const wobble = 0.05 * Math.sin(time / 41_000) + 0.03 * Math.sin(time / 9_700);
  const daily = 1.4 * Math.sin((time / (24 * HOUR)) * 2 * Math.PI);
  if (ago > 62) return 23.5 + daily + wobble;
  if (ago > 38) return 24.6 - 1.3 * Math.exp(-(62 - ago) / 9) + wobble;
  const cooled = 21 + 3.6 * Math.exp(-(38 - ago) / 8);
  return cooled + 0.28 * Math.sin((38 - ago) / 1.9) * (1 - Math.exp(-(38 - ago) / 14)) + wobble;
}

/** Of a bedroom, whose sensor was away for six minutes. */
function bedroom(time) {
  const ago = (end - time) / MINUTE;
  if (ago > 21 && ago < 27) return undefined;
  return (
    19.7 + 0.012 * (60 - Math.min(ago, 60)) + 0.06 * Math.sin(time / 83_000) + Math.sin(time / (7 * HOUR))
  );
}

const seed = (store) => {
  const span = { from: end - 7 * 24 * HOUR, to: end, step: 30_000 };
  store.database.exec("PRAGMA synchronous=OFF");
  for (const [base, value] of [
    [ROOM, livingRoom],
    ["home/bedroom", bedroom],
  ]) {
    seedReadings(store, base, { ...span, to: end - HOUR }, value);
    seedReadings(store, base, { from: end - HOUR, to: end, step: 5_000 }, value);
  }
};

const healthy = {
  version: "0.1.0",
  mode: "normal",
  boot: 4,
  reset: "power-on",
  waiting: 0,
  dropped: 0,
  reconnects: 1,
};

async function play(scene) {
  const sayAll = async (base, values) => {
    for (const [name, value] of Object.entries(values)) await scene.say(`${base}/${name}`, value, true);
  };
  await sayAll(ROOM, {
    status: "online",
    humidity: { humidity: 46.2, time: end, seq: 1, epoch: "00000001" },
    diagnostics: { ...healthy, uptime: 9 * 24 * HOUR, signal: -58, free: 148_000 },
  });
  await sayAll("home/bedroom", {
    status: "online",
    humidity: { humidity: 51.4, time: end, seq: 1, epoch: "00000001" },
    diagnostics: { ...healthy, uptime: 2 * 24 * HOUR, signal: -71, free: 151_000 },
  });
  await sayAll(CLIMATE, { status: "online", mode: "cool", target: "21", action: "cooling" });
  await sayAll(CLIMATE, { diagnostics: { ...healthy, uptime: 9 * 24 * HOUR, signal: -61, free: 139_000 } });
  await scene.read(ROOM, Number(livingRoom(Date.now()).toFixed(2)));
  await scene.read("home/bedroom", Number(bedroom(Date.now()).toFixed(2)));
}

const root = path.join(import.meta.dirname, "..");
const scene = await Scene.start(seed);
const browser = await launchChromium();

async function shoot(file, options = {}, act = async () => {}) {
  const { page, problems } = await openPage(browser, scene.url, {
    timezoneId: "America/Los_Angeles",
    ...options,
  });
  await play(scene);
  await page.locator("#graph[aria-busy=false]").waitFor();
  await act(page);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await page.screenshot({ path: file, fullPage: options.fullPage ?? false });
  await page.context().close();
  for (const problem of problems) console.error(`${file}: ${problem}`);
}

try {
  const directory = process.argv[2];
  if (directory === undefined) {
    const file = path.join(root, "docs/page.png");
    await shoot(file);
    spawnSync("pngquant", ["--force", "--ext", ".png", "--strip", file], { stdio: "inherit" });
  } else {
    const phone = {
      viewport: { width: 360, height: 780 },
      hasTouch: true,
      isMobile: true,
      deviceScaleFactor: 2,
    };
    const into = (name) => path.join(directory, `${name}.png`);
    await shoot(into("light"));
    await shoot(into("dark"), { colorScheme: "dark" });
    await shoot(into("phone"), { ...phone, fullPage: true });
    await shoot(into("phone-dark"), { ...phone, fullPage: true, colorScheme: "dark" });
    await shoot(into("week"), {}, (page) => page.getByRole("button", { name: "Week" }).click());
    await shoot(into("tablet"), { viewport: { width: 820, height: 1180 } }, (page) =>
      page.getByRole("button", { name: "Day" }).click(),
    );
  }
} finally {
  await browser.close();
  await scene.close();
}
