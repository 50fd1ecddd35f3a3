/** What a device is called on the page. Bases come from the network: anything may be in them. */

/** Control characters, and those that turn the direction of the text around them. */
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A text from the network as one visible line of at most `limit` characters. */
export function visible(text: string, limit = 120): string {
  const clean = text.replace(UNSEEN, "\ufffd").trim();
  const characters = [...clean];
  return characters.length > limit ? `${characters.slice(0, limit - 1).join("")}…` : clean;
}

/** `home/living_room/climate` is "Living room · Climate"; the first level says nothing where it is `home`. */
export function readableName(base: string): string {
  const levels = base.split("/");
  if (levels.length > 1 && levels[0] === "home") levels.shift();
  const words = levels.map((level) => capitalised(visible(level.replace(/[-_]+/g, " "), 60))).filter(Boolean);
  return words.join(" · ") || "(no name)";
}

/** The device whose room this one is in: `home/livingroom` for `home/livingroom/climate`. */
export function parentOf(base: string): string | undefined {
  const end = base.lastIndexOf("/");
  return end > 0 ? base.slice(0, end) : undefined;
}

function capitalised(text: string): string {
  const [first = "", ...rest] = text;
  return first.toLocaleUpperCase("en") + rest.join("");
}
