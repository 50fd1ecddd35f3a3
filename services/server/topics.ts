/** Topic filters (MQTT 3.1.1, 4.7). */

const FILTER_LIMIT = 64;
const LENGTH_LIMIT = 1_000;

/**
 * Reads filters that are separated by commas.
 * @returns what is wrong, in a line
 */
export function readFilters(text: string): string[] | string {
  const filters = text.split(",").map((filter) => filter.trim());
  if (filters.length > FILTER_LIMIT) return `allowed are ${FILTER_LIMIT} topic filters`;
  const wrong = filters.find((filter) => !isFilter(filter));
  if (wrong === undefined) return [...new Set(filters)];
  return `"${wrong}" is no topic filter, such as home/# or home/+/temperature`;
}

function isFilter(filter: string): boolean {
  if (filter === "" || filter.length > LENGTH_LIMIT || filter.includes("\0")) return false;
  const levels = filter.split("/");
  return levels.every((level, i) => {
    if (level === "#") return i === levels.length - 1;
    return level === "+" || !/[#+]/.test(level);
  });
}
