import { afterEach, describe, expect } from "@jest/globals";
import {
  itWith,
  scratchDirectory,
  startMosquitto,
  startNode,
  stopAll,
  subscribe,
} from "../support/programs.js";

afterEach(stopAll);

describe("a node on a laptop with --state", () => {
  itWith("mosquitto", "mosquitto_sub")(
    "says in its diagnostics how the run before ended, and is not put into safe mode by being killed (needs mosquitto)",
    async () => {
      const broker = await startMosquitto();
      const watcher = await subscribe(broker, "home/livingroom/diagnostics");
      const directory = scratchDirectory();
      const reset = async (ending: "SIGKILL" | "SIGTERM") => {
        const before = watcher.lines.length;
        const node = startNode(
          ...["--broker", `mqtt://127.0.0.1:${broker.port}`, "--state", directory],
          ...["--spread", "0ms", "--interval", "100ms"],
        );
        await watcher.until(() => watcher.lines.length > before);
        await node.stop(ending);
        return JSON.parse(watcher.lines[before]) as Record<string, unknown>;
      };
      expect(await reset("SIGTERM")).toMatchObject({ reset: "power-on", mode: "normal", boot: 1 });
      expect(await reset("SIGKILL")).toMatchObject({ reset: "power-on", boot: 2 });
      for (let boot = 3; boot < 9; boot++) {
        expect(await reset("SIGKILL")).toMatchObject({ reset: "killed", mode: "normal", boot, unwell: 0 });
      }
      expect(await reset("SIGTERM")).toMatchObject({ reset: "killed", mode: "normal" });
      expect(await reset("SIGTERM")).toMatchObject({ reset: "power-on" });
    },
  );
});
