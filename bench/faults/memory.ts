import v8 from "node:v8";
import vm from "node:vm";

/** Looks at the heap now and then: what a run keeps must not grow with its length. */
export class MemoryWatch {
  #collect: () => void;
  #samples: number[] = [];
  #next: number;
  #period: number;

  /** @param duration milliseconds of simulated time that the run takes */
  constructor(duration: number) {
    v8.setFlagsFromString("--expose-gc");
    this.#collect = vm.runInNewContext("gc") as () => void;
    this.#period = duration / SAMPLES;
    this.#next = this.#period;
  }

  /**
   * @param elapsed simulated milliseconds since the start
   * @param readings that the world remembers just now: they are its own, and come and go
   */
  look(elapsed: number, readings: () => number): void {
    if (elapsed < this.#next) return;
    this.#next += this.#period;
    this.#collect();
    this.#samples.push(v8.getHeapStatistics().used_heap_size - readings() * READING_LENGTH);
  }

  /**
   * Bytes by which the last third of the run needed more than the second, each at its least: more comes and goes in the
   * world than readings. The first third has caches and rings to fill.
   */
  get growth(): number {
    const third = Math.floor(this.#samples.length / 3);
    if (third === 0) return 0;
    const least = (samples: number[]) => Math.min(...samples);
    return least(this.#samples.slice(2 * third)) - least(this.#samples.slice(third, 2 * third));
  }
}

const SAMPLES = 30;

/** Bytes that the world needs for a reading, about. */
const READING_LENGTH = 270;
