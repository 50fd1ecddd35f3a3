import { createPublicKey, generateKeyPairSync } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { makeKeys, publicText, readSigningKey } from "../../services/ota/keys.js";
import { Problem } from "../../services/ota/problem.js";
import { temporaryDirectory } from "../support/peers.js";

const directory = temporaryDirectory();
afterAll(() => directory.remove());
const inside = (name: string) => path.join(directory.path, name);

function written(name: string, text: string): string {
  fs.writeFileSync(inside(name), text, { mode: 0o600 });
  return inside(name);
}

describe("the keys of updates", () => {
  it("are made for P-256, the private one for its owner alone", () => {
    const { privateFile, publicFile } = makeKeys(inside("new/keys"));
    expect(privateFile).toBe(inside("new/keys/update.key"));
    expect(fs.statSync(privateFile).mode & 0o777).toBe(0o600);
    expect(fs.statSync(publicFile).mode & 0o777).toBe(0o644);
    expect(fs.readFileSync(privateFile, "utf8")).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    const pem = fs.readFileSync(publicFile, "utf8");
    expect(pem).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    const { key, isExposed } = readSigningKey(privateFile);
    expect(isExposed).toBe(false);
    expect(createPublicKey(key).export({ type: "spki", format: "pem" })).toBe(pem);
    // The point of P-256 in SubjectPublicKeyInfo: 26 bytes in front, 0x04, x, y.
    const der = Buffer.from(publicText(key), "base64");
    expect([der.length, der[26]]).toEqual([91, 0x04]);
  });

  it.each(["update.key", "update.pub"])("are never made where there is an %s", (name) => {
    const folder = inside(`there-${name}`);
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, name), "precious");
    expect(() => makeKeys(folder)).toThrow(
      new Problem(
        `${path.join(folder, name)} is there already and stays as it is: use that key, or give another directory`,
      ),
    );
    expect(fs.readdirSync(folder)).toEqual([name]);
    expect(fs.readFileSync(path.join(folder, name), "utf8")).toBe("precious");
  });

  it("cannot be made where nothing can be written, which is said in a line", () => {
    const file = written("a-file", "x");
    expect(() => makeKeys(path.join(file, "keys"))).toThrow(/^no key can be made in .*: ENOTDIR[^\n]*$/);
  });

  const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const p384 = generateKeyPairSync("ec", { namedCurve: "secp384r1" });
  const p256 = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const pkcs8 = { type: "pkcs8", format: "pem" } as const;

  it.each<[string, string, RegExp]>([
    ["RSA's", rsa.privateKey.export(pkcs8).toString(), /is a key of another kind than ECDSA on P-256/],
    ["for P-384", p384.privateKey.export(pkcs8).toString(), /is a key of another kind/],
    ["public", p256.publicKey.export({ type: "spki", format: "pem" }).toString(), /is a public key/],
    [
      "encrypted",
      p256.privateKey.export({ ...pkcs8, cipher: "aes-128-cbc", passphrase: "x" }).toString(),
      /is encrypted: openssl pkey -in/,
    ],
    ["none", "nonsense", /holds no private key in PEM: npm run ota -- keygen/],
    ["empty", "", /holds no private key in PEM/],
  ])("sign nothing where a key is %s", (_, text, line) => {
    expect(() => readSigningKey(written("wrong.key", text))).toThrow(line);
  });

  it("are taken in the form of openssl ecparam, too", () => {
    const sec1 = p256.privateKey.export({ type: "sec1", format: "pem" }).toString();
    expect(readSigningKey(written("sec1.key", sec1)).key.asymmetricKeyType).toBe("ec");
  });

  it("say how they are made where there is none", () => {
    expect(() => readSigningKey(inside("nowhere.key"))).toThrow(
      `there is no ${inside("nowhere.key")}: npm run ota -- keygen --out <dir> makes a key`,
    );
  });

  it("are exposed where others may read the file", () => {
    const file = written("open.key", p256.privateKey.export(pkcs8).toString());
    fs.chmodSync(file, 0o640);
    expect(readSigningKey(file).isExposed).toBe(true);
  });
});
