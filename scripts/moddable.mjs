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
import { fileURLToPath } from "node:url";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const GUIDE = "https://www.moddable.com/documentation/Moddable%20SDK%20-%20Getting%20Started";

/** Folder of the SDK's tools, and the simulator's platform, by operating system. */
const HOSTS = { linux: "lin", darwin: "mac", win32: "win" };

/** Settings whose text is in a file, as `ca=@ca.pem`. */
const FROM_FILE = /^(ca|cert|key|updatekey)=@(.*)$/s;

class Missing extends Error {}

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

/** The environment in which mcconfig runs. */
function environment(host, needsIDF) {
  const { MODDABLE, IDF_PATH } = process.env;
  if (!MODDABLE)
    throw new Missing(`MODDABLE is not set: install the Moddable SDK and point it there (${GUIDE})`);
  if (!fs.existsSync(path.join(MODDABLE, "xs"))) {
    throw new Missing(
      `MODDABLE is ${MODDABLE}, which is no Moddable SDK: point it at the SDK's folder (${GUIDE})`,
    );
  }
  const tools = path.join(MODDABLE, "build", "bin", host, "release");
  const suffix = host === "win" ? ".exe" : "";
  if (!fs.existsSync(path.join(tools, `mcconfig${suffix}`))) {
    throw new Missing(`the SDK's tools are not built (no mcconfig in ${tools}): build them as in ${GUIDE}`);
  }
  const compiler = path.join(ROOT, "node_modules", ".bin");
  if (!fs.existsSync(path.join(compiler, "tsc"))) {
    throw new Missing("the pinned TypeScript compiler is not installed: run npm ci");
  }
  if (needsIDF) {
    if (!IDF_PATH) {
      throw new Missing(
        `IDF_PATH is not set: install ESP-IDF v6.0 and run its export script (${GUIDE} under ESP32)`,
      );
    }
    if (!fs.existsSync(path.join(IDF_PATH, "tools", "idf.py"))) {
      throw new Missing(`IDF_PATH is ${IDF_PATH}, which holds no tools/idf.py: point it at ESP-IDF v6.0`);
    }
    if (spawnSync("idf.py", ["--version"], { stdio: "ignore" }).error) {
      throw new Missing(
        `idf.py is not on PATH: run . ${path.join(IDF_PATH, "export.sh")} in this shell first`,
      );
    }
  }
  return { ...process.env, PATH: [tools, compiler, process.env.PATH].join(path.delimiter) };
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
