/** The one line that answers each message. */

export const GREETING =
  'Hello, client! Send a line for each reading, such as 21.4 or {"device":"attic","temperature":21.4}';

/** The message is done with; the numbers that its readings have. */
export function ok(numbers: readonly number[] = []): string {
  return ["ok", ...numbers].join(" ");
}

export function error(reason: string): string {
  return `error: ${reason}`;
}

/** One of ours that an echoing port sent back; answered, it would go back and forth for ever. */
export function isReceipt(text: string): boolean {
  return text === GREETING || /^ok( \d+)*$/.test(text) || text.startsWith("error: ");
}
