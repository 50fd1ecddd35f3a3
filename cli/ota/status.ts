import { Command } from "commander";
import { filtersFor } from "../../services/ota/fleet.js";
import { type DeviceOverview, overview } from "../../services/ota/overview.js";
import { readFilters } from "../../services/server/topics.js";
import { parseCommand, UsageError } from "../command.js";
import type { Values } from "../common-options.js";
import {
  addLogOption,
  addUpdateBrokerOptions,
  asFailure,
  devicesOf,
  noneEmpty,
  type OTACommand,
  updateBrokerOf,
} from "./common.js";

const DEFAULT_TOPICS = "home/#";

const HEAD = ["device", "", "version", "state", "update", "reason"];

export const statusCommand: OTACommand = (argv) => {
  const command = new Command("npm run ota -- status")
    .description("Shows what each device runs, and what became of its last update.")
    .option("--devices <base,...>", "only these, also where nothing is known of them")
    .option(
      "--topics <filter,...>",
      `without --devices: where to look for them (default: ${DEFAULT_TOPICS})`,
    );
  addUpdateBrokerOptions(command);
  addLogOption(command);
  if (!parseCommand(command, argv)) return undefined;
  const values = command.opts<Values>();
  noneEmpty(values);
  const broker = updateBrokerOf(values);
  const devices = values["devices"] === undefined ? undefined : devicesOf(values["devices"]);
  if (devices && values["topics"] !== undefined)
    throw new UsageError("--devices and --topics exclude each other: take one of them");
  const topics = readFilters(values["topics"] ?? DEFAULT_TOPICS);
  if (typeof topics === "string") throw new UsageError(`option --topics: ${topics}`);
  return {
    json: values["log"] === "json",
    run: async (output, end) => {
      const filters = devices ? filtersFor(devices) : topics;
      const all = await asFailure(overview(broker, filters, devices, end));
      for (const { base, isOnline, said } of all)
        output.tell("device", { base, online: isOnline ?? null, ...said });
      if (all.length === 0) output.note(`the broker knows of no device at ${filters.join(", ")}`);
      else output.table(HEAD, all.map(row));
    },
  };
};

function row({ base, isOnline, said }: DeviceOverview): string[] {
  const online = isOnline === undefined ? "unknown" : isOnline ? "online" : "offline";
  if (!said) return [base, online, "", "", "", "it never said anything of updates"];
  const { state, version, update = "", done, size, reason = "" } = said;
  const isAt = state === "downloading" && done !== undefined && size !== undefined && size > 0;
  const at = isAt ? ` ${Math.floor((done * 100) / size)} %` : "";
  return [base, online, version, state + at, update, reason];
}
