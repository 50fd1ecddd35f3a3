import fs from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { KEPT } from "../../firmware/device-settings.js";
import { bundleFirmware } from "../../host-sim/boot/bundle.js";
import { findBuildSettings, secretSettings } from "../../services/ota/build-settings.js";
import { HOW_TO_BUILD, readESPImage } from "../../services/ota/esp-image.js";
import { FACTS_FILE, writeImage } from "../../services/ota/image.js";
import { isVersion, VERSION_FORM } from "../../services/ota/version.js";
import { parseCommand, UsageError } from "../command.js";
import type { Values } from "../common-options.js";
import { addLogOption, asUsage, noneEmpty, type OTACommand } from "./common.js";
import type { OTAOutput } from "./output.js";

export const buildCommand: OTACommand = (argv) => {
  const command = new Command("npm run ota -- build")
    .description("Makes an image to publish: the simulated device's firmware, or of what mcconfig built.")
    .requiredOption("--version <x.y.z>", "what the new firmware says of itself; devices take higher ones")
    .requiredOption("--out <dir>", "directory for the image and image.json")
    .option("--image <file>", "xs_esp32.bin, as mcconfig built it, instead of the simulated device's");
  addLogOption(command);
  if (!parseCommand(command, argv)) return undefined;
  const values = command.opts<Values>();
  noneEmpty(values);
  const { version = "", out = "", image } = values;
  if (!isVersion(version))
    throw new UsageError(`option --version is "${version}": allowed is ${VERSION_FORM}`);
  return {
    json: values["log"] === "json",
    run: async (output) => {
      const { kind, bytes } =
        image === undefined
          ? { kind: "host", bytes: await bundleFirmware(version) }
          : esp32Image(image, version, output);
      const facts = asUsage(() => writeImage(out, kind, version, bytes));
      output.tell("image", facts);
      output.banner(`Image of Hearth ${version}`, [
        ["kind", kind],
        ["file", `${path.join(out, facts.file)} (${facts.size} bytes), ${FACTS_FILE} beside it`],
        ["sha256", facts.sha256],
        [
          "next",
          `npm run ota -- publish --dir ${out} --key <update.key> --broker <url> --devices <base>,...`,
        ],
      ]);
    },
  };
};

/** @throws UsageError where it is none that may be published */
function esp32Image(file: string, version: string, output: OTAOutput): { kind: string; bytes: Buffer } {
  let bytes: Buffer;
  let written: number;
  try {
    bytes = fs.readFileSync(file);
    written = fs.statSync(file).mtimeMs;
  } catch (error) {
    throw new UsageError(`option --image: ${(error as Error).message}`);
  }
  const image = readESPImage(bytes);
  if (typeof image === "string") throw new UsageError(`option --image: ${file} ${image}`);
  if (image.version !== version)
    throw new UsageError(
      `option --image: ${file} says that it is ${image.version}, and --version says ${version}: set VERSION in firmware/version.ts and build again`,
    );
  const settings = findBuildSettings(file);
  if (settings) {
    const secrets = secretSettings(settings);
    if (secrets.length > 0)
      throw new UsageError(
        `option --image: ${file} was built with ${secrets.join(", ")}, which everybody could read: ${HOW_TO_BUILD}`,
      );
    if (settings.written > written)
      throw new UsageError(
        `option --image: ${settings.file} is newer than ${file}, so what is in the image cannot be known: build again`,
      );
    const own = KEPT.filter((name) => settings.values.has(name));
    if (own.length > 0)
      output.warning(
        `every device that takes this image takes on its ${own.join(", ")}, too: build without to leave each its own`,
      );
  } else
    output.warning(
      `there is no mc.config.js of mcconfig's near ${file}: be sure that it was built without Wi-Fi's and other settings`,
    );
  if (image.isDebug || file.split(path.sep).includes("debug"))
    output.warning(
      "this is a debug build: it is larger and slower, and wants a debugger; mcconfig without -d makes the other",
    );
  return { kind: image.kind, bytes };
}
