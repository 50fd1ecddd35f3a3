/** What a node says of the readings that it took: enough to compare with what has arrived, whatever their number. */
export interface Taken {
  /** Numbers of the first and the last; `last` is below `first` where there was none. */
  first: number;
  last: number;
  count: number;
  epoch: number;
  /** Sum of `digestOf` over all, 32 bits. */
  digest: number;
}

export function noneTaken(): Taken {
  return { first: 0, last: -1, count: 0, epoch: 0, digest: 0 };
}

/** What (number, value) adds to a digest, in whatever order they come. The value is in hundredths. */
export function digestOf(seq: number, hundredths: number): number {
  let mixed = Math.imul(seq ^ Math.imul(hundredths, 0x9e3779b1), 0x85ebca6b);
  mixed ^= mixed >>> 15;
  return Math.imul(mixed, 0xc2b2ae35) >>> 0;
}
