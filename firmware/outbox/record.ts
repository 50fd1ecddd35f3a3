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

const CHECKSUM_AT = 28;

/** 2 to the power of 32. */
const WORD = 0x1_0000_0000;

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
  #view = new DataView(this.bytes.buffer);

  /** Fills `bytes` from the fields. */
  encode(): void {
    const view = this.#view;
    view.setUint32(0, ((this.kind << 4) | this.quantity | (this.boot << 8)) >>> 0, true);
    view.setUint32(4, this.uptime % WORD, true);
    view.setUint16(8, this.uptime / WORD, true);
    view.setUint16(10, this.seq % 0x1_0000, true);
    view.setUint32(12, this.seq / 0x1_0000, true);
    view.setFloat64(16, this.value, true);
    view.setUint32(24, this.epoch, true);
    view.setUint32(CHECKSUM_AT, checksum(view), true);
  }

  /** Fills the fields from `bytes`. False where these are no record: erased, torn or damaged. */
  decode(): boolean {
    const view = this.#view;
    if (view.getUint32(CHECKSUM_AT, true) !== checksum(view)) return false;
    const tag = view.getUint32(0, true);
    this.kind = (tag >>> 4) & 15;
    this.quantity = tag & 15;
    this.boot = tag >>> 8;
    this.uptime = view.getUint32(4, true) + view.getUint16(8, true) * WORD;
    this.seq = view.getUint16(10, true) + view.getUint32(12, true) * 0x1_0000;
    this.value = view.getFloat64(16, true);
    this.epoch = view.getUint32(24, true);
    return true;
  }

  /** Whether `bytes` are as an erase leaves them. */
  get isErased(): boolean {
    for (let at = 0; at < RECORD_LENGTH; at += 4)
      if (this.#view.getUint32(at, true) !== WORD - 1) return false;
    return true;
  }
}

/**
 * MurmurHash3 (32 bits) of the bytes before the checksum: every bit of them changes half of its bits, so that whatever
 * a cut leaves passes once in four thousand million times. Word by word it costs an interpreter an eighth of a CRC.
 */
function checksum(view: DataView): number {
  let hash = 0x48656172; // "Hear": the hash of zeros is not zero
  for (let at = 0; at < CHECKSUM_AT; at += 4) {
    const word = Math.imul(view.getUint32(at, true), 0xcc9e2d51);
    hash ^= Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  hash ^= CHECKSUM_AT;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
