/** A program of its own for what must not be disturbed: asked by messages, and gone with whoever asks. */

import { type ChildProcess, fork } from "node:child_process";

type Answer = { result: unknown } | { failure: string };

/**
 * For the program: performs what it is asked, one task at a time, until it is left alone.
 * @param onEnd gives back what would outlive it
 */
export function serve<Task, Result>(
  perform: (task: Task) => Promise<Result> | Result,
  onEnd: () => void = () => {},
): void {
  // Ctrl-C comes to the whole group: whoever asked decides.
  process.on("SIGINT", () => {});
  process.on("disconnect", () => {
    onEnd();
    process.exit(0);
  });
  process.on("message", (task: Task) => {
    Promise.resolve()
      .then(() => perform(task))
      .then(
        (result) => process.send?.({ result } satisfies Answer),
        (error: unknown) => process.send?.({ failure: reasonOf(error) } satisfies Answer),
      );
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** For whoever asks. */
export class Child<Task extends object, Result> {
  #process: ChildProcess;
  #name: string;
  #exited: Promise<unknown>;
  #onAbort: () => void;
  #signal: AbortSignal;

  /**
   * @param name of the compiled file beside this one, without its suffix
   * @param signal ends it
   */
  constructor(name: string, signal: AbortSignal, execArgv: readonly string[] = []) {
    this.#name = name;
    this.#signal = signal;
    this.#process = fork(new URL(`./${name}.js`, import.meta.url), {
      execArgv: ["--no-warnings", ...execArgv],
    });
    this.#exited = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#onAbort = () => void this.close();
    signal.addEventListener("abort", this.#onAbort);
    if (signal.aborted) this.#onAbort();
  }

  /** @throws Error with why there is no result: what the program said, or that it has ended */
  ask(task: Task): Promise<Result> {
    const child = this.#process;
    return new Promise((resolve, reject) => {
      const end = () => {
        child.off("message", onMessage).off("exit", onExit).off("error", onError);
      };
      const onMessage = (answer: Answer) => {
        end();
        if ("result" in answer) resolve(answer.result as Result);
        else reject(new Error(`${this.#name}: ${answer.failure}`));
      };
      const onExit = (status: number | null, signal: string | null) => {
        end();
        reject(new Error(`${this.#name} has ended with ${signal ?? `status ${status}`}`));
      };
      const onError = (error: Error) => {
        end();
        reject(error);
      };
      child.on("message", onMessage).on("exit", onExit).on("error", onError);
      if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode, child.signalCode);
      else if (child.connected) child.send(task);
    });
  }

  /** Leaves the program alone, and returns when it has ended. */
  close(): Promise<unknown> {
    this.#signal.removeEventListener("abort", this.#onAbort);
    if (this.#process.connected) this.#process.disconnect();
    return this.#exited;
  }
}

/** One task for a program of its own, which is fresh. */
export async function askOnce<Task extends object, Result>(
  name: string,
  task: Task,
  signal: AbortSignal,
  execArgv: readonly string[] = [],
): Promise<Result> {
  const child = new Child<Task, Result>(name, signal, execArgv);
  try {
    return await child.ask(task);
  } finally {
    await child.close();
  }
}
