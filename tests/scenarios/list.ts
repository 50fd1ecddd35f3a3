import { CLIENT_SCENARIOS } from "./client-scenarios.js";
import { NODE_SCENARIOS } from "./node-scenarios.js";
import type { Scenario } from "./stage.js";

/** Everything that a device must do on whatever engine it runs. */
export const SCENARIOS: readonly Scenario[] = [...CLIENT_SCENARIOS, ...NODE_SCENARIOS];
