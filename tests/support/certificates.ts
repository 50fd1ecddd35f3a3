import fs from "node:fs";
import path from "node:path";
import { runProgram } from "./peers.js";

/** A certificate and its private key, as files. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export type KeyType = "ec" | "rsa" | "p384" | "rsa1024";

export interface Wanted {
  /** By default `DNS:localhost,IP:127.0.0.1`; empty for none. */
  names?: string;
  /** Days from now at which it begins and ends to be valid. */
  from?: number;
  to?: number;
  /** Lines of an OpenSSL extensions section beside the names. */
  extensions?: readonly string[];
  key?: KeyType;
  digest?: string;
}

const KEYS: Readonly<Record<KeyType, readonly string[]>> = {
  ec: ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
  p384: ["ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"],
  rsa: ["rsa:2048"],
  rsa1024: ["rsa:1024"],
};

/** An authority made with openssl, and the certificates it gives out. All files are in one directory. */
export class Authority implements Pair {
  readonly cert: string;
  readonly key: string;
  #directory: string;

  /** @param above the authority that vouches for this one; by default it does so itself */
  constructor(directory: string, name: string, wanted: Wanted = {}, above?: Authority) {
    this.#directory = directory;
    const extensions = wanted.extensions ?? ["basicConstraints=critical,CA:TRUE"];
    const options = { from: -1, to: 3_650, names: "", ...wanted, extensions };
    const own = above ? above.issue(name, options) : issue(directory, name, options, undefined);
    this.cert = own.cert;
    this.key = own.key;
  }

  issue(name: string, wanted: Wanted = {}): Pair {
    return issue(this.#directory, name, wanted, this);
  }
}

/** A certificate that signs itself. */
export function selfSigned(directory: string, name: string, wanted: Wanted = {}): Pair {
  return issue(directory, name, wanted, undefined);
}

function issue(directory: string, name: string, wanted: Wanted, issuer: Pair | undefined): Pair {
  const { names = "DNS:localhost,IP:127.0.0.1", from = -0.1, to = 30, extensions = [] } = wanted;
  const file = (suffix: string) => path.join(directory, `${name}.${suffix}`);
  const configuration = file("cnf");
  fs.writeFileSync(
    configuration,
    [
      "[ca]\ndefault_ca=it",
      `[it]\ndatabase=${file("index")}\nnew_certs_dir=${directory}\nrand_serial=yes`,
      `default_md=${wanted.digest ?? "sha256"}\npolicy=any\nunique_subject=no`,
      "[any]\ncommonName=supplied",
      "[made]",
      ...(names === "" ? [] : [`subjectAltName=${names}`]),
      ...extensions,
      "",
    ].join("\n"),
  );
  fs.writeFileSync(file("index"), "");
  const openssl = (...args: string[]) => runProgram("openssl", args, directory);
  const request = ["-new", "-nodes", "-subj", `/CN=${name}`, "-keyout", file("key"), "-out", file("csr")];
  openssl("req", "-newkey", ...KEYS[wanted.key ?? "ec"], ...request);
  const signer = issuer
    ? ["-cert", issuer.cert, "-keyfile", issuer.key]
    : ["-selfsign", "-keyfile", file("key")];
  const dates = ["-startdate", dateText(from), "-enddate", dateText(to)];
  const hasExtensions = names !== "" || extensions.length > 0;
  openssl(
    "ca",
    "-batch",
    "-notext",
    ...["-config", configuration, "-in", file("csr"), "-out", file("pem")],
    ...signer,
    ...dates,
    ...(hasExtensions ? ["-extfile", configuration, "-extensions", "made"] : []),
  );
  return { cert: file("pem"), key: file("key") };
}

/** GeneralizedTime of a moment that many days from now. */
function dateText(days: number): string {
  return `${new Date(Date.now() + days * 86_400_000).toISOString().replace(/\D/g, "").slice(0, 14)}Z`;
}
