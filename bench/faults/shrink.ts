import { DAY, type RunOptions, type RunResult, run, USUAL } from "./run.js";

/** A run that fails, and what it shows. */
export interface Replay {
  options: Pick<RunOptions, "seed" | "days" | "faults">;
  result: RunResult;
}

/**
 * Looks for a shorter run with fewer faults that fails in the same way.
 * @param milliseconds of real time that it may take, about
 */
export function shrink(failed: Replay, milliseconds: number): Replay {
  const deadline = performance.now() + milliseconds;
  const kind = kindOf(failed.result);
  let best = failed;
  const fails = (options: Replay["options"]): boolean => {
    if (performance.now() > deadline) return false;
    const result = run(options);
    if (kindOf(result) !== kind) return false;
    best = { options, result };
    return true;
  };

  // What never struck is not needed: the faults draw from streams of their own.
  const { struck } = failed.result;
  fails({ ...best.options, faults: best.options.faults.filter((name) => (struck[name] ?? 0) > 0) });
  const at = Math.ceil(((failed.result.failure?.at ?? 0) / DAY) * 100 + 1) / 100;
  if (at < best.options.days) fails({ ...best.options, days: at });
  for (let days = best.options.days / 2; days > 0.01; days /= 2) {
    if (!fails({ ...best.options, days: Math.ceil(days * 100) / 100 })) break;
  }
  for (const name of [...best.options.faults])
    fails({ ...best.options, faults: best.options.faults.filter((other) => other !== name) });
  return best;
}

/** The command that runs it again. */
export function commandOf({ seed, days, faults }: Replay["options"]): string {
  const list =
    faults.join() === USUAL.join() ? "" : ` --faults ${faults.length === 0 ? "none" : faults.join(",")}`;
  return `npm run faults -- --seed ${seed} --days ${days}${list}`;
}

/** What is wrong, without the numbers. */
function kindOf({ failure }: RunResult): string | undefined {
  return failure?.text.split(":")[0];
}
