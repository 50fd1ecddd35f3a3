/**
 * Parses `500ms`, `10s`, `1.5m`, `2h`, `1d`, or a bare number of milliseconds.
 * @returns whole milliseconds, `undefined` where it is none of these or negative
 */
export function parseDuration(text: string): number | undefined {
  let end = text.length;
  while (end > 0 && (text.charCodeAt(end - 1) | 0x20) >= 0x61) end--;
  const unit = unitMilliseconds(text.slice(end));
  const number = text.slice(0, end).trim();
  if (unit === undefined || !isDecimal(number)) return undefined;
  const value = Number(number) * unit;
  return value < Number.MAX_SAFE_INTEGER ? Math.round(value) : undefined;
}

/** `Number` takes more, such as `0x10`. */
function isDecimal(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit !== 0x2e && (unit < 0x30 || unit > 0x39)) return false;
  }
  return text !== "";
}

function unitMilliseconds(unit: string): number | undefined {
  switch (unit) {
    case "":
    case "ms":
      return 1;
    case "s":
      return 1_000;
    case "m":
      return 60_000;
    case "h":
      return 3_600_000;
    case "d":
      return 86_400_000;
    default:
      return undefined;
  }
}

/** The shortest exact form: `500ms`, `10s`, `5m`, `2h`, `1d`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0 || milliseconds % 1_000 !== 0) return `${milliseconds}ms`;
  if (milliseconds % 60_000 !== 0) return `${milliseconds / 1_000}s`;
  if (milliseconds % 3_600_000 !== 0) return `${milliseconds / 60_000}m`;
  return milliseconds % 86_400_000 === 0 ? `${milliseconds / 86_400_000}d` : `${milliseconds / 3_600_000}h`;
}
