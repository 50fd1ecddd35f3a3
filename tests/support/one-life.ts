/** `node one-life.js <seed> <days>`: one run of the fault bench; prints what it finds, or nothing. */

import { run, USUAL } from "../../bench/faults/run.js";

const [seed, days] = process.argv.slice(2).map(Number);
process.stdout.write(run({ seed, days, faults: USUAL }).failure?.text ?? "");
