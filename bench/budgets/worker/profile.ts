/** What a firmware that was compiled for the profile calls at the beginning and the end of each of its functions. */

const { resetMeter } = globalThis;

/** Functions at most, and calls within each other. */
const FUNCTIONS = 4_096;
const DEPTH = 256;

/** Steps of each function alone, and its calls; the last is what is outside of all. */
const steps = new Float64Array(FUNCTIONS);
const calls = new Uint32Array(FUNCTIONS);
const stack = new Uint16Array(DEPTH).fill(FUNCTIONS - 1);
let depth = 0;

/** Bytecodes of the calls themselves, found by `calibrate`. */
let surplus = 0;

function enter(id: number): void {
  steps[stack[depth]] += resetMeter(0, 0);
  calls[id] += 1;
  stack[++depth] = id;
  resetMeter(0, 0);
}

function leave(): void {
  steps[stack[depth--]] += resetMeter(0, 0);
  resetMeter(0, 0);
}

export function beginProfile(): void {
  const globals = globalThis as Record<string, unknown>;
  globals["__enter"] = enter;
  globals["__leave"] = leave;
  calibrate();
  clearProfile();
}

export function clearProfile(): void {
  steps.fill(0);
  calls.fill(0);
  depth = 0;
}

/** An empty function with the calls, against one without. */
function calibrate(): void {
  const run = globalThis as unknown as { __enter(id: number): void; __leave(): void };
  const { __enter, __leave } = run;
  const plain = () => {};
  const counted = () => {
    __enter(0);
    try {
    } finally {
      __leave();
    }
  };
  const measure = (f: () => void) => {
    clearProfile();
    resetMeter(0, 0);
    for (let i = 0; i < 100; i++) f();
    return resetMeter(0, 0) + steps[0] + steps[FUNCTIONS - 1];
  };
  surplus = (measure(counted) - measure(plain)) / 100;
}

/** `[function, calls, steps of its own]` for each that was called. */
export function profile(): [number, number, number][] {
  const rows: [number, number, number][] = [];
  for (let id = 0; id < FUNCTIONS; id++) {
    if (calls[id] > 0) rows.push([id, calls[id], Math.max(0, Math.round(steps[id] - surplus * calls[id]))]);
  }
  return rows;
}
