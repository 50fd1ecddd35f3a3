/** Status line and header fields of an answer, byte by byte (RFC 9112, 4 and 5): no more of it is kept than is asked for. */

/** Characters of a line that are kept: what a range needs is shorter; of the rest of a line nothing is needed. */
const LINE_LIMIT = 128;

/** Stands behind what is kept of a longer line: no number ends with it. */
const CUT = "\0";

/** Bytes of all lines. */
const HEAD_LIMIT = 16_384;

export const NO_SERVER = "what answers is no HTTP server";

const LF = 0x0a;
const CR = 0x0d;

export class HTTPHead {
  /** 100 to 599; 0 before the first line. */
  status = 0;
  /** Content-Length; -1 where there is none, or it is none. */
  length = -1;
  /** Content-Range: first and last byte, and the bytes of the whole; -1 where there is none. */
  first = -1;
  last = -1;
  total = -1;
  /** The body is not simply so many bytes: Transfer-Encoding, or Content-Encoding. */
  isEncoded = false;
  /** The connection goes on after this answer. */
  isKept = true;
  /** All lines are there. */
  isComplete = false;
  #hasLength = false;
  #hasRange = false;
  #line = "";
  #bytes = 0;

  /** For the next answer. */
  begin(): void {
    this.status = 0;
    this.length = this.first = this.last = this.total = -1;
    this.isEncoded = this.isComplete = this.#hasLength = this.#hasRange = false;
    this.isKept = true;
    this.#line = "";
    this.#bytes = 0;
  }

  /** Nothing of it has come. */
  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** @returns what is wrong with it, where that is so */
  add(byte: number): string | undefined {
    this.#bytes += 1;
    if (this.#bytes > HEAD_LIMIT) return "the server's answer has no end of its header";
    if (byte !== LF) {
      const kept = this.#line.length;
      if (byte !== CR && kept <= LINE_LIMIT)
        this.#line += kept < LINE_LIMIT ? String.fromCharCode(byte) : CUT;
      return undefined;
    }
    const line = this.#line;
    this.#line = "";
    if (this.status === 0) return this.readStatus(line);
    if (line === "") this.isComplete = true;
    else this.readField(line);
    return undefined;
  }

  private readStatus(line: string): string | undefined {
    const isHTTP = line.startsWith("HTTP/1.") && line.charAt(8) === " " && line.charAt(12).trim() === "";
    const status = isHTTP ? number(line.slice(9, 12)) : 0;
    if (!(status >= 100 && status <= 599)) return NO_SERVER;
    this.status = status;
    // HTTP/1.0 closes, unless it says otherwise, which we do not ask for.
    this.isKept = line.charCodeAt(7) !== 0x30;
    return undefined;
  }

  private readField(line: string): void {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    const value = line.slice(colon + 1).trim();
    switch (name) {
      case "content-length":
        // Said twice, differently, it is none (RFC 9112, 6.3).
        this.length = this.#hasLength && this.length !== number(value) ? -1 : number(value);
        this.#hasLength = true;
        break;
      case "content-range":
        this.readRange(value);
        break;
      case "transfer-encoding":
        this.isEncoded = true;
        break;
      case "content-encoding":
        if (value.toLowerCase() !== "identity") this.isEncoded = true;
        break;
      case "connection":
        if (value.toLowerCase().indexOf("close") >= 0) this.isKept = false;
        break;
      default:
        break;
    }
  }

  /** `bytes first-last/total` (RFC 9110, 14.4). Said twice, differently, it is none. */
  private readRange(value: string): void {
    const hyphen = value.indexOf("-");
    const slash = value.indexOf("/");
    const isOne = value.toLowerCase().startsWith("bytes ") && hyphen >= 0 && slash > hyphen;
    const first = isOne ? number(value.slice(6, hyphen).trim()) : -1;
    const last = isOne ? number(value.slice(hyphen + 1, slash)) : -1;
    const total = isOne ? number(value.slice(slash + 1)) : -1;
    const isSame = first === this.first && last === this.last && total === this.total;
    const isNone = this.#hasRange && !isSame;
    this.#hasRange = true;
    this.first = isNone ? -1 : first;
    this.last = isNone ? -1 : last;
    this.total = isNone ? -1 : total;
  }
}

/** A whole number of decimal digits alone, or -1. */
function number(text: string): number {
  if (text === "" || text.length > 15) return -1;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x30 || unit > 0x39) return -1;
  }
  return Number(text);
}
