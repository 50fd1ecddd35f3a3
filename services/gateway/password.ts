/** Who may speak: the first line of a connection, where a password is demanded. */

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const PREFIX = "password ";

/** Whether a line is one that says a password. */
export function isPasswordLine(line: Uint8Array): boolean {
  return Buffer.from(line.subarray(0, PREFIX.length)).toString("latin1") === PREFIX;
}

/** Whether the line says this password; takes the same time whatever it says, and of whatever length. */
export function isRightPassword(line: Uint8Array, password: string): boolean {
  const key = randomBytes(32);
  const digest = (data: string | Uint8Array) => createHmac("sha256", key).update(data).digest();
  const isSame = timingSafeEqual(digest(line.subarray(PREFIX.length)), digest(password));
  return isSame && isPasswordLine(line);
}

/** What is wrong with a password, which is not shown; `undefined` where it is good. */
export function passwordProblem(password: string): string | undefined {
  const length = Buffer.byteLength(password);
  // What cannot be in a line, or is lost at its ends.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const isLine = !/[\x00-\x1f\x7f]/.test(password) && password.trim() === password;
  if (length >= 8 && length <= 64 && isLine) return undefined;
  return "allowed are 8 to 64 bytes of text on one line, without a blank at either end (it is not shown)";
}
