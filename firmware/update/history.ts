/** What a device remembers of its last update, over restarts and over the change of its firmware. */

import type { KeyValue } from "../ports.js";

/** Key of one text: stage, issued, id, version, tries, trials, reason, with spaces between. */
const KEY = "update";

/** How far an update had come. Numbers are stored: none may change its meaning. */
export const enum Stage {
  /** It was taken on: its image is being fetched, or checked. */
  TAKEN = 1,
  /** The boot slot was changed, or is about to be. */
  TRIAL = 2,
  CONFIRMED = 3,
  /** Given up before the new version ever ran. */
  FAILED = 4,
  /** The new version ran and went back. */
  REVERTED = 5,
  /** Taken back by whoever published it, before the new version ran. */
  WITHDRAWN = 6,
}

export interface Chapter {
  stage: Stage;
  /** Of the manifest; milliseconds since 1970. */
  issued: number;
  /** The first eight digits of the manifest's SHA-256. */
  id: string;
  /** That the manifest leads to. */
  version: string;
  /** Times that the image was wrong, or the flash failed. */
  tries: number;
  /** Times that the new version was started. */
  trials: number;
  /** Why it failed or went back. */
  reason: string;
}

/** @returns `undefined` where nothing is stored that could be read. @throws where the storage fails */
export function readHistory(storage: KeyValue): Chapter | undefined {
  const parts = storage.read(KEY)?.split(" ");
  if (!parts || parts.length < 7) return undefined;
  const stage = whole(parts[0]);
  const issued = whole(parts[1]);
  const tries = whole(parts[4]);
  const trials = whole(parts[5]);
  if (!(stage >= Stage.TAKEN && stage <= Stage.WITHDRAWN) || !(issued >= 0 && tries >= 0 && trials >= 0))
    return undefined;
  return { stage, issued, id: parts[2], version: parts[3], tries, trials, reason: parts.slice(6).join(" ") };
}

/** @throws where the storage fails */
export function writeHistory(storage: KeyValue, chapter: Chapter): void {
  const { stage, issued, id, version, tries, trials, reason } = chapter;
  storage.write(KEY, `${stage} ${issued} ${id} ${version} ${tries} ${trials} ${reason}`);
}

/** The number that was written as this text; -1 where none of ours was. */
function whole(text: string): number {
  const number = Number(text);
  return Number.isSafeInteger(number) && String(number) === text ? number : -1;
}
