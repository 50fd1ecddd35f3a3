/**
 * A record of the journal: 32 bytes of flash, pure. All kinds have one layout, little-endian:
 *
 * | bytes | |
 * |---|---|
 * | 0 | kind in the upper, quantity (or the header's layout) in the lower four bits |
 * | 1 to 3 | boot |
 * | 4 to 9 | uptime in milliseconds |
 * | 10 to 15 | sequence number |
 * | 16 to 23 | value, IEEE 754 double |
 * | 24 to 27 | epoch |
 * | 28 to 31 | checksum of the bytes before |
 *
 * Erased flash is all ones; neither that nor all zeros is a record.
 */

export const RECORD_LENGTH = 32;

/** What the fields of the present layout mean. Another firmware's blocks are known by their header, and left alone. */
export const LAYOUT = 1;

export const enum RecordKind {
  /** All fields as they are named. */
  READING = 1,
  /** The readings from `uptime` up to but not including `seq` are done with; `value` were dropped in all. */
  DONE = 2,
  /** In boot `boot`, milliseconds since 1970 were `value` more than the uptime, from here on. */
  CLOCK = 3,
  /** Begins a block: `uptime` is its generation, `seq` the next number, `value` the first that is not done with. */
  HEADER = 10,
}

/** 2 to the power of 32, and of 16. */
const WORD = 0x1_0000_0000;
const HALF_WORD = 0x1_0000;

/** Words that the checksum is of, and their bytes. */
const CHECKED = 7;
const CHECKED_BYTES = 28;

/** One record in memory and its bytes; made once and used again and again. */
export class JournalRecord {
  readonly bytes = new Uint8Array(RECORD_LENGTH);
  kind = 0;
  /** 0 to 15. */
  quantity = 0;
  /** Counts to 16,777,215 and begins again. */
  boot = 0;
  /** 0 to 2^48 - 1, as `seq`. */
  uptime = 0;
  seq = 0;
  value = 0;
  /** 32 bits. */
  epoch = 0;
  /** All processors that XS and Node run on have the lower byte first. */
  #words = new Uint32Array(this.bytes.buffer);
  #values = new Float64Array(this.bytes.buffer, 16, 1);

  /** Fills `bytes` from the fields. */
  encode(): void {
    const { uptime, seq } = this;
    const words = this.#words;
    words[0] = (this.kind << 4) | this.quantity | (this.boot << 8);
    words[1] = uptime;
    words[2] = (uptime / WORD) | ((seq % HALF_WORD) << 16);
    words[3] = seq / HALF_WORD;
    this.#values[0] = this.value;
    words[6] = this.epoch;
    words[7] = checksum(words);
  }

  /** Fills the fields from `bytes`. False where these are no record: erased, torn or damaged. */
  decode(): boolean {
    const words = this.#words;
    if (words[7] !== checksum(words)) return false;
    const tag = words[0];
    const middle = words[2];
    this.kind = (tag >>> 4) & 15;
    this.quantity = tag & 15;
    this.boot = tag >>> 8;
    this.uptime = words[1] + (middle & 0xffff) * WORD;
    this.seq = (middle >>> 16) + words[3] * HALF_WORD;
    this.value = this.#values[0];
    this.epoch = words[6];
    return true;
  }

  /** Whether `bytes` are the other's. */
  equals(other: JournalRecord): boolean {
    const a = this.#words;
    const b = other.#words;
    return (
      a[0] === b[0] &&
      a[1] === b[1] &&
      a[2] === b[2] &&
      a[3] === b[3] &&
      a[4] === b[4] &&
      a[5] === b[5] &&
      a[6] === b[6] &&
      a[7] === b[7]
    );
  }

  /** Whether `bytes` are as an erase leaves them. */
  get isErased(): boolean {
    const words = this.#words;
    for (let i = 0; i < words.length; i++) if (words[i] !== WORD - 1) return false;
    return true;
  }
}

/**
 * MurmurHash3 (32 bits) of the bytes before the checksum: every bit of them changes half of its bits, so that whatever
 * a cut leaves passes once in four thousand million times. Word by word it costs an interpreter an eighth of a CRC.
 */
function checksum(words: Uint32Array): number {
  const { imul } = Math;
  let hash = 0x48656172; // "Hear": the hash of zeros is not zero
  for (let i = 0; i < CHECKED; i++) {
    const word = imul(words[i], 0xcc9e2d51);
    hash ^= imul((word << 15) | (word >>> 17), 0x1b873593);
    hash = (((hash << 13) | (hash >>> 19)) * 5 + 0xe6546b64) | 0;
  }
  hash ^= CHECKED_BYTES;
  hash = imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
