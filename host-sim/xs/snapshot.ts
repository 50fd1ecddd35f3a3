/**
 * Reads a snapshot of the XS engine, made on 64 bits, for what the same heap is on a device: there a slot has 16 bytes, a
 * chunk a header of 8, code and the names of functions stand in flash, and the linker leaves names and lengths out. XS's
 * `xsAll.h` and `xsSnapshot.c` say how it is laid out.
 */

/** All that a machine has after a garbage collection, as a device counts it. */
export interface Heap {
  readonly slots: number;
  /** Bytes of its live chunks, with their headers. */
  readonly chunks: number;
}

/** Bytes that it takes on a device, where a slot has 16. */
export function deviceBytes({ slots, chunks }: Heap): number {
  return slots * 16 + chunks;
}

/** Bytes of a slot: next, 8; kind, flags and identifier, 8; value, 16. */
const SLOT = 32;
const KIND_AT = 8;
const VALUE_AT = 16;

/** Bytes of a chunk's header: its size in the first four. */
const HEADER = 16;
const DEVICE_HEADER = 8;

/** Kinds of slots, as `xsAll.h` numbers them. */
const enum Kind {
  INTEGER = 3,
  STRING = 5,
  INSTANCE = 13,
  ARRAY = 16,
  CALLBACK = 18,
  CODE = 19,
  CODE_X = 20,
  HOME = 42,
}

export function heapOf(snapshot: Buffer): Heap {
  const parts = partsOf(snapshot);
  const heap = new Slots(parts.get("HEAP") as Buffer);
  const chunks = parts.get("BLOC") as Buffer;
  /** Bytes of chunks that a device has otherwise, or not at all. */
  let otherwise = 0;
  let count = 0;
  let unneeded = 0;
  for (let at = 0; at < chunks.length; at += chunks.readUInt32LE(at)) count += 1;
  for (let slot = 0; slot < heap.count; slot++) {
    const kind = heap.kind(slot);
    if (kind === Kind.INSTANCE) unneeded += namesOf(heap, slot);
    else if (kind === Kind.CODE || (kind === Kind.ARRAY && heap.value(slot) > 0)) {
      const size = chunks.readUInt32LE(heap.value(slot) - HEADER) - HEADER;
      // An array's items are slots, of half the bytes.
      otherwise += kind === Kind.CODE ? size + DEVICE_HEADER : size / 2;
    }
  }
  return {
    slots: heap.count - unneeded,
    chunks: chunks.length - count * (HEADER - DEVICE_HEADER) - otherwise,
  };
}

/** Slots of a function's name and length: behind its code and its home. */
function namesOf(heap: Slots, instance: number): number {
  const code = heap.next(instance);
  if (code < 0) return 0;
  const kind = heap.kind(code);
  if (kind !== Kind.CODE && kind !== Kind.CODE_X && kind !== Kind.CALLBACK) return 0;
  const home = heap.next(code);
  if (home < 0 || heap.kind(home) !== Kind.HOME) return 0;
  let count = 0;
  for (let slot = heap.next(home); slot >= 0 && count < 2; slot = heap.next(slot)) {
    const is = heap.kind(slot);
    if (is !== Kind.INTEGER && is !== Kind.STRING) break;
    count += 1;
  }
  return count;
}

/** The slots in a snapshot, by their index; -1 is none. */
class Slots {
  readonly count: number;
  #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.count = bytes.length / SLOT;
  }

  kind(slot: number): number {
    return this.#bytes[slot * SLOT + KIND_AT];
  }

  next(slot: number): number {
    return Number(this.#bytes.readBigUInt64LE(slot * SLOT)) - 1;
  }

  /** Of a slot with a chunk: where its data is. */
  value(slot: number): number {
    return Number(this.#bytes.readBigUInt64LE(slot * SLOT + VALUE_AT));
  }
}

/** The parts of a snapshot by name, each behind its length, which counts these eight bytes as well. */
function partsOf(snapshot: Buffer): Map<string, Buffer> {
  const parts = new Map<string, Buffer>();
  for (let at = 8; at < snapshot.length; at += snapshot.readUInt32BE(at)) {
    const name = snapshot.toString("latin1", at + 4, at + 8);
    parts.set(name, snapshot.subarray(at + 8, at + snapshot.readUInt32BE(at)));
  }
  return parts;
}
