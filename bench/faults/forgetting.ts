/** Readings of which the node was told that the broker has them, and which a power cut may let come again: README, "What it keeps". */
const FORGOTTEN = 64;

/** Ranges that a node remembers of what was acknowledged while older ones wait. */
const RANGES = 8;

/**
 * What a node may forget of what was acknowledged, because that is noted now and then only: not more than a few, and
 * nothing where it ended in order and nothing waited. Where they were acknowledged out of order, or live ones in many pieces
 * while older ones wait, or where there is no room left, it may forget more.
 */
export class Forgetting {
  #fail: (what: string) => void;
  /** Of the present life, and those before it until nothing waited: acknowledged out of order, or given up. */
  #isExcused = false;
  /** The first of these. */
  #isScrambled = false;
  /** A life ended otherwise than in order, and the node has not said since that nothing waits. */
  #isOpen = false;
  /** The life before ended in order, and nothing waited. */
  #isComplete = false;
  /** Places of those that were acknowledged last, live and late. */
  #last = [-1, -1];
  /** Live ones that were acknowledged and did not follow the one before, since something waits. */
  #ranges = 0;
  /** Came again on the present connection that were acknowledged in another life. */
  #again = 0;

  constructor(fail: (what: string) => void) {
    this.#fail = fail;
  }

  /** What came may wait in the node, since it was acknowledged out of order. */
  get isScrambled(): boolean {
    return this.#isScrambled;
  }

  /** More may be forgotten than usual. */
  get isExcused(): boolean {
    return this.#isExcused;
  }

  /** @param isComplete it was in order, everything had come, and the node was told so */
  ended(isComplete: boolean): void {
    // What a power cut let it forget waits over any number of ends in order.
    this.#isComplete = isComplete && !this.#isExcused && !this.#isOpen;
    if (!isComplete) this.#isOpen = true;
    this.#last = [-1, -1];
  }

  /** A connection begins. */
  accepted(): void {
    this.#again = 0;
  }

  /** Nothing waits. */
  drained(): void {
    this.#isExcused = this.#isScrambled = this.#isOpen = false;
    this.#ranges = 0;
  }

  /** What is needed for that is more than the journal promises. */
  excuse(): void {
    this.#isExcused = true;
  }

  acknowledged(order: number, isLate: boolean): void {
    const last = this.#last[+isLate] as number;
    if (!isLate && order !== last + 1) this.#ranges += 1;
    if (order < last || this.#ranges > RANGES) this.#isExcused = this.#isScrambled = true;
    this.#last[+isLate] = order;
  }

  /** A reading came that the node was told of in another life. */
  cameAgain(order: number): void {
    this.#again += 1;
    if (this.#isComplete)
      this.#fail(`repeated: #${order} came again, and the node ended in order when nothing waited`);
    else if (!this.#isExcused && this.#again > FORGOTTEN)
      this.#fail(`repeated: ${this.#again} came again that were acknowledged before the restart`);
  }
}
