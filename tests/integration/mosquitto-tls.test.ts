import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect } from "@jest/globals";
import { Authority, type Pair, selfSigned, type Wanted } from "../support/certificates.js";
import { hasProgram, temporaryDirectory } from "../support/peers.js";
import {
  itWith,
  type Running,
  type SecureMosquitto,
  type SecureOptions,
  scratchDirectory,
  startNode,
  startSecureMosquitto,
  stopAll,
  subscribe,
} from "../support/programs.js";

const run = itWith("mosquitto", "mosquitto_sub", "openssl");
const directory = temporaryDirectory();
let home: Authority;
let stranger: Authority;

beforeAll(() => {
  if (!hasProgram("openssl")) return;
  home = new Authority(directory.path, "home");
  stranger = new Authority(directory.path, "stranger");
});
afterEach(stopAll);
afterAll(() => directory.remove());

interface Started {
  broker: SecureMosquitto;
  /** Hears everything that is published, over the plain listener. */
  ear: Running;
  node: Running;
}

/** A broker with such a certificate, and a node that knows the authority `home` unless told otherwise. */
async function start(
  pair: Pair,
  args: readonly string[] = ["--ca", home.cert],
  options: Partial<SecureOptions> & { host?: string } = {},
): Promise<Started> {
  const { host = "localhost", ...rest } = options;
  const broker = await startSecureMosquitto({ cert: pair.cert, key: pair.key, ...rest });
  const ear = await subscribe(broker, "#");
  const url = host.includes("://") ? `${host}:${broker.securePort}` : `mqtts://${host}:${broker.securePort}`;
  const node = startNode("--broker", url, "--interval", "200ms", "--payload", "plain", ...args);
  return { broker, ear, node };
}

const server = (wanted: Wanted = {}) => home.issue(`server-${Math.random().toString(36).slice(2)}`, wanted);

/** The node publishes, and it is heard. */
async function isServed({ ear, node }: Started): Promise<void> {
  await node.until(/acknowledged +(late +)?#2/);
  await ear.until(/^\d\d\.\d+$/m);
}

/** The node says why it is refused, twice, and nothing of it is heard. */
async function isRefused({ ear, node, broker }: Started, reason: RegExp): Promise<void> {
  const refusals = () => node.lines.filter((line) => line.includes("next attempt in"));
  await node.until(() => refusals().length >= 2);
  for (const line of refusals()) expect(line).toMatch(reason);
  expect(node.output).not.toMatch(/online|acknowledged/);
  await node.stop();
  // What it might have published has been sent on by the time that this arrives.
  spawnSync("mosquitto_pub", ["-h", "127.0.0.1", "-p", String(broker.port), "-t", "end", "-m", "the end"]);
  await ear.until(/the end/);
  expect(ear.output).toBe("the end\n");
}

/** The pin of a certificate's key, as the README says to take it. */
function pinOf({ cert }: Pair): string {
  const command = `openssl x509 -in ${cert} -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl base64`;
  return spawnSync("sh", ["-c", command]).stdout.toString().trim();
}

describe("a node with a real broker behind TLS", () => {
  run(
    "trusts its authority: by name, by address, and through a chain (needs mosquitto, openssl)",
    async () => {
      await isServed(await start(server()));
      await isServed(await start(server(), undefined, { host: "127.0.0.1" }));
      const middle = new Authority(directory.path, "middle", {}, home);
      const own = middle.issue("chained");
      fs.appendFileSync(own.cert, fs.readFileSync(middle.cert));
      await isServed(await start(own));
      await isServed(await start(own, ["--ca", middle.cert]));
    },
  );

  run(
    "trusts a certificate that signs itself where that is the one it was given (needs mosquitto, openssl)",
    async () => {
      const own = selfSigned(directory.path, "own");
      await isServed(await start(own, ["--ca", own.cert]));
    },
  );

  run("refuses another authority's certificate (needs mosquitto, openssl)", async () => {
    await isRefused(await start(server(), ["--ca", stranger.cert]), /authority that is not trusted: set ca/);
    // Without ca it is the system's authorities that count, which do not know this one.
    await isRefused(await start(server(), []), /authority that is not trusted: set ca/);
    await isRefused(
      await start(selfSigned(directory.path, "self"), []),
      /authority that is not trusted: set ca/,
    );
  });

  run("refuses a certificate for another name (needs mosquitto, openssl)", async () => {
    const own = server({ names: "DNS:broker.lan,DNS:other.lan" });
    await isRefused(await start(own), /not for localhost, it is for broker\.lan, other\.lan: use/);
  });

  run("refuses a certificate that has expired, or is not valid yet (needs mosquitto, openssl)", async () => {
    await isRefused(await start(server({ from: -9, to: -1 })), /has expired: it has to be renewed/);
    await isRefused(await start(server({ from: 1, to: 9 })), /not valid yet: is the clock right/);
  });

  run(
    "refuses a client's certificate, and one that a device vouches for (needs mosquitto, openssl)",
    async () => {
      await isRefused(
        await start(server({ extensions: ["extendedKeyUsage=clientAuth"] })),
        /not one for a server/,
      );
      const device = new Authority(
        directory.path,
        "device",
        { extensions: ["basicConstraints=CA:FALSE"] },
        home,
      );
      const forged = device.issue("forged");
      fs.appendFileSync(forged.cert, fs.readFileSync(device.cert));
      await isRefused(await start(forged), /not an authority's/);
    },
  );

  run("refuses a port that speaks no TLS (needs mosquitto, openssl)", async () => {
    const broker = await startSecureMosquitto(server());
    const ear = await subscribe(broker, "#");
    const node = startNode("--broker", `mqtts://localhost:${broker.port}`, "--ca", home.cert);
    await isRefused({ broker, ear, node }, /closed by the other end in the TLS handshake|speaks no TLS/);
  });

  run(
    "with a wrong password is refused by the broker, and with the right one served (needs mosquitto, openssl)",
    async () => {
      const users = { ann: "correct horse" };
      const wrong = await start(server(), undefined, { users, host: "mqtts://ann:hunter2@localhost" });
      await isRefused(wrong, /refused the MQTT connection: .*(user name or password|not authorized)/);
      expect(wrong.node.output + wrong.node.errors).not.toContain("hunter2");
      await isRefused(await start(server(), undefined, { users }), /refused the MQTT connection/);
      await isServed(
        await start(server(), undefined, { users, host: "mqtts://ann:correct%20horse@localhost" }),
      );
    },
  );
});

describe("what the README says", () => {
  /** The lines of its code block that begins so. */
  const block = (beginning: string) => {
    const readme = fs.readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
    const found = readme.split("```\n").find((part) => part.startsWith(beginning));
    return (found as string).replaceAll("broker.lan", "localhost");
  };
  const shell = (lines: string) =>
    spawnSync("sh", ["-ec", lines], { cwd: directory.path, encoding: "utf8" }).stdout;

  run("makes an authority, a broker, its pin and a client (needs mosquitto, openssl)", async () => {
    const digest = shell(block("openssl req -x509")).trim();
    shell(block("openssl req -newkey rsa"));
    const file = (name: string) => path.join(directory.path, name);
    const pair = { cert: file("broker.pem"), key: file("broker.key") };
    const client = ["--cert", file("attic.pem"), "--key", file("attic.key")];
    const options = { clientAuthority: file("ca.pem") };
    await isServed(await start(pair, ["--ca", file("ca.pem"), ...client], options));
    await isServed(await start(pair, ["--pin", digest, ...client], options));
    await isRefused(await start(pair, ["--ca", file("ca.pem")], options), /set cert and key/);
    await isRefused(await start(pair, ["--ca", home.cert, ...client], options), /not trusted/);
  });
});

describe("a pinned key", () => {
  run("is trusted whatever its authority, name and dates (needs mosquitto, openssl)", async () => {
    const own = selfSigned(directory.path, "pinned", { names: "", from: -9, to: -1 });
    await isServed(await start(own, ["--pin", pinOf(own)]));
    await isServed(await start(own, ["--pin", `sha256//${pinOf(own)}`, "--ca", stranger.cert]));
    const rsa = selfSigned(directory.path, "pinned-rsa", { key: "rsa" });
    await isServed(await start(rsa, ["--pin", Buffer.from(pinOf(rsa), "base64").toString("hex")]));
  });

  run("refuses every other key, also behind the right authority (needs mosquitto, openssl)", async () => {
    const reason = /not the one that is pinned/;
    await isRefused(await start(server(), ["--ca", home.cert, "--pin", pinOf(server())]), reason);
  });
});

describe("a broker that demands a client certificate", () => {
  const own = (wanted: Wanted = {}, by = home) =>
    by.issue(`client-${Math.random().toString(36).slice(2)}`, wanted);
  const withClient = ({ cert, key }: Pair) => ["--ca", home.cert, "--cert", cert, "--key", key];
  const demand = () => ({ clientAuthority: home.cert });

  run(
    "serves a node that has one, of RSA and of P-256, in whatever form its key is (needs mosquitto, openssl)",
    async () => {
      await isServed(await start(server(), withClient(own()), demand()));
      const rsa = own({ key: "rsa" });
      await isServed(await start(server(), withClient(rsa), demand()));
      const old = path.join(scratchDirectory(), "pkcs1.pem");
      spawnSync("openssl", ["rsa", "-in", rsa.key, "-traditional", "-out", old]);
      expect(fs.readFileSync(old, "utf8")).toContain("BEGIN RSA PRIVATE KEY");
      await isServed(await start(server(), withClient({ cert: rsa.cert, key: old }), demand()));
    },
  );

  run(
    "refuses a node that has none, or another authority's, or one that has expired (needs mosquitto, openssl)",
    async () => {
      await isRefused(
        await start(server(), undefined, demand()),
        /demands a client certificate: set cert and key/,
      );
      await isRefused(
        await start(server(), withClient(own({}, stranger)), demand()),
        /does not (know the authority of|take) the node's certificate/,
      );
      await isRefused(
        await start(server(), withClient(own({ from: -9, to: -1 })), demand()),
        /node's certificate \(cert\) has expired/,
      );
    },
  );

  run(
    "is not called by a node whose key is not its certificate's, which says so (needs mosquitto, openssl)",
    async () => {
      const [one, other] = [own(), own()];
      const rsa = own({ key: "rsa" });
      const { ear, node } = await start(server(), withClient({ cert: one.cert, key: other.key }), demand());
      expect(await node.exited).toBe(2);
      expect(node.errors).toMatch(/--key is not the key of the certificate in "cert"/);
      const foreign = startNode(
        "--broker",
        "mqtts://localhost",
        ...withClient({ cert: one.cert, key: rsa.key }),
      );
      expect(await foreign.exited).toBe(2);
      expect(foreign.errors).toMatch(/--key is not the key of the certificate in "cert"/);
      const half = startNode("--broker", "mqtts://localhost", "--ca", home.cert, "--cert", one.cert);
      expect(await half.exited).toBe(2);
      expect(half.errors).toMatch(/--cert is there without "key"/);
      expect(ear.output).toBe("");
    },
  );
});
