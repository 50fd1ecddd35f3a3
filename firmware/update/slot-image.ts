/**
 * An image on its way into the slot that does not run: block by block, each erased right before it is written. Which blocks
 * are complete stands in the slot itself, in its last block: the image's SHA-256, and a byte for each block that
 * turns from 0xff to 0 when all of it was written. So a download goes on after a power cut where it was, without wearing
 * NVS out.
 *
 * These notes save time and are not trusted: whatever they say, the whole image is read back and its digest compared
 * before it may run. That holds as well where a cut left a write or an erase half done.
 *
 * A bootloader that finds the other slot damaged runs whatever looks like an image in this one. So the image's first byte,
 * without which it looks like none, stands among the notes until the digest was right.
 */

import type { Digest, Flash } from "../ports.js";

/** Bytes of the notes before the first block's byte: a mark, the digest, the image's first byte. */
const MARK = 0x31415548; // "HUA1"
const MARK_LENGTH = 4;
const DIGEST_LENGTH = 32;
const FIRST_AT = 36;
const MARKS_AT = 64;

/** Bytes that are written, compared and digested at once. */
const PIECE = 512;

const ERASED = 0xff;

/** What the flash has, written and read again, is not what it was given. */
const UNFAITHFUL = "the flash does not keep what is written to it";

export class SlotImage {
  /** Bytes of the image. */
  readonly size: number;
  readonly #flash: Flash;
  readonly #sha256: Uint8Array;
  readonly #blockLength: number;
  /** Block of the notes. */
  readonly #notes: number;
  readonly #piece = new Uint8Array(PIECE);
  /** The first block that is not complete, and how much of it is written. */
  #block = 0;
  #written = 0;

  /** Bytes that an image may have in a slot. */
  static room(flash: Flash): number {
    const { blocks, blockLength } = flash.status();
    return (blocks - 1 > blockLength - MARKS_AT ? blockLength - MARKS_AT : blocks - 1) * blockLength;
  }

  /**
   * Takes up what is there of this very image, or begins anew.
   * @param flash the slot, which the caller closes
   * @param size of the image, at most `room`
   * @param sha256 of the image, 32 bytes
   * @throws Error where the flash fails
   */
  constructor(flash: Flash, size: number, sha256: Uint8Array) {
    const { blocks, blockLength } = flash.status();
    this.#flash = flash;
    this.#sha256 = sha256;
    this.#blockLength = blockLength;
    this.#notes = blocks - 1;
    this.size = size;
    if (this.isNoted()) this.#block = this.completeBlocks();
    else this.discard();
  }

  /** Bytes that need not be fetched any more. */
  get done(): number {
    return Math.min(this.#block * this.#blockLength, this.size);
  }

  get isComplete(): boolean {
    return this.done === this.size;
  }

  /** The last byte of the block to fetch next, which begins at `done`. */
  get last(): number {
    return Math.min(this.done + this.#blockLength, this.size) - 1;
  }

  /** Forgets all that is there. @throws Error where the flash fails */
  discard(): void {
    const header = new Uint8Array(MARK_LENGTH + DIGEST_LENGTH);
    new DataView(header.buffer).setUint32(0, MARK, true);
    header.set(this.#sha256, MARK_LENGTH);
    this.#block = this.#written = 0;
    this.#flash.eraseBlock(this.#notes);
    this.#flash.write(header, this.#notes * this.#blockLength);
    if (!this.isNoted()) throw new Error(UNFAITHFUL);
  }

  /** Some of the block to fetch next is written: getting it again erases it again. */
  get isBegun(): boolean {
    return this.#written > 0;
  }

  /** The block to fetch next is fetched from its first byte on. */
  beginBlock(): void {
    this.#written = 0;
  }

  /**
   * More of it. Its first byte has the block erased, and no attempt to get one: a server that is away for weeks must not
   * wear the flash out.
   * @param data of any length, up to the block's end; it is the caller's again
   * @throws Error where the flash fails
   */
  write(data: Uint8Array): void {
    let done = 0;
    if (this.#written === 0 && data.length > 0) {
      this.#flash.eraseBlock(this.#block);
      if (this.#block === 0) {
        this.keepFirst(data[0]);
        done = this.#written = 1;
      }
    }
    while (done < data.length) {
      const part = data.subarray(done, done + PIECE);
      const position = this.#block * this.#blockLength + this.#written;
      this.#flash.write(part, position);
      const read = part.length === PIECE ? this.#piece : this.#piece.subarray(0, part.length);
      this.#flash.read(read, position);
      for (let i = 0; i < part.length; i++) if (read[i] !== part[i]) throw new Error(UNFAITHFUL);
      this.#written += part.length;
      done += part.length;
    }
  }

  /** All of it is written. @throws as `write` */
  endBlock(): void {
    this.#flash.write(Uint8Array.of(0), this.markOf(this.#block));
    this.#block += 1;
  }

  /**
   * Reads one block back.
   * @param from position of its first byte, which the last call gave; 0 at first
   * @returns where the next one begins; the image's size when all was read
   * @throws Error where the flash fails
   */
  digestBlock(digest: Digest, from: number): number {
    const end = Math.min(from + this.#blockLength, this.size);
    for (let at = from; at < end; ) {
      const count = Math.min(PIECE, end - at);
      const piece = count === PIECE ? this.#piece : this.#piece.subarray(0, count);
      this.#flash.read(piece, at);
      if (at === 0) piece[0] = this.firstByte(piece[0]);
      digest.write(piece);
      at += count;
    }
    return end;
  }

  /** Whether a digest is the image's. */
  isDigest(sha256: Uint8Array): boolean {
    return isSame(sha256, this.#sha256);
  }

  /** Its digest is right: from now on it can run. @throws as `write` */
  release(): void {
    const there = this.byteAt(0);
    const first = this.firstByte(there);
    if (there === first) return;
    this.#flash.write(Uint8Array.of(first), 0);
    if (this.byteAt(0) !== first) throw new Error(UNFAITHFUL);
  }

  /** The image's first byte, where this stands in its place: nothing, or what a cut has left of it. */
  private firstByte(there: number): number {
    const kept = this.byteAt(this.firstAt);
    return (there & kept) === kept ? kept : there;
  }

  /** Keeps the image's first byte for `release`. Another one may be there, of an attempt before a restart. */
  private keepFirst(byte: number): void {
    const kept = this.byteAt(this.firstAt);
    if (kept === byte) return;
    if (kept !== ERASED) this.discard();
    this.#flash.write(Uint8Array.of(byte), this.firstAt);
    if (this.byteAt(this.firstAt) !== byte) throw new Error(UNFAITHFUL);
  }

  private byteAt(position: number): number {
    const byte = this.#piece.subarray(0, 1);
    this.#flash.read(byte, position);
    return byte[0];
  }

  private get firstAt(): number {
    return this.#notes * this.#blockLength + FIRST_AT;
  }

  private markOf(block: number): number {
    return this.#notes * this.#blockLength + MARKS_AT + block;
  }

  /** The notes are about this image. */
  private isNoted(): boolean {
    const header = new Uint8Array(MARK_LENGTH + DIGEST_LENGTH);
    this.#flash.read(header, this.#notes * this.#blockLength);
    const isMarked = new DataView(header.buffer).getUint32(0, true) === MARK;
    return isMarked && isSame(header.subarray(MARK_LENGTH), this.#sha256);
  }

  private completeBlocks(): number {
    const count = Math.ceil(this.size / this.#blockLength);
    const piece = this.#piece;
    for (let block = 0; block < count; ) {
      const part = Math.min(PIECE, count - block);
      this.#flash.read(part === PIECE ? piece : piece.subarray(0, part), this.markOf(block));
      for (let i = 0; i < part; i++) if (piece[i] !== 0) return block + i;
      block += part;
    }
    return count;
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  for (let i = 0; i < DIGEST_LENGTH; i++) if (one[i] !== other[i]) return false;
  return true;
}
