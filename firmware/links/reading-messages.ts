import { DECIMAL_LIMIT, writeDecimal } from "../codec/decimal.js";
import { QUANTITIES, type Reading } from "../codec/reading.js";
import { ReadingText } from "../codec/reading-text.js";
import { utf8Length } from "../codec/utf8.js";
import { Views } from "../codec/views.js";

/** Fixed header, topic length and packet identifier of a PUBLISH. */
const PUBLISH_OVERHEAD = 9;

/** Bytes of a PUBLISH to this topic beside its payload, at most. */
export function overheadOf(topic: string): number {
  return utf8Length(topic) + PUBLISH_OVERHEAD;
}

/** What is published of a reading: its topic and its payload. Allocates nothing but for a quantity's first reading. */
export class ReadingMessages {
  /** Of the reading that was written last. The payload holds until the next. */
  topic = "";
  /** Of `topic`, as `overheadOf` has it. */
  overhead = 0;
  declare payload: Uint8Array;
  /** By quantity. */
  #topics: string[];
  #overheads: number[];
  #texts: (ReadingText | undefined)[];
  /** Where a value stands alone, at the end; late ones go to a topic of their own then. */
  #value: Uint8Array | undefined;
  #views: Views | undefined;
  #history = "";

  /**
   * @param base of the topics, without a slash at its end
   * @param plain a reading is its value alone; late ones go as JSON to `<base>/history`
   */
  constructor(base: string, plain: boolean) {
    this.#topics = QUANTITIES.map((name) => `${base}/${name}`);
    this.#overheads = this.#topics.map(overheadOf);
    this.#texts = QUANTITIES.map(() => undefined);
    if (!plain) return;
    this.#value = new Uint8Array(DECIMAL_LIMIT);
    this.#views = new Views(this.#value);
    this.#history = `${base}/history`;
  }

  write(reading: Reading, late: boolean): void {
    const { quantity } = reading;
    this.topic = this.#topics[quantity];
    this.overhead = this.#overheads[quantity];
    if (this.#value) {
      if (!late) {
        const start = writeDecimal(this.#value, DECIMAL_LIMIT, reading.value);
        this.payload = (this.#views as Views).of(start, DECIMAL_LIMIT);
        return;
      }
      this.topic = this.#history;
      this.overhead = overheadOf(this.topic);
    }
    this.payload = (this.#texts[quantity] ?? this.textOf(quantity)).write(reading, late);
  }

  /** Made when the quantity is first measured: few devices have all. */
  private textOf(quantity: number): ReadingText {
    const text = new ReadingText(quantity);
    this.#texts[quantity] = text;
    return text;
  }
}
