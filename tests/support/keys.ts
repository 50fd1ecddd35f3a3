import { generateKeyPairSync } from "node:crypto";

/** A self-signed certificate of P-256 for nobody, valid to 2081: base64 of its DER. */
export const CERTIFICATE =
  "MIIBbjCCARWgAwIBAgIUHC/GQSVpuX0t28KnkjN3nJDUZRcwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBeDAgFw0yNjExMjAxNzE2NDdaGA8yMDgxMDgyMzE3MTY0N1ow" +
  "DDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABIXIxq+YEw8YsciRyq4VziR+K5ag58uQg/odGivx1RgQswiR/JRg80iXUIOFoQz6CaumDJ5cq2+X" +
  "3XAZzI/NWxmjUzBRMB0GA1UdDgQWBBSBXBBMUmhiJCUiXl9LsnsV1ZbbrDAfBgNVHSMEGDAWgBSBXBBMUmhiJCUiXl9LsnsV1ZbbrDAPBgNVHRMBAf8EBTADAQH/MAoG" +
  "CCqGSM49BAMCA0cAMEQCIGeoBV4itu9yBGGJsKBhF9701zOAzPZDBwB8cCQ+VgleAiAbtji+fNjLjPZwnTOUYGltGVYiHPfov7D8YZveElqoMQ==";

/** PEM of some DER, 64 characters to the line as RFC 7468 has it. */
export function pem(label: string, base64: string): string {
  return `-----BEGIN ${label}-----\n${base64.replace(/.{1,64}/g, "$&\n")}-----END ${label}-----\n`;
}

/** Fresh keys in every form that OpenSSL writes them in; PEM. */
export function makeKeys() {
  const ec = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const text = (value: string | Buffer) => value.toString();
  return {
    ec: ec.privateKey,
    rsa: rsa.privateKey,
    pkcs8: text(ec.privateKey.export({ type: "pkcs8", format: "pem" })),
    sec1: text(ec.privateKey.export({ type: "sec1", format: "pem" })),
    rsaPkcs8: text(rsa.privateKey.export({ type: "pkcs8", format: "pem" })),
    pkcs1: text(rsa.privateKey.export({ type: "pkcs1", format: "pem" })),
    encrypted: text(
      ec.privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-128-cbc", passphrase: "hunter2" }),
    ),
    /** In the form before PKCS #8. */
    encryptedOld: text(
      rsa.privateKey.export({ type: "pkcs1", format: "pem", cipher: "aes-128-cbc", passphrase: "hunter2" }),
    ),
    public: text(ec.publicKey.export({ type: "spki", format: "pem" })),
  };
}
