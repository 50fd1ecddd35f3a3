import { Command } from "commander";
import { makeKeys } from "../../services/ota/keys.js";
import { parseCommand } from "../command.js";
import type { Values } from "../common-options.js";
import { addLogOption, asUsage, noneEmpty, type OTACommand } from "./common.js";

export const keygenCommand: OTACommand = (argv) => {
  const command = new Command("npm run ota -- keygen")
    .description("Makes the key that signs updates, and the public one that devices check them with.")
    .requiredOption("--out <dir>", "directory for update.key and update.pub, best outside of the repository");
  addLogOption(command);
  if (!parseCommand(command, argv)) return undefined;
  const values = command.opts<Values>();
  noneEmpty(values);
  return {
    json: values["log"] === "json",
    run: async (output) => {
      const files = asUsage(() => makeKeys(values["out"] as string));
      const { privateFile, publicFile } = files;
      output.tell("keys", files);
      output.banner("Keys for updates", [
        ["key", `${privateFile}: signs updates. Whoever has it can put anything on your devices`],
        ["", "keep a copy in a safe place: without it no device takes an update any more"],
        ["", "never commit it, never send it: only publishing needs it"],
        ["public", `${publicFile}: every device gets this one, before its first update`],
        ["", `simulated: npm start -- node --state <dir> --update-key ${publicFile}`],
        ["", `ESP32: npm run flash:esp32 -- updatekey=@${publicFile} ...`],
        ["next", "npm run ota -- build --version <x.y.z> --out <dir>"],
      ]);
    },
  };
};
