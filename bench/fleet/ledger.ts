import { Ranges } from "./ranges.js";
import { digestOf, type Taken } from "./taken.js";

/** A device's reading as it came to a subscriber. */
export interface Arrival {
  epoch: string;
  seq: number;
  /** In hundredths of a degree: no two of a device are alike. */
  hundredths: number;
}

interface Account {
  epoch: string;
  numbers: Ranges;
  /** Of those that came for the first time. */
  digest: number;
  /** Arrivals of another epoch than the first. */
  others: number;
}

/** What became of all readings. */
export interface Verdict {
  taken: number;
  arrived: number;
  duplicates: number;
  lost: number;
  /** A line for each device with whom something is wrong. */
  problems: string[];
}

/**
 * What has arrived of each device, kept outside of the nodes: a reading is lost that a node says it took and that never
 * came to a subscriber. (device, epoch, seq) counts once; what comes again is a duplicate, which QoS 1 allows.
 */
export class Ledger {
  duplicates = 0;
  arrived = 0;
  #accounts = new Map<string, Account>();

  /** @param device its level in the topic */
  arrive(device: string, { epoch, seq, hundredths }: Arrival): void {
    let account = this.#accounts.get(device);
    if (!account) {
      account = { epoch, numbers: new Ranges(), digest: 0, others: 0 };
      this.#accounts.set(device, account);
    }
    if (account.epoch !== epoch) {
      account.others += 1;
      return;
    }
    if (!account.numbers.add(seq)) {
      this.duplicates += 1;
      return;
    }
    this.arrived += 1;
    account.digest = (account.digest + digestOf(seq, hundredths)) >>> 0;
  }

  /** Compares with what the nodes say. @param taken by device; one that says nothing took nothing */
  settle(taken: ReadonlyMap<string, Taken>): Verdict {
    const verdict: Verdict = {
      taken: 0,
      arrived: this.arrived,
      duplicates: this.duplicates,
      lost: 0,
      problems: [],
    };
    for (const [device, one] of taken) {
      verdict.taken += one.count;
      this.#settle(device, one, verdict);
    }
    for (const device of this.#accounts.keys())
      if (!taken.has(device)) verdict.problems.push(`${device}: readings came, and no such node was started`);
    return verdict;
  }

  #settle(device: string, { first, last, count, epoch, digest }: Taken, verdict: Verdict): void {
    const account = this.#accounts.get(device);
    const say = (problem: string) => verdict.problems.push(`${device}: ${problem}`);
    if (last - first + 1 !== count) say(`${count} readings have the numbers from ${first} to ${last}`);
    const gaps = account?.numbers.missing(first, last) ?? (count > 0 ? [[first, last]] : []);
    if (gaps.length > 0) {
      const lost = gaps.reduce((sum, [from, to]) => sum + to - from + 1, 0);
      verdict.lost += lost;
      const names = gaps.map(([from, to]) => (from === to ? `#${from}` : `#${from} to #${to}`));
      say(`${lost} of ${count} readings never came: ${names.join(", ")}`);
    }
    if (!account) return;
    if (account.others > 0 || Number.parseInt(account.epoch, 16) !== epoch)
      say(`readings of another epoch came than ${epoch.toString(16).padStart(8, "0")}`);
    else if (account.numbers.hasOutside(first, last))
      say(`readings came that it has not taken: it has #${first} to #${last}`);
    else if (gaps.length === 0 && account.digest !== digest)
      say("what came are not the values that it measured");
  }
}
