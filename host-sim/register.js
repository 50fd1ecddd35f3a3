// What `node --import ./host-sim/register.js program.mjs` loads: see the README, "ECMA-419 on Node".

import fs from "node:fs";

const compiled = new URL("../build/host-sim/register.js", import.meta.url);
if (!fs.existsSync(compiled)) {
  process.stderr.write("hearth: host-sim has not been compiled: run `npm ci`, or `npm run build`\n");
  process.exit(1);
}
await import(compiled.href);
