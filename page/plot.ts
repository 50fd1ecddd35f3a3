/** uPlot, made to look like the page: lines with their bands, what the air conditioner did, and dragging to zoom. */

import uPlot from "/vendor/uplot.js";
import { columnsOf } from "./columns.js";
import { axisLabels, formatNumber, quantityOf } from "./format.js";
import type { Trace } from "./traces.js";
import type { View } from "./view.js";

export interface Line {
  /** Which of the page's colours. */
  slot: number;
  trace: Trace;
}

/** A target of an air conditioner, in the unit of the quantity. */
export interface Goal {
  value: number;
  label: string;
}

/** A time in which an air conditioner worked. */
export interface Activity {
  from: number;
  to: number;
  action: "cooling" | "heating";
}

export interface Picture {
  view: View;
  quantity: string;
  lines: readonly Line[];
  goals: readonly Goal[];
  activities: readonly Activity[];
}

/** The least that the vertical axis spans, in the quantity's unit: noise of a sensor shall not look like weather. */
const LEAST = 1;

/** How uPlot joins a column: nulls stay, or spread over the times of other lines around them. */
const RETAIN = 1;
const EXPAND = 2;

/** Columns for each line: lowest, mean, highest. */
const COLUMNS = 3;

export class Plot {
  readonly #host: HTMLElement;
  readonly #select: (from: number, to: number) => void;
  readonly #point: (time: number | undefined) => void;
  #plot: uPlot | undefined;
  #picture: Picture | undefined;
  /** What the present uPlot was made for. */
  #made = "";

  /**
   * @param select is told what was chosen by dragging, in milliseconds
   * @param point is told at what time the pointer is
   */
  constructor(
    host: HTMLElement,
    select: (from: number, to: number) => void,
    point: (time: number | undefined) => void,
  ) {
    this.#host = host;
    this.#select = select;
    this.#point = point;
  }

  /** CSS pixels of the plotting area. */
  get width(): number {
    return this.#plot ? this.#plot.over.clientWidth : this.#host.clientWidth - 60;
  }

  /** Where gestures are made. */
  get surface(): HTMLElement | undefined {
    return this.#plot?.over;
  }

  /** Draws; `fresh` where rows are other, and not only the time that is shown. */
  draw(picture: Picture, fresh: boolean): void {
    this.#picture = picture;
    const made = `${picture.quantity} ${picture.lines.map((line) => line.slot).join(",")}`;
    if (made !== this.#made || !this.#plot) this.#make(made);
    else if (fresh) this.#plot.setData(this.#data(), false);
    const { from, to } = picture.view;
    this.#plot?.setScale("x", { min: from, max: to });
  }

  /** Colours or the size are others. */
  remake(): void {
    if (this.#picture) {
      this.#make(this.#made);
      this.draw(this.#picture, false);
    }
  }

  /** Whether it is another width than before. */
  resize(): boolean {
    const { clientWidth: width, clientHeight: height } = this.#host;
    const { width: old, height: oldHeight } = this.#plot ?? { width, height };
    if (width === 0 || (width === old && height === oldHeight)) return false;
    this.#plot?.setSize({ width, height });
    return width !== old;
  }

  /** As if the pointer were there, in CSS pixels; `undefined` as if it had gone. */
  pointAt(left: number | undefined): void {
    this.#plot?.setCursor({ left: left ?? -10, top: left === undefined ? -10 : 10 });
  }

  #data(): uPlot.AlignedData {
    const picture = this.#picture;
    if (!picture || picture.lines.length === 0) return [[]];
    const { scale } = quantityOf(picture.quantity);
    const tables = picture.lines.map(({ trace }): uPlot.AlignedData => {
      const { times, low, mean, high } = columnsOf(trace.rows, trace.bucket, scale);
      return [times, low, mean, high];
    });
    // Between the last reading before a gap and the first one behind it, other lines have times of their own: all of them are gap.
    return uPlot.join(
      tables,
      tables.map(() => [RETAIN, EXPAND, EXPAND, EXPAND]),
    );
  }

  #make(made: string): void {
    const picture = this.#picture;
    if (!picture) return;
    this.#plot?.destroy();
    this.#made = made;
    const style = getComputedStyle(this.#host);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const { digits } = quantityOf(picture.quantity);
    const font = `12px ${style.fontFamily}`;
    const axis = {
      stroke: colour("--muted"),
      font,
      grid: { stroke: colour("--grid"), width: 1 },
      ticks: { show: false },
    };
    const series: uPlot.Series[] = [{}];
    const bands: uPlot.Band[] = [];
    for (const { slot } of picture.lines) {
      const stroke = colour(`--line-${slot}`);
      const edge: uPlot.Series = { stroke: "transparent", width: 0, points: { show: false } };
      const first = series.length;
      series.push(edge, { stroke, width: 2, points: { size: 5, fill: stroke, stroke } }, { ...edge });
      bands.push({ series: [first + 2, first], fill: `color-mix(in srgb, ${stroke} 22%, transparent)` });
    }
    this.#plot = new uPlot(
      {
        width: this.#host.clientWidth,
        height: this.#host.clientHeight,
        ms: 1,
        padding: [12, 12, 0, 4],
        legend: { show: false },
        series,
        bands,
        scales: {
          x: { time: true, auto: false, range: (_plot, min, max) => [min, max] },
          y: { range: (_plot, min, max) => this.#heights(min, max) },
        },
        axes: [
          {
            ...axis,
            size: 44,
            space: 72,
            values: (_plot, ticks, _axis, _space, step) => axisLabels(ticks, step),
          },
          {
            ...axis,
            size: 52,
            space: 36,
            values: (_plot, ticks, _axis, _space, step) =>
              ticks.map((tick) => formatNumber(tick, step < 1 ? Math.max(1, digits) : 0)),
          },
        ],
        cursor: {
          y: false,
          drag: { x: true, y: false, setScale: false, dist: 6 },
          points: { size: 8, width: 2, show: (_plot, index) => this.#cursorPoint(index) },
          // A double click is a reset, which the panel does.
          bind: { dblclick: () => null },
        },
        hooks: {
          setSelect: [(plot) => this.#selected(plot)],
          setCursor: [(plot) => this.#pointed(plot)],
          drawAxes: [(plot) => this.#drawActivities(plot, colour)],
          draw: [(plot) => this.#drawGoals(plot, colour, font)],
        },
      },
      this.#data(),
      this.#host,
    );
  }

  #cursorPoint(index: number): HTMLElement {
    const point = document.createElement("div");
    // Bands' edges have none.
    if (index % COLUMNS !== 2) point.hidden = true;
    return point;
  }

  #heights(min: number | null, max: number | null): [number, number] {
    const goals = this.#picture?.goals.map((goal) => goal.value) ?? [];
    const values = [min, max, ...goals].filter(
      (value) => value !== null && Number.isFinite(value),
    ) as number[];
    if (values.length === 0) return [15, 25];
    const low = Math.min(...values);
    const high = Math.max(...values);
    const missing = Math.max(0, LEAST - (high - low)) / 2;
    const edge = Math.max((high - low) * 0.08, 0.05);
    return [low - missing - edge, high + missing + edge];
  }

  #selected(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width <= 0) return;
    const from = plot.posToVal(left, "x");
    const to = plot.posToVal(left + width, "x");
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.#select(from, to);
  }

  #pointed(plot: uPlot): void {
    const left = plot.cursor.left ?? -1;
    this.#point(left < 0 ? undefined : plot.posToVal(left, "x"));
  }

  #drawActivities({ ctx, bbox, valToPos }: uPlot, colour: (name: string) => string): void {
    ctx.save();
    for (const { from, to, action } of this.#picture?.activities ?? []) {
      const left = Math.max(bbox.left, valToPos(from, "x", true));
      const right = Math.min(bbox.left + bbox.width, valToPos(to, "x", true));
      if (right <= left) continue;
      ctx.fillStyle = `color-mix(in srgb, ${colour(`--${action}`)} 12%, transparent)`;
      ctx.fillRect(left, bbox.top, Math.max(1, right - left), bbox.height);
    }
    ctx.restore();
  }

  #drawGoals({ ctx, bbox, valToPos }: uPlot, colour: (name: string) => string, font: string): void {
    const ratio = devicePixelRatio || 1;
    ctx.save();
    ctx.fillStyle = colour("--muted");
    ctx.font = font.replace("12px", `${12 * ratio}px`);
    ctx.textAlign = "left";
    ctx.textBaseline = "bottom";
    for (const { value, label } of this.#picture?.goals ?? []) {
      const y = Math.round(valToPos(value, "y", true)) + 0.5;
      if (y < bbox.top || y > bbox.top + bbox.height) continue;
      ctx.strokeStyle = colour("--muted");
      ctx.lineWidth = ratio;
      ctx.setLineDash([6 * ratio, 5 * ratio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      // Readable where a line runs through it.
      ctx.strokeStyle = colour("--card");
      ctx.lineWidth = 5 * ratio;
      ctx.lineJoin = "round";
      ctx.setLineDash([]);
      ctx.strokeText(label, bbox.left + 8 * ratio, y - 4 * ratio);
      ctx.fillText(label, bbox.left + 8 * ratio, y - 4 * ratio);
    }
    ctx.restore();
  }
}
