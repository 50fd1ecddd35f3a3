/** Numbers, ages and times as people read them. Pure; English, with a 24-hour clock. */

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const WEEK = 7 * DAY;

/** No value: a dash that nobody takes for a minus. */
export const NOTHING = "–";

interface Quantity {
  label: string;
  unit: string;
  /** Digits behind the point. */
  digits: number;
  /** What a value of the device is multiplied with, to be in `unit`. */
  scale: number;
}

const QUANTITIES: ReadonlyMap<string, Quantity> = new Map([
  ["temperature", { label: "Temperature", unit: "°C", digits: 1, scale: 1 }],
  ["humidity", { label: "Humidity", unit: "%", digits: 0, scale: 1 }],
  ["pressure", { label: "Pressure", unit: "hPa", digits: 1, scale: 0.01 }],
]);

export function quantityOf(name: string): Quantity {
  return QUANTITIES.get(name) ?? { label: name, unit: "", digits: 2, scale: 1 };
}

/** With a true minus, and no "-0.0". */
export function formatNumber(value: number | null | undefined, digits: number): string {
  if (typeof value !== "number" || !Number.isFinite(value)) return NOTHING;
  if (Math.abs(value) >= 1e9) return value.toExponential(2).replace("-", "−");
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** `21.4 °C`, or a dash; `value` is in the device's unit, and gets `more` digits than usual. */
export function formatQuantity(value: number | null | undefined, name: string, more = 0): string {
  const { unit, digits, scale } = quantityOf(name);
  const number = formatNumber(typeof value === "number" ? value * scale : value, digits + more);
  return number === NOTHING || unit === "" ? number : `${number} ${unit}`;
}

/** `146 KB`, `22.8 GB`. */
export function formatBytes(bytes: number): string {
  const names = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let index = 0;
  for (; value >= 1024 && index < names.length - 1; index += 1) value /= 1024;
  return `${formatNumber(value, index > 1 ? 1 : 0)} ${names[index]}`;
}

/** How long ago: `just now`, `3 s ago`, `5 min ago`, `2 h ago`, `3 days ago`. A time ahead of us is now. */
export function formatAge(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return "never";
  if (milliseconds < SECOND) return "just now";
  return `${formatSpan(milliseconds)} ago`;
}

/** A duration in its largest unit, rounded down: `59 s`, `1 min`, `2 h`, `3 days`. */
export function formatSpan(milliseconds: number): string {
  const time = Math.max(0, milliseconds);
  if (time < MINUTE) return `${Math.floor(time / SECOND)} s`;
  if (time < HOUR) return `${Math.floor(time / MINUTE)} min`;
  if (time < 2 * DAY) return `${Math.floor(time / HOUR)} h`;
  return `${Math.floor(time / DAY)} days`;
}

/** A width of buckets, exact where it is whole: `10 s`, `1.5 min`. */
export function formatWidth(milliseconds: number): string {
  const units: [number, string][] = [
    [DAY, "d"],
    [HOUR, "h"],
    [MINUTE, "min"],
    [SECOND, "s"],
  ];
  const [size, name] = units.find(([unit]) => milliseconds >= unit) ?? [1, "ms"];
  return `${Number((milliseconds / size).toFixed(1))} ${name}`;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const CLOCK_SECONDS = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const DATE = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });

/** What a `Date` can hold. */
const DATE_LIMIT = 8.64e15;

function isDate(time: number): boolean {
  return Number.isFinite(time) && Math.abs(time) <= DATE_LIMIT;
}

export function formatClock(time: number, seconds = false): string {
  return isDate(time) ? (seconds ? CLOCK_SECONDS : CLOCK).format(time) : NOTHING;
}

export function formatDate(time: number): string {
  return isDate(time) ? DATE.format(time) : NOTHING;
}

/** With its date where `now` has another one. */
export function formatMoment(time: number, now: number, seconds = false): string {
  const date = formatDate(time);
  const clock = formatClock(time, seconds);
  return date === formatDate(now) ? clock : `${date}, ${clock}`;
}

/**
 * Labels below the time axis: as fine as the ticks are apart, with the date below the first and below each that
 * begins another day.
 * @param step milliseconds between ticks
 */
export function axisLabels(ticks: readonly number[], step: number): string[] {
  let before = "";
  return ticks.map((time) => {
    const date = formatDate(time);
    if (step >= DAY) return date;
    const clock = formatClock(time, step < MINUTE);
    const label = date === before ? clock : `${clock}\n${date}`;
    before = date;
    return label;
  });
}
