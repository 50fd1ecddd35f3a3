/** An image that is served elsewhere: whether devices would find there what is published. */

import { createHash } from "node:crypto";
import type { ImageFacts } from "./image.js";
import { Problem } from "./problem.js";

/** Milliseconds for all of it. */
const TIMEOUT = 20_000;

/**
 * Fetches it as a device would.
 * @returns what should be looked at, in a line; `undefined` where all is well
 * @throws Problem where there is another image, none, or a server that does not know ranges
 */
export async function checkRemoteImage(
  url: string,
  { size, sha256 }: Pick<ImageFacts, "size" | "sha256">,
): Promise<string | undefined> {
  let answer: Response;
  let digest: string;
  let length = 0;
  try {
    const signal = AbortSignal.timeout(TIMEOUT);
    answer = await fetch(url, { headers: { Range: "bytes=0-" }, redirect: "manual", signal });
    if (answer.status !== 206 && answer.status !== 200) {
      await answer.body?.cancel();
      throw new Problem(`${url} answers with status ${answer.status}: devices want the image itself there`);
    }
    const hash = createHash("sha256");
    for await (const part of answer.body ?? []) {
      length += part.length;
      // It may never end.
      if (length > size) break;
      hash.update(part);
    }
    digest = hash.digest("hex");
  } catch (error) {
    if (error instanceof Problem) throw error;
    const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
    return `${url} cannot be reached from here (${cause?.code ?? message}): can devices?`;
  }
  if (length !== size || digest !== sha256)
    throw new Problem(`at ${url} is another image than the one to be published: put that one there`);
  if (answer.status !== 206)
    throw new Problem(
      `the server at ${url} does not know ranges, by which devices fetch an image: use another, such as nginx, or leave --url out`,
    );
  return undefined;
}
