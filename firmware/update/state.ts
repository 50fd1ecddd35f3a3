/** Where an update is, in the words of `<base>/update/state`. */

export const enum State {
  IDLE,
  WAITING,
  DOWNLOADING,
  VERIFYING,
  RESTARTING,
  TRIAL,
  CONFIRMED,
  REFUSED,
  FAILED,
  REVERTED,
}

/** By state. */
export const STATES = Object.freeze([
  "idle",
  "waiting",
  "downloading",
  "verifying",
  "restarting",
  "trial",
  "confirmed",
  "refused",
  "failed",
  "reverted",
] as const);
