import { elapsed } from "../time.js";

/** Milliseconds that two servers may differ: a leap second that one of them smears, and two unequal ways. */
const AGREEMENT = 5_000;

/** Keeps a time that is hard to believe until another server says the same. */
export class SecondOpinion {
  #time = Number.NaN;
  #ticks = 0;
  #address = "";

  /**
   * Whether the one before, from another server, said the same. What is said now is kept for the next.
   * @param time milliseconds since 1970 at tick `ticks`
   * @param alone there is one server only: its own word counts, when it gives it twice
   */
  confirms(time: number, ticks: number, address: string, alone: boolean): boolean {
    const difference = time - (this.#time + elapsed(this.#ticks, ticks));
    const isConfirmed = Math.abs(difference) <= AGREEMENT && (alone || address !== this.#address);
    this.#time = time;
    this.#ticks = ticks;
    this.#address = address;
    return isConfirmed;
  }
}
