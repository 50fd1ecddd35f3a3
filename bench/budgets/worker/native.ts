/**
 * Functions of a board that a device has in C. Here they are JavaScript, whose bytecodes must not be counted as the
 * firmware's: the meter stands still in them, and a call of one costs what a call of a native function costs.
 */

const { resetMeter } = globalThis;

/** Bytecodes that a call costs beyond those of a native function, by the number of arguments; see `calibrate`. */
const overhead = [0, 0, 0, 0, 0];

/** What was called, and at which meter; where that is wanted. */
export const timeline = {
  isOn: false,
  names: [] as string[],
  at: [] as number[],
};

function left(name: string, at: number, count: number): void {
  if (timeline.isOn) {
    timeline.names.push(name);
    timeline.at.push(at);
  }
  resetMeter(0, at - overhead[count]);
}

export function native0<Result>(name: string, f: () => Result): () => Result {
  return () => {
    const at = resetMeter(0, 0);
    const result = f();
    left(name, at, 0);
    return result;
  };
}

export function native1<A, Result>(name: string, f: (a: A) => Result): (a: A) => Result {
  return (a) => {
    const at = resetMeter(0, 0);
    const result = f(a);
    left(name, at, 1);
    return result;
  };
}

export function native2<A, B, Result>(name: string, f: (a: A, b: B) => Result): (a: A, b: B) => Result {
  return (a, b) => {
    const at = resetMeter(0, 0);
    const result = f(a, b);
    left(name, at, 2);
    return result;
  };
}

export function native3<A, B, C, Result>(
  name: string,
  f: (a: A, b: B, c: C) => Result,
): (a: A, b: B, c: C) => Result {
  return (a, b, c) => {
    const at = resetMeter(0, 0);
    const result = f(a, b, c);
    left(name, at, 3);
    return result;
  };
}

const CALLS = 100;

/** Finds out what a call costs too much: against `Math.max`, which is native and takes any number of arguments. */
export function calibrate(): void {
  const nothing = () => 0;
  const standIn = {
    f0: native0("", nothing),
    f1: native1("", nothing),
    f2: native2("", nothing),
    f3: native3("", nothing),
  };
  const real = { f0: Math.max, f1: Math.max, f2: Math.max, f3: Math.max };
  const costs: ((of: typeof standIn) => void)[] = [
    (of) => {
      for (let i = 0; i < CALLS; i++) of.f0();
    },
    (of) => {
      for (let i = 0; i < CALLS; i++) of.f1(i);
    },
    (of) => {
      for (let i = 0; i < CALLS; i++) of.f2(i, i);
    },
    (of) => {
      for (let i = 0; i < CALLS; i++) of.f3(i, i, i);
    },
  ];
  for (let count = 0; count < costs.length; count++) {
    const steps = (of: unknown) => {
      const before = resetMeter(0, 0);
      costs[count](of as typeof standIn);
      const taken = resetMeter(0, before);
      return taken;
    };
    overhead[count] = 0;
    const surplus = (steps(standIn) - steps(real)) / CALLS;
    overhead[count] = Math.round(surplus);
  }
}
