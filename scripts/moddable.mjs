/**
 * Thin wrappers of Moddable's `mcconfig`: what is missing is said in one line, the pinned TypeScript compiler comes
 * onto PATH, and everything else is mcconfig's.
 *
 *   node scripts/moddable.mjs build esp32 [release] [-p esp32/esp32c3] [ssid=... password=... broker=... ca=@ca.pem updatekey=@update.pub]
 *   node scripts/moddable.mjs flash esp32 [release] [...]
 *   node scripts/moddable.mjs simulator [...]
 *
 * Images are made for debugging, with `release` for everyday use. `build` says where the image is.
 */

import { spawnSync } from "node:child_process";
import { createPublicKey } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { environment, HOSTS, Missing, ROOT } from "./sdk.mjs";

/** Settings whose text is in a file, as `ca=@ca.pem`. */
const FROM_FILE = /^(ca|cert|key|updatekey)=@(.*)$/s;

/** An argument for mcconfig; of a file it has the base64 that the setting takes, in one line. */
function argument(text) {
  const [, name, file] = FROM_FILE.exec(text) ?? [];
  if (name === undefined) return text;
  let bytes;
  try {
    bytes = fs.readFileSync(file);
  } catch (error) {
    throw new Missing(`${name}=@${file}: ${error.message}`);
  }
  const blocks = [...bytes.toString("latin1").matchAll(/-----BEGIN ([^-]*)-----([^-]*)-----END/g)]
    .filter(([, label]) => label !== "EC PARAMETERS")
    .map(([, , base64]) => Buffer.from(base64, "base64"));
  const der = blocks.length > 0 ? Buffer.concat(blocks) : bytes;
  if (der.length === 0) throw new Missing(`${name}=@${file}: the file is empty`);
  if (name === "updatekey") checkUpdateKey(`${name}=@${file}`, der);
  return `${name}=${der.toString("base64")}`;
}

/** The private key must not get into an image by mistake. */
function checkUpdateKey(what, der) {
  let key;
  try {
    key = createPublicKey({ key: der, format: "der", type: "spki" });
  } catch {
    throw new Missing(`${what}: not a public key (the private one has no place on a device)`);
  }
  if (key.asymmetricKeyDetails?.namedCurve !== "prime256v1")
    throw new Missing(`${what}: not a key on the curve P-256`);
}

/** Says where the image is, for whoever publishes it; nothing where mcconfig was told to put it elsewhere. */
function tellImage(sdk, args, mode) {
  const platform = args[args.lastIndexOf("-p") + 1];
  const file = path.join(sdk, "build", "bin", ...platform.split("/"), mode, "hearth", "xs_esp32.bin");
  if (fs.existsSync(file)) process.stdout.write(`image: ${file}\n`);
}

function main([action, ...rest]) {
  const host = HOSTS[process.platform];
  if (!host)
    throw new Missing(`the Moddable SDK has no tools for ${process.platform}: use Linux, macOS or Windows`);
  const args = ["-m"];
  let needsIDF = false;
  let mode = "debug";
  if (action === "simulator") args.push("-p", host);
  else if ((action === "build" || action === "flash") && rest[0] === "esp32") {
    rest.shift();
    needsIDF = true;
    if (rest[0] === "release") mode = rest.shift();
    if (!rest.includes("-p")) args.push("-p", "esp32");
    if (action === "build") args.push("-t", "build");
  } else
    throw new Missing("usage: moddable.mjs build esp32 | flash esp32 | simulator, then options of mcconfig");
  if (mode === "debug") args.unshift("-d");
  const env = environment(host, needsIDF);
  const { status, error } = spawnSync("mcconfig", [...args, ...rest.map(argument)], {
    cwd: ROOT,
    env,
    stdio: "inherit",
  });
  if (error) throw new Missing(`mcconfig could not be run: ${error.message}`);
  if (status === 0 && action === "build") tellImage(env.MODDABLE, [...args, ...rest], mode);
  return status ?? 1;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Missing)) throw error;
  process.stderr.write(`hearth: ${error.message}\n`);
  process.exitCode = 2;
}
