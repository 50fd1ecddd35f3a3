/** What `module.register` loads in a thread of its own; see `register.ts`. */

import { initialize as start } from "./hooks.js";

export { load, resolve } from "./hooks.js";

export function initialize(data: { program: string | undefined }): void {
  start(data.program);
}
