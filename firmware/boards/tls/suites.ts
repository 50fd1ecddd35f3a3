/**
 * In place of Moddable's `ssl/ciphersuites`: only what has forward secrecy and authenticated encryption is offered. The
 * SDK would begin with RSA key exchange and CBC. The numbers are those of `ssl/constants`, SDK 8.2.3.
 */

const ECDHE = 6;
const AES = 0;
const SHA256 = 2;
const GCM = 2;

const ecdheAES128GCM = (first: number, second: number) =>
  Object.freeze({
    value: Object.freeze([first, second]),
    isExportable: false,
    keyExchangeAlgorithm: ECDHE,
    cipherAlgorithm: AES,
    cipherKeySize: 16,
    cipherBlockSize: 16,
    hashAlgorithm: SHA256,
    hashSize: 32,
    encryptionMode: GCM,
    ivSize: 8,
    saltSize: 4,
  });

export default Object.freeze([
  ecdheAES128GCM(0xc0, 0x2b), // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
  ecdheAES128GCM(0xc0, 0x2f), // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
]);
