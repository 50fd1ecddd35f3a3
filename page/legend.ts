/** The table below the graph: which line is which, and the same in numbers. */

import { element, setAttribute, setText } from "./dom.js";
import { formatQuantity } from "./format.js";
import { countText, gapsText, type Statistics, shortText } from "./summary.js";

export interface LegendRow {
  name: string;
  slot: number;
  /** The last value, or that below the pointer. */
  value: string;
  statistics: Statistics;
}

const COLUMNS = ["device", "value", "low", "mean", "high", "readings"] as const;

export class Legend {
  readonly #caption = element("caption", "hidden-visually");
  readonly #heads = COLUMNS.map((name) => element("th", name, { scope: "col" }));
  readonly #body = element("tbody");

  constructor(table: HTMLTableElement) {
    table.append(this.#caption, element("thead", "", {}, element("tr", "", {}, ...this.#heads)), this.#body);
  }

  write(caption: string, heading: string, quantity: string, rows: readonly LegendRow[], now: number): void {
    setText(this.#caption, `${caption}: what the graph shows`);
    const heads = ["Device", heading, "Low", "Mean", "High", "Readings"];
    for (const [index, head] of this.#heads.entries()) setText(head, heads[index]);
    while (this.#body.rows.length > rows.length) this.#body.deleteRow(-1);
    while (this.#body.rows.length < rows.length) this.#body.append(emptyRow());
    for (const [index, row] of rows.entries()) {
      const cells = this.#body.rows[index].cells;
      const { statistics, name, slot, value } = row;
      const swatch = cells[0].firstElementChild as HTMLElement;
      swatch.className = `swatch line-${slot}`;
      setText(cells[0].lastElementChild as HTMLElement, name);
      setText(cells[1], value);
      setText(cells[2], formatQuantity(statistics.low, quantity, 1));
      setText(cells[3], formatQuantity(statistics.mean, quantity, 1));
      setText(cells[4], formatQuantity(statistics.high, quantity, 1));
      setText(cells[5], shortText(statistics));
      setAttribute(cells[5], "title", `${countText(statistics)}, ${gapsText(statistics.gaps, now)}`);
    }
  }
}

function emptyRow(): HTMLTableRowElement {
  const row = element("tr");
  const head = element("th", "device", { scope: "row" }, element("span", "swatch"), element("bdi"));
  row.append(head, ...COLUMNS.slice(1).map((name) => element("td", name)));
  return row;
}
