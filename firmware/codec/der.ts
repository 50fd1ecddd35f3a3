/**
 * DER (X.690), read strictly and in place: one form for each length, and nothing outside of what surrounds it. What
 * comes from the network is not trusted to be well-formed: every fault throws.
 */

/** The tags that certificates and keys are made of. */
export const enum Tag {
  BOOLEAN = 0x01,
  INTEGER = 0x02,
  BIT_STRING = 0x03,
  OCTET_STRING = 0x04,
  OID = 0x06,
  UTC_TIME = 0x17,
  GENERALIZED_TIME = 0x18,
  SEQUENCE = 0x30,
  SET = 0x31,
}

/** A walk over the elements of one level. It shares the caller's bytes and copies none. */
export class DER {
  readonly bytes: Uint8Array;
  readonly end: number;
  #at: number;
  /** Of the element that was taken last: where its contents are. */
  start = 0;
  stop = 0;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.#at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.#at === this.end;
  }

  /** The next element's tag, 0 where there is none. */
  get tag(): number {
    return this.#at < this.end ? this.bytes[this.#at] : 0;
  }

  /** Steps over the next element and notes its contents. @throws where it is not `tag`, or not well-formed */
  take(tag: number): this {
    if (this.tag !== tag || tag === 0) throw new Error("malformed: an unexpected element");
    return this.skip();
  }

  /** As `take`, of whatever it is. */
  skip(): this {
    const { bytes, end } = this;
    let at = this.#at + 1;
    if (at >= end) throw new Error("malformed: cut short");
    let length = bytes[at++];
    if (length >= 0x80) {
      const count = length & 0x7f;
      // No indefinite form; 16 MB are more than anything here has.
      if (count === 0 || count > 3 || at + count > end) throw new Error("malformed: a bad length");
      length = 0;
      for (let i = 0; i < count; i++) length = (length << 8) | bytes[at++];
      if (length < (count === 1 ? 0x80 : 1 << (8 * (count - 1)))) throw new Error("malformed: a bad length");
    }
    if (length > end - at) throw new Error("malformed: cut short");
    this.start = at;
    this.stop = this.#at = at + length;
    return this;
  }

  /** A walk over the elements inside the next one. */
  enter(tag: number): DER {
    this.take(tag);
    return new DER(this.bytes, this.start, this.stop);
  }

  /** The contents of the next element. */
  contents(tag: number): Uint8Array {
    this.take(tag);
    return this.bytes.subarray(this.start, this.stop);
  }

  /** The next element with its tag and length. */
  whole(tag: number): Uint8Array {
    const from = this.#at;
    this.take(tag);
    return this.bytes.subarray(from, this.stop);
  }

  /** The bytes of a BIT STRING, which are whole ones. */
  bits(): Uint8Array {
    const contents = this.contents(Tag.BIT_STRING);
    if (contents.length === 0 || contents[0] !== 0) throw new Error("malformed: a bad bit string");
    return contents.subarray(1);
  }

  /** The bytes of an INTEGER above zero, without the sign's. */
  positive(): Uint8Array {
    const contents = this.contents(Tag.INTEGER);
    const first = contents[0];
    if (contents.length === 0 || first >= 0x80) throw new Error("malformed: a bad number");
    if (first !== 0) return contents;
    // The sign's byte is there only where it has to be; 0 has nothing else.
    if (contents.length === 1 || contents[1] < 0x80) throw new Error("malformed: a bad number");
    return contents.subarray(1);
  }

  /** @throws where there is more on this level */
  finish(): void {
    if (!this.done) throw new Error("malformed: more than expected");
  }
}
