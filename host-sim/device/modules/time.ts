let timezone = -new Date().getTimezoneOffset() * 60;
let dst = 0;

/** Moddable's module `time`. The clock is the computer's: setting it is without effect. */
const Time = {
  /** Milliseconds since some moment, as a 32-bit integer that wraps. */
  get ticks(): number {
    return Math.floor(performance.now()) | 0;
  },

  get microseconds(): number {
    return Math.floor(performance.now() * 1_000);
  },

  delta(start: number, end: number = Math.floor(performance.now())): number {
    return (end - start) | 0;
  },

  set(_seconds: number): void {},

  /** Seconds. */
  get timezone(): number {
    return timezone;
  },

  set timezone(seconds: number) {
    timezone = seconds;
  },

  get dst(): number {
    return dst;
  },

  set dst(seconds: number) {
    dst = seconds;
  },
};

export default Time;
