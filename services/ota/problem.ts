/** What stands in the way of an update, in one line that says what to do: a file, a key, an option. */
export class Problem extends Error {}
