import { Command } from "commander";
import { formatDuration } from "../../firmware/codec/duration.js";
import { hostPort } from "../../firmware/codec/endpoint.js";
import { readImage } from "../../services/ota/image.js";
import { readSigningKey } from "../../services/ota/keys.js";
import { urlProblem } from "../../services/ota/manifest.js";
import { type Outcome, type PublishEvents, publish, someOf } from "../../services/ota/publisher.js";
import { parseShare, type Share, shareOf } from "../../services/ota/share.js";
import { compareVersions, isVersion, VERSION_FORM } from "../../services/ota/version.js";
import { Failure, parseCommand, UsageError } from "../command.js";
import { brokerURL, durationOf, listenOf, type Values } from "../common-options.js";
import {
  addLogOption,
  addUpdateBrokerOptions,
  asFailure,
  asUsage,
  devicesOf,
  noneEmpty,
  type OTACommand,
  updateBrokerOf,
} from "./common.js";
import type { OTAOutput } from "./output.js";
import { ProgressLines } from "./progress.js";

const DEFAULTS = { expires: "30d", first: "10%", failures: "10%", timeout: "30m" };

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Unconfirmed devices that are listed one by one. */
const LISTED = 20;

export const publishCommand: OTACommand = (argv) => {
  const command = new Command("npm run ota -- publish")
    .description("Brings an image to devices, a share of them first, and sees each to its end.")
    .requiredOption("--dir <dir>", "directory with what npm run ota -- build made")
    .requiredOption("--devices <base,...>", "topic bases of the devices, such as home/livingroom")
    .option("--key <file>", "the key that signs, update.key; npm run ota -- keygen makes it")
    .option("--url <address>", "where devices fetch the image; without it, it is served from here")
    .option(
      "--listen <[host:]port>",
      "where it is served (default: the address by which the broker is reached, a free port)",
    )
    .option("--minimum <x.y.z>", "a device must run at least this version")
    .option("--expires <duration>", "devices refuse the manifest after it", DEFAULTS.expires)
    .option("--rollback", "devices with a newer version may go back to this one")
    .option("--first <share>", "devices that come first, at least one: 10% or 3", DEFAULTS.first)
    .option("--failures <share>", "of the first, and then of the rest, so many may fail", DEFAULTS.failures)
    .option("--timeout <duration>", "a device that is not done by then has failed", DEFAULTS.timeout);
  addUpdateBrokerOptions(command);
  addLogOption(command);
  if (!parseCommand(command, argv)) return undefined;
  const { rollback = false } = command.opts<{ rollback?: boolean }>();
  const values = command.opts<Values>();
  noneEmpty(values);
  const broker = updateBrokerOf(values);
  const devices = devicesOf(values["devices"] ?? "");
  const file = values["key"];
  if (file === undefined)
    throw new UsageError(
      "publishing needs --key <update.key>: npm run ota -- keygen --out <dir> makes one, and each device needs its update.pub",
    );
  const signing = asUsage(() => readSigningKey(file));
  const image = asUsage(() => readImage(values["dir"] ?? ""));
  const options = {
    ...{ broker, devices, image, rollback, key: signing.key },
    url: urlOf(values),
    listen: servedAt(values),
    minimum: minimumOf(values["minimum"], image.version),
    expires: within("expires", values, MINUTE, 3_650 * DAY),
    first: shareIn("first", values, 1),
    failures: shareIn("failures", values, 0),
    timeout: within("timeout", values, 1_000, 24 * DAY),
  };
  return {
    json: values["log"] === "json",
    run: async (output, end) => {
      if (signing.isExposed) output.warning(`others on this machine may read ${file}: chmod 600 ${file}`);
      const { version } = image;
      const events = eventsFor(output, options);
      const outcome = await asFailure(publish({ ...options, events }, end)).catch((error: unknown) => {
        throw cannotListen(error, options.listen);
      });
      finish(output, outcome, version, devices.length);
    },
  };
};

function eventsFor(output: OTAOutput, { image, broker, timeout, failures }: PublishedAs): PublishEvents {
  const { kind, version, size } = image;
  const lines = new ProgressLines(output);
  let stages: readonly (readonly string[])[] = [];
  return {
    plan: (plan) => {
      const { url, isServed, manifest, expires, allowed, already } = plan;
      stages = plan.stages;
      output.tell("start", { ...{ kind, version, size, url, manifest, expires, stages, allowed, already } });
      const count = stages.reduce((sum, stage) => sum + stage.length, 0);
      output.banner(`Update to Hearth ${version}`, [
        ["image", `${url} (${kind}, ${size} bytes${isServed ? ", served from here" : ""})`],
        [
          "manifest",
          `${manifest}, valid until ${new Date(expires).toISOString().slice(0, 16).replace("T", " ")} UTC`,
        ],
        ["devices", count === 0 ? "none: all run it already" : `${count}`],
        ...stages.map((stage, index): [string, string] => [
          index === 0 ? "first" : "then",
          `${someOf(stage)}; ${allowedText(allowed[index])}`,
        ]),
        ["time", `${formatDuration(timeout)} for each device`],
        ["broker", brokerURL(broker.endpoint)],
        ["end", "Ctrl-C takes it back from every device that is not done"],
      ]);
      if (already.length > 0 && count > 0) output.note(`run ${version} already: ${someOf(already)}`);
      if ("percent" in failures && failures.percent > 0 && count > 1 && shareOf(failures, count) === 0)
        output.note("with so few devices, the first that fails stops the rollout");
    },
    stage: (stage, devices) =>
      output.tell(
        "stage",
        { stage, devices },
        "note",
        `${stage === 0 ? "to the first" : "to the rest"}: ${devices.length} of ${stages.flat().length}`,
      ),
    progress: (progress) => lines.progress(progress),
    warning: (text) => output.warning(text),
    note: (text) => output.note(text),
  };
}

interface PublishedAs {
  image: { kind: string; version: string; size: number };
  broker: { endpoint: Parameters<typeof brokerURL>[0] };
  timeout: number;
  failures: Share;
}

function allowedText(count: number): string {
  return count === 0 ? "none may fail" : `${count} may fail`;
}

/** @throws Failure with one line where not all devices are confirmed */
function finish(output: OTAOutput, outcome: Outcome, version: string, count: number): void {
  const { confirmed, unconfirmed, stopped, left } = outcome;
  output.tell("end", { ...outcome });
  for (const { base, reason } of unconfirmed.slice(0, LISTED)) output.say("failed", `${base}: ${reason}`);
  if (unconfirmed.length > LISTED) output.say("failed", `and ${unconfirmed.length - LISTED} more`);
  if (left.length > 0)
    output.warning(
      `the broker could not be told to take it back from ${someOf(left)}: mosquitto_pub -r -n -t <base>/update does`,
    );
  if (unconfirmed.length === 0) {
    output.say("done", `${confirmed === 1 ? "the device runs" : `all ${confirmed} devices run`} ${version}`);
    return;
  }
  const which = someOf(unconfirmed.map(({ base }) => base));
  const why = stopped === undefined ? "" : `, stopped: ${stopped}`;
  throw new Failure(
    `${confirmed} of ${count} devices run ${version} (not ${which})${why}; the manifest is withdrawn from those: ` +
      "once the cause is mended, publish again",
  );
}

function urlOf({ url, listen }: Values): string | undefined {
  if (url === undefined) return undefined;
  if (listen !== undefined)
    throw new UsageError("--url and --listen exclude each other: with --url nothing is served from here");
  const problem = urlProblem(url);
  if (problem !== undefined) throw new UsageError(`option --url: ${problem}`);
  return url;
}

function servedAt({ listen }: Values): { host: string | undefined; port: number } {
  if (listen === undefined) return { host: undefined, port: 0 };
  const { host, port } = listenOf("listen", listen);
  // A port alone is one of the address by which the broker is reached.
  return { host: /^\d+$/.test(listen) ? undefined : host, port };
}

function minimumOf(text: string | undefined, version: string): string | undefined {
  if (text === undefined) return undefined;
  if (!isVersion(text)) throw new UsageError(`option --minimum is "${text}": allowed is ${VERSION_FORM}`);
  if (compareVersions(text, version) > 0)
    throw new UsageError(`option --minimum is ${text}, above ${version}, which is published`);
  return text;
}

function within(name: string, values: Values, minimum: number, maximum: number): number {
  const text = values[name] ?? "";
  const value = durationOf(name, text, maximum, formatDuration(maximum));
  if (value < minimum)
    throw new UsageError(
      `option --${name} is "${text}": allowed is ${formatDuration(minimum)} to ${formatDuration(maximum)}`,
    );
  return value;
}

function shareIn(name: string, values: Values, minimum: number): Share {
  const text = values[name] ?? "";
  const share = parseShare(text);
  if (!share || ("count" in share && share.count < minimum))
    throw new UsageError(
      `option --${name} is "${text}": allowed is a share, such as 10%, or a number of devices from ${minimum}`,
    );
  return share;
}

function cannotListen(error: unknown, { host, port }: { host: string | undefined; port: number }): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (syscall !== "listen" && syscall !== "getaddrinfo") return error;
  const where = host === undefined ? `port ${port} of this machine` : hostPort(host, port);
  return new UsageError(`option --listen: the image cannot be served at ${where} (${code ?? message})`);
}
