/** What has topic filters. */
export interface Subscriber {
  /** Which of two comes first that both get a message. */
  readonly place: number;
  readonly filters: ReadonlyMap<string, unknown>;
}

/**
 * Who may want a message, without asking all: thousands of devices subscribe to one topic each that is theirs alone. Those
 * with a wildcard are asked of every topic.
 */
export class Subscribers<Each extends Subscriber> {
  #byTopic = new Map<string, Set<Each>>();
  #withWildcard = new Set<Each>();

  /** It has this filter from now on. */
  add(subscriber: Each, filter: string): void {
    if (hasWildcard(filter)) {
      this.#withWildcard.add(subscriber);
      return;
    }
    const others = this.#byTopic.get(filter);
    if (others) others.add(subscriber);
    else this.#byTopic.set(filter, new Set([subscriber]));
  }

  /** It has this filter no more. */
  remove(subscriber: Each, filter: string): void {
    const others = this.#byTopic.get(filter);
    if (others?.delete(subscriber) && others.size === 0) this.#byTopic.delete(filter);
  }

  /** It is gone, with all its filters. */
  forget(subscriber: Each): void {
    for (const filter of subscriber.filters.keys()) this.remove(subscriber, filter);
    this.#withWildcard.delete(subscriber);
  }

  clear(): void {
    this.#byTopic.clear();
    this.#withWildcard.clear();
  }

  /** Those of whom one of the filters may match, in the order of their places. */
  candidates(topic: string): Iterable<Each> {
    const exact = this.#byTopic.get(topic);
    if (this.#withWildcard.size === 0 && (exact?.size ?? 0) < 2) return exact ?? [];
    return [...new Set([...(exact ?? []), ...this.#withWildcard])].sort(
      (one, other) => one.place - other.place,
    );
  }
}

export function hasWildcard(filter: string): boolean {
  return /[+#]/.test(filter);
}
