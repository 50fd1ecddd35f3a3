import { DECIMAL_LIMIT, writeDecimal, writeDigits } from "./decimal.js";
import { QUANTITIES, type Reading, readingJSON } from "./reading.js";
import { writeUTF8 } from "./utf8.js";
import { Views } from "./views.js";

/** Bytes that are enough: keys, two numbers of 16 digits, an epoch of 8, and the value. */
const CAPACITY = 112 + DECIMAL_LIMIT;

/** Digits of a time from September 2001 to November 2286, and the last ones, which change from reading to reading. */
const TIME_DIGITS = 13;
const LOW_DIGITS = 5;
const LOW = 100_000;

const ZERO = 48;
const NINE = 57;

/**
 * The readings of one quantity as JSON, as `readingJSON` has them, in one buffer, at whose end they end. The text of the
 * last one stays there, and what is as it was is not written again: as a rule value, the last digits of the time, and the
 * last of the number. That takes a twentieth of the steps, and allocates nothing.
 */
export class ReadingText {
  #bytes = new Uint8Array(CAPACITY);
  #start = CAPACITY;
  #views = new Views(this.#bytes);
  /** What of the text holds for the next one; the epoch is -1 where nothing does. */
  #epoch = -1;
  #late = false;
  #seq = 0;
  #timeHead = 0;
  /** Behind the value, the time and the number; and what is in front of the value. */
  #valueEnd = 0;
  #timeEnd = 0;
  #seqEnd = 0;
  #head: Uint8Array;

  constructor(quantity: number) {
    const head = `{"${QUANTITIES[quantity]}":`;
    this.#head = new Uint8Array(head.length);
    writeUTF8(this.#head, 0, head);
  }

  /**
   * @param late it waited through an outage
   * @returns the text's bytes, which hold until the next call
   */
  write(reading: Reading, late: boolean): Uint8Array {
    const { seq, time } = reading;
    const bytes = this.#bytes;
    if (
      seq !== this.#seq + 1 ||
      late !== this.#late ||
      reading.epoch !== this.#epoch ||
      !isPlain(time) ||
      !this.increment()
    ) {
      this.writeTail(reading, late);
    } else {
      const head = (time / LOW) | 0;
      if (head === this.#timeHead) writeDigits(bytes, this.#timeEnd, LOW_DIGITS, time - head * LOW);
      else {
        writeDigits(bytes, this.#timeEnd, TIME_DIGITS, time);
        this.#timeHead = head;
      }
    }
    this.#seq = seq;
    const valueStart = writeDecimal(bytes, this.#valueEnd, reading.value);
    const start = valueStart - this.#head.length;
    if (start !== this.#start) {
      bytes.set(this.#head, start);
      this.#start = start;
    }
    return this.#views.of(start, CAPACITY);
  }

  /** Adds one to the number that is there. False where it gets another digit. */
  private increment(): boolean {
    const bytes = this.#bytes;
    let at = this.#seqEnd - 1;
    while (bytes[at] === NINE) bytes[at--] = ZERO;
    if (bytes[at] > NINE) return false;
    bytes[at] += 1;
    return true;
  }

  /** Writes all that is behind the value, as it has not been before. */
  private writeTail(reading: Reading, late: boolean): void {
    const text = readingJSON(reading, late);
    const behind = text.indexOf(",");
    this.#valueEnd = CAPACITY - text.length + behind;
    writeUTF8(this.#bytes, this.#valueEnd, text.slice(behind));
    this.#start = CAPACITY;
    this.#late = late;
    this.#timeEnd = this.#valueEnd + ',"time":'.length + TIME_DIGITS;
    this.#seqEnd = this.#timeEnd + ',"seq":'.length + String(reading.seq).length;
    this.#timeHead = (reading.time / LOW) | 0;
    // A text without a time has its numbers elsewhere.
    this.#epoch = isPlain(reading.time) ? reading.epoch : -1;
  }
}

/** Whether it is a whole number of `TIME_DIGITS`. */
function isPlain(time: number): boolean {
  return time >= 1e12 && time < 1e13 && time % 1 === 0;
}
