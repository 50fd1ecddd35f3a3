/** Something is not as the specification wants it. */
export class Failure extends Error {
  /** The options of `npm run fuzz` that show it again. */
  readonly replay: string;

  /** @param input the stream in hexadecimal digits, or the number of the seed */
  constructor(message: string, input: string | number) {
    super(message);
    this.replay = typeof input === "number" ? `--seed ${input} --seeds 1` : `--stream ${input}`;
  }
}
