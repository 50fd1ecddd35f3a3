/** What the commands of `npm run ota` have in common. */

import { type Command, Option } from "commander";
import { problemWith } from "../../firmware/settings.js";
import { Problem } from "../../services/ota/problem.js";
import { Failure, UsageError } from "../command.js";
import { type BrokerOptions, brokerOptionsOf, type Values } from "../common-options.js";
import type { OTAOutput } from "./output.js";

/** A command, its options checked: ready to run. */
export interface Task {
  /** Events as lines of JSON. */
  json: boolean;
  /**
   * @throws UsageError where what was asked for cannot be had
   * @throws Failure where it has not come about
   */
  run(output: OTAOutput, end: Promise<void>): Promise<void>;
}

/**
 * One of the commands.
 * @param argv the arguments behind its name
 * @throws UsageError with one line that says what is wrong
 * @returns `undefined` where help was asked for and printed
 */
export type OTACommand = (argv: readonly string[]) => Task | undefined;

export function addLogOption(command: Command): void {
  command.addOption(
    new Option("--log <form>", "form of the output").choices(["text", "json"]).default("text"),
  );
}

/** Not as the other programs have them: `--key` is the key that signs. */
export function addUpdateBrokerOptions(command: Command): void {
  command
    .requiredOption("--broker <mqtt[s]://[user:pass@]host[:port]>", "the MQTT broker of the devices")
    .option("--ca <file>", "the authority to trust for mqtts://, instead of the system's")
    .option("--pin <digest>", "SHA-256 of the broker's public key: who has that key is trusted")
    .option("--client-cert <file>", "this program's own certificate, for a broker that demands one")
    .option("--client-key <file>", "the private key of that certificate");
}

/** @throws UsageError with one line that says what is wrong */
export function updateBrokerOf({ broker, ca, pin, clientCert, clientKey }: Values): BrokerOptions {
  try {
    return brokerOptionsOf({ broker, ca, pin, cert: clientCert, key: clientKey });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(
      error.message
        .replace(/(?<=option --)(?=(cert|key)\b)/, "client-")
        .replace(/"(cert|key)"/g, "--client-$1"),
    );
  }
}

/** @throws UsageError where one is no base, or there twice */
export function devicesOf(text: string): string[] {
  const devices = text.split(",").map((base) => base.trim());
  for (const [index, base] of devices.entries()) {
    const problem = base === "" ? "one of the devices is empty" : problemWith("topic", base);
    if (problem !== undefined)
      throw new UsageError(`option --devices: ${problem.replace(/^setting "topic"/, "one of the devices")}`);
    if (devices.indexOf(base) !== index) throw new UsageError(`option --devices: ${base} is there twice`);
  }
  return devices;
}

/** @throws UsageError where an option is there and empty */
export function noneEmpty(values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values))
    if (value === "")
      throw new UsageError(`option --${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)} is empty`);
}

/** What can be put right by whoever typed the command: one line, status 2. */
export function asUsage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Problem ? new UsageError(error.message) : error;
  }
}

/** What has become impossible: one line, status 1. */
export async function asFailure<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof Problem ? new Failure(error.message) : error;
  }
}
