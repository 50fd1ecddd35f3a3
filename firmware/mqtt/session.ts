/**
 * The part of an MQTT session that outlives a connection on the receiving side: the identifiers of QoS 2
 * messages that arrived and were handed over, but not yet released by the broker. While one is in here, the
 * same PUBLISH is a repetition and is not handed over again [MQTT-4.3.3-2].
 *
 * Made once by whoever makes clients, given to each of them, and cleared when CONNACK says that the broker
 * has no session.
 */
export class Session {
  #ids: Uint16Array;

  /** @param limit QoS 2 messages under way at once; brokers allow 10 to 100. One costs two bytes. */
  constructor(limit = 32) {
    this.#ids = new Uint16Array(limit);
  }

  has(id: number): boolean {
    return this.#ids.indexOf(id) >= 0;
  }

  /** @returns false when all places are taken */
  add(id: number): boolean {
    const free = this.#ids.indexOf(0);
    if (free < 0) return false;
    this.#ids[free] = id;
    return true;
  }

  delete(id: number): void {
    const at = this.#ids.indexOf(id);
    if (at >= 0) this.#ids[at] = 0;
  }

  clear(): void {
    this.#ids.fill(0);
  }
}
