/** `npm run fleet`: see the README, "A fleet". */

import { exitAfter, untilTold } from "../../cli/program.js";
import { runLive } from "./live.js";
import { parseFleetArguments } from "./options.js";
import { createFleetOutput } from "./output.js";
import { isGood } from "./summary.js";
import { runVirtual } from "./virtual.js";

await exitAfter(async () => {
  const options = parseFleetArguments(process.argv.slice(2));
  if (!options) return 0;
  const { stdout } = process;
  const output = createFleetOutput(options.json, (text) => stdout.write(text), stdout.isTTY);
  const ended = untilTold(undefined);
  const summary = await (options.virtual ? runVirtual : runLive)(options, output, ended);
  output.summary(summary);
  return isGood(summary) ? 0 : 1;
});
