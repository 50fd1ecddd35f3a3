/** Starts the page. */

import { App } from "./app.js";
import { byId, setAttribute } from "./dom.js";
import { switchTheme, theme } from "./theme.js";

function memory(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

const app = new App(memory());
const toggle = byId("theme");
const label = () => setAttribute(toggle, "aria-label", theme() === "dark" ? "Light colours" : "Dark colours");
toggle.addEventListener("click", () => {
  switchTheme();
  label();
  app.restyle();
});
label();
app.start();
