/** Light or dark: as the system has it, unless somebody chose. Runs before the page is painted. */

const KEY = "hearth.theme";
type Theme = "light" | "dark";

function remembered(): Theme | undefined {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === "light" || theme === "dark" ? theme : undefined;
  } catch {
    return undefined;
  }
}

function system(): Theme {
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** What is seen now. */
export function theme(): Theme {
  return remembered() ?? system();
}

/** The other one; what the system has anyway is not remembered, so that it is followed again. */
export function switchTheme(): void {
  const other: Theme = theme() === "dark" ? "light" : "dark";
  try {
    if (other === system()) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, other);
  } catch {
    // Forbidden: the system's is what there is.
  }
  apply();
}

function apply(): void {
  const chosen = remembered();
  if (chosen) document.documentElement.dataset["theme"] = chosen;
  else delete document.documentElement.dataset["theme"];
}

apply();
