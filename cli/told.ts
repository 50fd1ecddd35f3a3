/** What of a monitor a firmware passes on that runs elsewhere than the one who watches it. */
export const TOLD = [
  "link",
  "lost",
  "delivered",
  "receipt",
  "commanded",
  "acting",
  "note",
  "warning",
] as const;
export type Told = (typeof TOLD)[number];
