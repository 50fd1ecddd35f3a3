import { describe, expect, it } from "@jest/globals";
import { Content, contentOf, derOf, elementsOf } from "../../firmware/codec/pem.js";
import { CERTIFICATE, makeKeys, pem } from "../support/keys.js";

const keys = makeKeys();
const certificate = pem("CERTIFICATE", CERTIFICATE);
const content = (text: string) => {
  const der = derOf(text);
  return der && contentOf(der);
};
const lines = (text: string) => text.replace(/-----[^-]+-----|\n/g, "");

describe("certificates and keys as text", () => {
  it.each<[string, string, Content]>([
    ["a certificate", certificate, Content.CERTIFICATES],
    ["its base64 alone", CERTIFICATE, Content.CERTIFICATES],
    ["two of them", certificate + certificate, Content.CERTIFICATES],
    [
      "one with words and line ends of another system around it",
      `subject=x\r\n${certificate.replaceAll("\n", "\r\n")}\r\n`,
      Content.CERTIFICATES,
    ],
    ["one whose line ends became spaces", certificate.replaceAll("\n", " "), Content.CERTIFICATES],
    ["a key of PKCS #8", keys.pkcs8, Content.PKCS8],
    ["its base64 alone", lines(keys.pkcs8), Content.PKCS8],
    ["an RSA key of PKCS #8", keys.rsaPkcs8, Content.PKCS8],
    ["an RSA key of PKCS #1", keys.pkcs1, Content.PKCS1],
    ["an elliptic one of SEC 1", keys.sec1, Content.SEC1],
    [
      "one behind its parameters, as `openssl ecparam -genkey` writes it",
      pem("EC PARAMETERS", "BggqhkjOPQMBBw==") + keys.sec1,
      Content.SEC1,
    ],
    ["an encrypted key", keys.encrypted, Content.ENCRYPTED_KEY],
    ["a public key", keys.public, Content.PUBLIC_KEY],
    ["a certificate and a key in one", certificate + keys.pkcs8, Content.UNKNOWN],
    ["a key and a certificate in one", keys.pkcs8 + certificate, Content.UNKNOWN],
    ["two keys", keys.pkcs8 + keys.pkcs8, Content.UNKNOWN],
    ["a certificate that is cut short", CERTIFICATE.slice(0, 200), Content.UNKNOWN],
    ["base64 of anything", "aGVsbG8=", Content.UNKNOWN],
  ])("%s is told for what it is", (_what, text, expected) => {
    expect(content(text)).toBe(expected);
  });

  it.each([
    ["nothing", ""],
    ["white space", " \n"],
    ["words", "my certificate"],
    ["a file name", "/etc/ca.pem"],
    ["PEM without its end", certificate.slice(0, 100)],
    ["PEM with nothing between its lines", pem("CERTIFICATE", "")],
    ["PEM with a letter that is none of base64", certificate.replace("M", "%")],
    ["a key that is encrypted in the old way", keys.encryptedOld],
  ])("%s is neither PEM nor base64", (_what, text) => {
    expect(derOf(text)).toBeUndefined();
  });

  it("gives the certificates one by one", () => {
    const one = new Uint8Array(Buffer.from(CERTIFICATE, "base64"));
    expect(elementsOf(derOf(certificate + certificate) as Uint8Array)).toEqual([one, one]);
  });
});
