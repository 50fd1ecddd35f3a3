import { createHash, generateKeyPairSync, verify } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { parsePublicKey } from "../../firmware/codec/p256.js";
import type { Slots } from "../../firmware/ports.js";
import { openEnvelope, parseManifest } from "../../firmware/update/manifest.js";
import { updateBoard } from "../../host-sim/boot/update-board.js";
import { readImage, writeImage } from "../../services/ota/image.js";
import { type Manifest, signManifest, urlProblem } from "../../services/ota/manifest.js";
import { compareVersions, isVersion } from "../../services/ota/version.js";
import { runProgram, temporaryDirectory } from "../support/peers.js";
import { itWith } from "../support/programs.js";

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });

const MANIFEST: Manifest = {
  kind: "esp32",
  version: "0.2.0",
  size: 1_071_792,
  sha256: "ab".repeat(32),
  url: `http://192.168.1.5:8070/${"ab".repeat(32)}.bin`,
  issued: 1_795_175_351_184,
  expires: 1_797_767_351_184,
};

const partsOf = (payload: string) => {
  const parts = payload.split("\n");
  expect(parts).toHaveLength(2);
  return { line: parts[0], signature: parts[1] };
};

describe("a signed manifest", () => {
  it("is one line of JSON, byte for byte, and a signature of that line", () => {
    const { payload, id } = signManifest(MANIFEST, privateKey);
    const { line, signature } = partsOf(payload);
    expect(line).toBe(
      `{"kind":"esp32","version":"0.2.0","size":1071792,"sha256":"${"ab".repeat(32)}",` +
        `"url":"http://192.168.1.5:8070/${"ab".repeat(32)}.bin","issued":1795175351184,"expires":1797767351184}`,
    );
    expect(id).toBe(createHash("sha256").update(line).digest("hex").slice(0, 8));
    expect(signature).toMatch(/^[0-9a-f]{128}$/);
    const bytes = Buffer.from(signature, "hex");
    const options = { key: publicKey, dsaEncoding: "ieee-p1363" } as const;
    expect(verify("sha256", Buffer.from(line), options, bytes)).toBe(true);
    expect(verify("sha256", Buffer.from(line.replace("esp32", "esp33")), options, bytes)).toBe(false);
  });

  it("has the least version and the rollback where they are asked for", () => {
    const { payload } = signManifest({ ...MANIFEST, minimum: "0.1.0", rollback: true }, privateKey);
    expect(partsOf(payload).line).toMatch(/,"expires":1797767351184,"minimum":"0\.1\.0","rollback":true\}$/);
  });

  it("is what a device reads, with the key that it was given", () => {
    const { payload } = signManifest({ ...MANIFEST, minimum: "0.1.0", rollback: true }, privateKey);
    const { line, signature } = openEnvelope(Buffer.from(payload));
    expect(parseManifest(line)).toEqual({ ...MANIFEST, minimum: "0.1.0", rollback: true });
    const { payload: plain } = signManifest(MANIFEST, privateKey);
    expect(parseManifest(openEnvelope(Buffer.from(plain)).line)).toEqual({
      ...MANIFEST,
      minimum: undefined,
      rollback: false,
    });
    const point = parsePublicKey(publicKey.export({ type: "spki", format: "pem" }).toString());
    const board = updateBoard({} as Slots);
    expect(board.verify(point as Uint8Array, line, signature as Uint8Array)).toBe(true);
  });

  itWith("openssl")("is accepted by OpenSSL (needs openssl)", () => {
    const { line, signature } = partsOf(signManifest(MANIFEST, privateKey).payload);
    const write = (name: string, content: string | Uint8Array) =>
      fs.writeFileSync(path.join(directory.path, name), content);
    write("key.pem", publicKey.export({ type: "spki", format: "pem" }));
    write("line", line);
    // OpenSSL takes r and s as a SEQUENCE of two INTEGERs.
    const integers = [signature.slice(0, 64), signature.slice(64)].map((hex) => {
      const bytes = Buffer.from(hex.replace(/^(00)+/, ""), "hex");
      const signed = bytes[0] >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
      return Buffer.concat([Buffer.of(0x02, signed.length), signed]);
    });
    const both = Buffer.concat(integers);
    write("signature", Buffer.concat([Buffer.of(0x30, both.length), both]));
    const check = () =>
      runProgram(
        "openssl",
        ["dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "line"],
        directory.path,
      );
    check();
    write("line", `${line} `);
    expect(check).toThrow();
  });

  it("is refused where no device would take it for its length", () => {
    const url = `http://host/${"x".repeat(900)}`;
    expect(() => signManifest({ ...MANIFEST, url }, privateKey)).toThrow(
      /^the manifest has 1\d\d\d bytes, a device takes 1024: give a shorter --url$/,
    );
  });
});

describe("the address of an image", () => {
  it.each([
    "http://192.168.1.5/a.bin",
    "https://updates.example.org:8443/a/b.bin?x=1",
    "http://[fe80::1]/a.bin",
    `http://host/${"x".repeat(243)}`,
  ])("may be %s", (url) => expect(urlProblem(url)).toBeUndefined());

  it.each<[string, RegExp]>([
    ["", /allowed is http/],
    ["192.168.1.5/a.bin", /allowed is http/],
    ["ftp://host/a.bin", /allowed is http/],
    ["HTTP://host/a.bin", /allowed is http/],
    ["http://host:0/a.bin", /allowed is http/],
    ["http://ho%73t/a.bin", /allowed is http/],
    ["file:///etc/passwd", /allowed is http/],
    ["http://ann:hunter2@host/a.bin", /no user and password/],
    ["http://host/a b.bin", /allowed is http/],
    ["http://host/ä.bin", /allowed is http/],
    ["http://host/a.bin#b", /allowed is http/],
    [`http://host/${"x".repeat(244)}`, /longer than 255 bytes/],
  ])("is not %j", (url, problem) => expect(urlProblem(url)).toMatch(problem));
});

describe("a version", () => {
  it.each(["0.0.0", "0.2.0", "65535.65535.65535", "1.10.100"])("may be %s", (text) =>
    expect(isVersion(text)).toBe(true),
  );
  it.each([
    "",
    "1",
    "1.2",
    "1.2.3.4",
    "01.2.3",
    "1.2.65536",
    "1.2.100000",
    "v1.2.3",
    "1.2.3-beta",
    "1.2.3\n",
    "-1.2.3",
  ])("is not %j", (text) => expect(isVersion(text)).toBe(false));
  it("is newer by its numbers and not by its letters", () => {
    const versions = ["0.10.0", "0.9.1", "1.0.0", "0.9.0", "0.10.1"];
    expect(versions.sort(compareVersions)).toEqual(["0.9.0", "0.9.1", "0.10.0", "0.10.1", "1.0.0"]);
    expect(() => compareVersions("1.0.0", "x")).toThrow('"x" is no version');
  });
});

describe("an image that is ready to be published", () => {
  const folder = path.join(directory.path, "new/image");
  const bytes = Buffer.from("the image");
  const sha256 = createHash("sha256").update(bytes).digest("hex");

  it("is a file, and beside it what it is", () => {
    const facts = { kind: "host", version: "0.2.0", size: 9, sha256, file: "hearth-host-0.2.0.bin" };
    expect(writeImage(folder, "host", "0.2.0", bytes)).toEqual(facts);
    expect(JSON.parse(fs.readFileSync(path.join(folder, "image.json"), "utf8"))).toEqual(facts);
    expect(readImage(folder)).toEqual({ ...facts, bytes });
  });

  it("is none where the file is another one", () => {
    fs.appendFileSync(path.join(folder, "hearth-host-0.2.0.bin"), "!");
    expect(() => readImage(folder)).toThrow(
      /0\.2\.0\.bin is another one than image\.json says: build it again$/,
    );
    fs.writeFileSync(path.join(folder, "hearth-host-0.2.0.bin"), "the imagE");
    expect(() => readImage(folder)).toThrow(/is another one/);
    fs.rmSync(path.join(folder, "hearth-host-0.2.0.bin"));
    expect(() => readImage(folder)).toThrow(/^there is no .*0\.2\.0\.bin: npm run ota -- build/);
  });

  const facts = { kind: "host", version: "0.2.0", size: 9, sha256, file: "hearth-host-0.2.0.bin" };
  it.each<[string, string]>([
    ["no JSON", "{"],
    ["null", "null"],
    ["a kind that is none", JSON.stringify({ ...facts, kind: "ESP 32" })],
    ["no version", JSON.stringify({ ...facts, version: "2" })],
    ["no size", JSON.stringify({ ...facts, size: "9" })],
    ["a digest that is none", JSON.stringify({ ...facts, sha256: sha256.toUpperCase() })],
    ["a file elsewhere", JSON.stringify({ ...facts, file: "../../../etc/passwd" })],
  ])("is none where what stands beside it is %s", (_, text) => {
    fs.writeFileSync(path.join(folder, "image.json"), text);
    expect(() => readImage(folder)).toThrow(
      /image\.json is not what npm run ota -- build writes: build it again$/,
    );
  });

  it("says where it should have been", () => {
    expect(() => readImage(path.join(directory.path, "nowhere"))).toThrow(
      /^there is no .*image\.json: npm run ota/,
    );
  });
});
