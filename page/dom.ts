/** Elements. Text only ever becomes text. */

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element with its class, attributes and children; strings are text. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className = "",
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (className !== "") made.className = className;
  for (const [key, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : String(value));
  made.append(...children);
  return made;
}

/** A button that submits nothing. */
export function button(
  text: string,
  className: string,
  press: () => void,
  label?: string,
): HTMLButtonElement {
  const made = element("button", className, { type: "button", "aria-label": label, title: label }, text);
  made.addEventListener("click", press);
  return made;
}

/** Writes only what is other: a live region speaks each time that it is written to. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

export function setAttribute(target: Element, name: string, value: string): void {
  if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}

/** The element of index.html that has this id. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}`);
  return found;
}

let ids = 0;

/** An id that no other element has, and no device has a say in. */
export function freshId(): string {
  ids += 1;
  return `id${ids}`;
}
