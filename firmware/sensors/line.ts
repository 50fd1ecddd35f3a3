import { QUANTITY_COUNT, Quantity } from "../codec/reading.js";
import { readUTF8 } from "../codec/utf8.js";
import { sampleValue } from "./sample.js";

/*
 * A line of text from a serial port to values. Pure; what is not JSON is read without allocating. Understood:
 *
 *   21.4                 a bare number is a temperature, in degrees Celsius unless a unit follows
 *   21.4 C, 70.5F, 294.55 K, 21.4 °C
 *   T=21.4               a name, then = or :, then the number
 *   temperature: 21.4 C
 *   Humidity: 45.0%  Temperature: 21.4°C          several with names, apart by blanks, commas or semicolons
 *   {"temperature": 21.4, "humidity": 45}         JSON, also in the shapes of a sensor's sample (sample.ts)
 *   {"T": 70.5, "unit": "F"}
 *
 * A line is taken whole or not at all: half of one that looks like a number could be a tenth of the temperature.
 */

const enum Character {
  TAB = 0x09,
  SPACE = 0x20,
  PERCENT = 0x25,
  PLUS = 0x2b,
  COMMA = 0x2c,
  MINUS = 0x2d,
  POINT = 0x2e,
  ZERO = 0x30,
  NINE = 0x39,
  COLON = 0x3a,
  SEMICOLON = 0x3b,
  EQUALS = 0x3d,
  BRACE = 0x7b,
  /** The degree sign in Latin-1, and its second byte in UTF-8. */
  DEGREE = 0xb0,
  DEGREE_LEAD = 0xc2,
}

/** More digits than a double tells apart; the value would not be what was written. */
const DIGIT_LIMIT = 15;

/** The longest name is `temperature`. */
const NAME_LIMIT = 11;

/** The quantity that a name stands for, whatever its case; -1 where it is unknown. */
function quantityNamed(name: string): Quantity | -1 {
  switch (name.toLowerCase()) {
    case "t":
    case "temp":
    case "temperature":
      return Quantity.TEMPERATURE;
    case "h":
    case "rh":
    case "hum":
    case "humidity":
      return Quantity.HUMIDITY;
    case "p":
    case "pressure":
      return Quantity.PRESSURE;
    default:
      return -1;
  }
}

/** Reads lines one after the other. */
export class LineParser {
  /**
   * The last line's values by quantity: degrees Celsius, percent, pascal. NaN where it had none.
   */
  readonly values = new Float64Array(QUANTITY_COUNT);
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;

  /**
   * @param bytes the line without its end: the first `length` bytes
   * @returns whether it is a reading; `values` is meaningless otherwise
   */
  parse(bytes: Uint8Array, length: number): boolean {
    this.#bytes = bytes;
    this.#at = 0;
    this.#end = length;
    this.values.fill(Number.NaN);
    this.skipBlanks();
    return this.peek() === Character.BRACE ? this.object() : this.items();
  }

  private peek(): number {
    return this.#at < this.#end ? this.#bytes[this.#at] : -1;
  }

  private skipBlanks(): void {
    while (isBlank(this.peek())) this.#at++;
  }

  private items(): boolean {
    if (this.#at === this.#end) return false;
    if (!isLetter(this.peek())) {
      // A number without a name stands alone.
      return this.item(Quantity.TEMPERATURE) && this.#at === this.#end;
    }
    while (this.#at < this.#end) {
      const quantity = this.name();
      if (quantity < 0 || !this.item(quantity as Quantity)) return false;
      const next = this.peek();
      if (next === Character.COMMA || next === Character.SEMICOLON) {
        this.#at++;
        this.skipBlanks();
      }
    }
    return true;
  }

  private name(): Quantity | -1 {
    let name = "";
    for (let next = this.peek(); isLetter(next); next = this.peek()) {
      if (name.length === NAME_LIMIT) return -1;
      name += String.fromCharCode(next);
      this.#at++;
    }
    this.skipBlanks();
    const next = this.peek();
    if (next !== Character.EQUALS && next !== Character.COLON) return -1;
    this.#at++;
    this.skipBlanks();
    return quantityNamed(name);
  }

  /** A number, its unit if it has one, and the blanks behind. */
  private item(quantity: Quantity): boolean {
    const number = this.number();
    this.skipBlanks();
    const value = this.unit(quantity, number);
    this.skipBlanks();
    if (Number.isNaN(value) || !Number.isNaN(this.values[quantity])) return false;
    this.values[quantity] = value;
    return true;
  }

  private number(): number {
    const sign = this.peek();
    if (sign === Character.MINUS || sign === Character.PLUS) this.#at++;
    let digits = 0;
    let value = 0;
    let divisor = 0;
    for (let next = this.peek(); ; next = this.peek()) {
      if (next >= Character.ZERO && next <= Character.NINE) {
        if (++digits > DIGIT_LIMIT) return Number.NaN;
        value = value * 10 + (next - Character.ZERO);
        divisor *= 10;
      } else if (next === Character.POINT && divisor === 0) divisor = 1;
      else break;
      this.#at++;
    }
    if (digits === 0) return Number.NaN;
    if (divisor > 1) value /= divisor; // two integers below 2^53: the quotient is the double nearest to the text
    return sign === Character.MINUS ? -value : value;
  }

  /** Applies the unit that follows, if one does; NaN where what follows belongs to no item. */
  private unit(quantity: Quantity, value: number): number {
    const start = this.#at;
    if (quantity === Quantity.HUMIDITY) {
      if (this.peek() === Character.PERCENT) this.#at++;
    } else {
      if (quantity === Quantity.TEMPERATURE) this.degreeSign();
      let unit = "";
      for (let next = this.peek(); isLetter(next) && unit.length < 4; next = this.peek()) {
        unit += String.fromCharCode(next);
        this.#at++;
      }
      const converted = convert(quantity, value, unit);
      if (!Number.isNaN(converted)) value = converted;
      else this.#at = start; // a word that is no unit may be the next item's name
    }
    const next = this.peek();
    const apart =
      next === -1 ||
      next === Character.SPACE ||
      next === Character.TAB ||
      next === Character.COMMA ||
      next === Character.SEMICOLON ||
      (this.#at > 0 && isBlank(this.#bytes[this.#at - 1]));
    return apart ? value : Number.NaN;
  }

  /** `°` in UTF-8 or Latin-1, and blanks behind it. */
  private degreeSign(): void {
    const isPair = this.#at + 1 < this.#end && this.#bytes[this.#at + 1] === Character.DEGREE;
    if (this.peek() === Character.DEGREE_LEAD && isPair) this.#at++;
    if (this.peek() === Character.DEGREE) {
      this.#at++;
      this.skipBlanks();
    }
  }

  private object(): boolean {
    const text = readUTF8(this.#bytes, this.#at, this.#end);
    if (text === undefined) return false;
    let object: unknown;
    try {
      object = JSON.parse(text);
    } catch {
      return false;
    }
    if (typeof object !== "object" || object === null) return false;
    const properties = object as Record<string, unknown>;
    const unit = properties["unit"] ?? "";
    if (typeof unit !== "string") return false;
    let count = 0;
    for (let quantity: Quantity = 0; quantity < QUANTITY_COUNT; quantity++) {
      const value = sampleValue(object, quantity) ?? namedProperty(properties, quantity);
      if (value === undefined) continue;
      this.values[quantity] = convert(quantity, value, unitOf(quantity, unit));
      if (Number.isNaN(this.values[quantity])) return false;
      count += 1;
    }
    return count > 0;
  }
}

/** The part of a JSON object's `unit` that concerns this quantity: one in hectopascal may hold degrees Celsius too. */
function unitOf(quantity: Quantity, unit: string): string {
  if (quantity === Quantity.HUMIDITY) return "";
  const isPressure = !Number.isNaN(convert(Quantity.PRESSURE, 0, unit));
  if (quantity === Quantity.PRESSURE) return isPressure ? unit : "";
  if (isPressure) return "";
  return unit.charCodeAt(0) === Character.DEGREE ? unit.slice(1) : unit;
}

function isBlank(byte: number): boolean {
  return byte === Character.SPACE || byte === Character.TAB;
}

function isLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

/** The property with one of the quantity's other names. */
function namedProperty(properties: Record<string, unknown>, quantity: Quantity): number | undefined {
  for (const key in properties) {
    if (quantityNamed(key) === quantity) {
      const value = properties[key];
      return typeof value === "number" ? value : Number.NaN;
    }
  }
  return undefined;
}

/** To degrees Celsius or pascal; no unit at all leaves the value as it is, NaN where it is no unit of the quantity. */
function convert(quantity: Quantity, value: number, unit: string): number {
  if (unit === "") return value;
  if (quantity === Quantity.TEMPERATURE) {
    if (unit === "C" || unit === "c") return value;
    if (unit === "F" || unit === "f") return ((value - 32) * 5) / 9;
    if (unit === "K" || unit === "k") return value - 273.15;
  }
  if (quantity === Quantity.PRESSURE) {
    if (unit === "Pa") return value;
    if (unit === "hPa" || unit === "mbar") return value * 100;
  }
  return Number.NaN;
}
