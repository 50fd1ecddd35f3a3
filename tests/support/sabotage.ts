/**
 * `node --import .../sabotage.js program.js`: runs a program with one thing broken in it, as the environment says:
 * SABOTAGE is `{"file": ..., "from": ..., "to": ...}`, the end of a compiled file's path and the text that is replaced in it.
 */

import { register } from "node:module";

register(new URL("./sabotage-hooks.js", import.meta.url));
