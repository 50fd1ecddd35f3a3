/** The graph with all that belongs to it: the time shown, the buttons, the keys, the table and the words for it. */

import { now } from "./clock.js";
import { byId, element, setAttribute, setText } from "./dom.js";
import { formatClock, formatMoment, formatQuantity, HOUR, quantityOf } from "./format.js";
import { listenForGestures } from "./gestures.js";
import { Legend, type LegendRow } from "./legend.js";
import { type Activity, type Goal, Plot } from "./plot.js";
import { indexAt, usualInterval } from "./rows.js";
import { type Statistics, statisticsOf, summaryOf } from "./summary.js";
import { Traces } from "./traces.js";
import {
  advanced,
  between,
  firstSpan,
  lastSpan,
  PRESETS,
  panned,
  pinched,
  pointsFor,
  spanOf,
  type View,
  zoomed,
} from "./view.js";
import type { Reading, Row } from "./wire.js";

/** A device that is drawn. */
export interface Chosen {
  base: string;
  name: string;
  slot: number;
}

/** A device that is drawn, with what is drawn of it. */
interface Described extends Chosen {
  rows: readonly Row[];
  bucket: number;
  statistics: Statistics;
}

/** Milliseconds after the last of several changes of the view before its history is asked for. */
const SETTLED = 150;

/** Milliseconds for which a value stays in the table after the finger has gone. */
const READ = 4_000;

/** Milliseconds between two drawings of what comes by itself. */
const REFRESH = 200;

/** Milliseconds between two writings of the table: faster is not read. */
const TABLE = 1_000;

export class Graph {
  readonly #panel = byId("graph");
  readonly #state = byId("graph-state");
  readonly #period = byId("graph-period");
  readonly #summary = byId("graph-summary");
  readonly #live = byId("live") as HTMLButtonElement;
  readonly #presets = new Map<string, HTMLButtonElement>();
  readonly #legend = new Legend(byId("graph-table") as HTMLTableElement);
  readonly #traces = new Traces(
    () => this.#refresh(),
    () => this.#crowd(),
  );
  readonly #plot = new Plot(
    byId("plot"),
    (from, to) => this.show(between(from, to, now())),
    (time) => this.#point(time),
  );
  #view: View = lastSpan(HOUR, now());
  #held: View = this.#view;
  #preset = HOUR;
  /** Nobody has chosen a time yet, and nothing was there to begin with. */
  #isNew = true;
  #quantity = "temperature";
  #chosen: readonly Chosen[] = [];
  #goals: readonly Goal[] = [];
  #activities: readonly Activity[] = [];
  #pointed: number | undefined;
  #described: readonly Described[] = [];
  #surface: HTMLElement | undefined;
  #frame = 0;
  #fresh = false;
  #written = 0;
  #drawn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** A finger has read, and nobody took it away. */
  #reading: ReturnType<typeof setTimeout> | undefined;
  #soon: ReturnType<typeof setTimeout> | undefined;
  #later: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const group = byId("presets");
    for (const { name, label, span } of PRESETS) {
      const preset = element("button", "", { type: "button", "data-preset": name }, label);
      preset.addEventListener("click", () => this.#take(span));
      this.#presets.set(name, preset);
      group.append(preset);
    }
    const press = (id: string, act: () => void) => byId(id).addEventListener("click", act);
    press("earlier", () => this.show(panned(this.#view, -0.5, now())));
    press("later", () => this.show(panned(this.#view, 0.5, now())));
    press("closer", () => this.show(zoomed(this.#view, 0.5, now())));
    press("wider", () => this.show(zoomed(this.#view, 2, now())));
    press("live", () => this.#take(this.#preset));
    byId("plot").tabIndex = 0;
    byId("plot").addEventListener("keydown", (event) => this.#key(event));
    byId("plot").addEventListener("dblclick", () => this.#take(this.#preset));
    new ResizeObserver(() => {
      if (this.#plot.resize()) this.#settle();
    }).observe(byId("plot"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.restyle());
  }

  /** Milliseconds between the readings of a device, where they are drawn. */
  usual(base: string): number | undefined {
    const trace = this.#quantity === "temperature" ? this.#traces.get(base) : undefined;
    return trace && usualInterval(trace.rows, trace.bucket);
  }

  choose(quantity: string, chosen: readonly Chosen[]): void {
    this.#quantity = quantity;
    this.#chosen = chosen;
    this.#load();
    this.#redraw(true);
  }

  mark(goals: readonly Goal[], activities: readonly Activity[]): void {
    this.#goals = goals;
    this.#activities = activities;
    this.#refresh();
  }

  read(reading: Reading): void {
    this.#traces.read(reading);
  }

  /** The clock ticks: a live view goes on, as soon as that is a pixel. */
  tick(): void {
    const time = now();
    if (this.#view.live && time - this.#drawn >= spanOf(this.#view) / Math.max(100, this.#plot.width))
      this.#redraw(false);
  }

  restyle(): void {
    this.#plot.remake();
    this.#surface = undefined;
    this.#redraw(true);
  }

  show(view: View): void {
    this.#isNew = false;
    this.#view = view;
    this.#settle();
    this.#written = 0;
    this.#redraw(false);
  }

  #take(span: number): void {
    this.#preset = span;
    this.show(lastSpan(span, now()));
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const time = now();
    const view = this.#view;
    const keys: Record<string, () => View> = {
      ArrowLeft: () => panned(view, -0.25, time),
      ArrowRight: () => panned(view, 0.25, time),
      "+": () => zoomed(view, 0.5, time),
      "=": () => zoomed(view, 0.5, time),
      "-": () => zoomed(view, 2, time),
      Home: () => lastSpan(this.#preset, time),
      End: () => lastSpan(spanOf(view), time),
      Escape: () => lastSpan(this.#preset, time),
    };
    const act = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
    if (!act) return;
    event.preventDefault();
    this.show(act());
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#crowd();
  }

  /** However many more come until then. */
  #crowd(): void {
    this.#timer ??= setTimeout(() => this.#load(), SETTLED);
  }

  #load(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#view = advanced(this.#view, now());
    const wish = {
      bases: this.#chosen.map(({ base }) => base),
      quantity: this.#quantity,
      view: this.#view,
      points: pointsFor(this.#plot.width),
    };
    setAttribute(this.#panel, "aria-busy", "true");
    this.#traces.load(wish).then(
      () => this.#loaded(""),
      (error: Error) => this.#loaded(`The history cannot be had: ${error.message}`),
    );
  }

  #loaded(problem: string): void {
    setAttribute(this.#panel, "aria-busy", "false");
    this.#panel.dataset["problem"] = problem;
    this.#begin();
    this.#written = 0;
    this.#redraw(true);
  }

  #begin(): void {
    const first = this.#chosen.map(({ base }) => this.#traces.get(base)?.rows[0]?.time);
    const oldest = Math.min(...first.filter((time) => time !== undefined));
    if (!this.#isNew || !Number.isFinite(oldest)) return;
    this.#take(firstSpan(oldest, now()));
  }

  /** What comes by itself is drawn a few times a second, however fast it comes. */
  #refresh(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#redraw(true);
    }, REFRESH);
  }

  #redraw(fresh: boolean): void {
    this.#fresh ||= fresh;
    this.#frame ||= requestAnimationFrame(() => this.#paint());
  }

  #paint(): void {
    this.#frame = 0;
    const time = now();
    this.#view = advanced(this.#view, time);
    this.#drawn = time;
    this.#traces.prune(this.#view);
    const lines = this.#chosen.flatMap(({ base, slot }) => {
      const trace = this.#traces.get(base);
      return trace ? [{ slot, trace }] : [];
    });
    const isTemperature = this.#quantity === "temperature";
    this.#plot.draw(
      {
        view: this.#view,
        quantity: this.#quantity,
        lines,
        goals: isTemperature ? this.#goals : [],
        activities: isTemperature ? this.#activities : [],
      },
      this.#fresh,
    );
    this.#fresh = false;
    this.#follow();
    const wait = this.#written + TABLE - time;
    if (wait <= 0 || wait > TABLE) this.#write(time);
    else this.#later ??= setTimeout(() => this.#write(now()), wait);
  }

  /** uPlot may have been made anew. */
  #follow(): void {
    const { surface } = this.#plot;
    if (!surface || surface === this.#surface) return;
    this.#surface = surface;
    listenForGestures(surface, {
      held: () => {
        this.#held = this.#view;
      },
      pinched: (before, after) => this.show(pinched(this.#held, before, after, now())),
      read: (left) => {
        clearTimeout(this.#reading);
        this.#plot.pointAt(left);
      },
      released: () => {
        this.#reading = setTimeout(() => this.#plot.pointAt(undefined), READ);
      },
      wheeled: (factor, at) => this.show(zoomed(this.#view, factor, now(), at)),
    });
  }

  #point(time: number | undefined): void {
    this.#pointed = time;
    this.#writeTable(now());
  }

  #write(time: number): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    this.#written = time;
    const view = this.#view;
    const quantity = this.#quantity;
    const lines = this.#chosen.map((chosen): Described => {
      const { rows, bucket } = this.#traces.get(chosen.base) ?? { rows: [], bucket: 0 };
      return { ...chosen, rows, bucket, statistics: statisticsOf(rows, bucket, view) };
    });
    this.#described = lines;
    for (const [name, preset] of this.#presets) {
      const span = PRESETS.find((one) => one.name === name)?.span;
      setAttribute(preset, "aria-pressed", String(view.live && Math.round(spanOf(view)) === span));
    }
    setAttribute(this.#live, "aria-pressed", String(view.live));
    const seconds = spanOf(view) < HOUR / 6;
    const end = view.live ? "now" : formatMoment(view.to, time, seconds);
    setText(this.#period, `${formatMoment(view.from, time, seconds)} – ${end}`);
    setText(this.#summary, summaryOf(quantity, view, time, lines));
    setText(this.#state, this.#words(lines.some(({ statistics }) => statistics.rows > 0)));
    this.#writeTable(time);
  }

  /** With the values at the pointer, which moves faster than anything else changes. */
  #writeTable(time: number): void {
    const quantity = this.#quantity;
    const seconds = spanOf(this.#view) < HOUR / 6;
    const at = this.#pointed;
    const heading = at === undefined ? "Last" : formatClock(at, seconds);
    const legend = this.#described.map(({ name, slot, rows, bucket, statistics }): LegendRow => {
      const value = at === undefined ? statistics.last?.value : valueAt(rows, bucket, at);
      return { name, slot, value: formatQuantity(value, quantity, 1), statistics };
    });
    this.#legend.write(quantityOf(quantity).label, heading, quantity, legend, time);
  }

  #words(hasRows: boolean): string {
    const problem = this.#panel.dataset["problem"];
    if (problem) return problem;
    if (this.#chosen.length === 0) return "Choose a device to see its graph.";
    if (hasRows) return "";
    return this.#panel.getAttribute("aria-busy") === "true" ? "Loading …" : "No readings in this time.";
  }
}

/** What was measured nearest to this time, unless that is far from it. */
function valueAt(rows: readonly Row[], bucket: number, time: number): number | undefined {
  const middle = time - bucket / 2;
  const index = indexAt(rows, middle);
  const near = [rows[index - 1], rows[index]].filter((row) => row !== undefined);
  near.sort((a, b) => Math.abs(a.time - middle) - Math.abs(b.time - middle));
  const usual = usualInterval(rows, bucket) ?? Number.POSITIVE_INFINITY;
  return near[0] && Math.abs(near[0].time - middle) <= Math.max(bucket, 5 * usual) ? near[0].mean : undefined;
}
