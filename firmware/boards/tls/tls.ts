/** TLS for a board of Moddable's. `none.ts` takes its place in an image without TLS. */

import { elementsOf } from "../../codec/pem.js";
import type { Settings } from "../../config.js";
import { errorText } from "../../error-text.js";
import type { Clock, IO, TCPClass } from "../../ports.js";
import { equal, parseCertificate } from "../../tls/certificate.js";
import { credentialsOf, parseRSAKey } from "../../tls/credentials.js";
import { TLSSocket } from "./socket.js";

/**
 * The socket class for `mqtts://`.
 * @throws Error with what is missing or does not fit in the settings
 */
export function openTLS(settings: Settings, tcp: IO<TCPClass>, clock: Clock): IO<TCPClass> {
  check(settings);
  return {
    io: TLSSocket as unknown as TCPClass,
    TCP: tcp,
    credentials: () => credentialsOf(settings),
    now: () => clock.now(),
  };
}

function check(settings: Settings): void {
  const { pin, authorities, chain, key } = credentialsOf(settings);
  if (!pin && !authorities) {
    throw new Error(
      'neither setting "ca" nor "pin" says whom to trust: set ca to the certificate of the server\'s authority',
    );
  }
  if (authorities) for (const one of elementsOf(authorities)) readCertificate("ca", one);
  const certificates = chain.map((one) => readCertificate("cert", one));
  if (!key) return;
  const [modulus] = parseRSAKey(key);
  if (!equal(certificates[0].key.value, modulus)) {
    throw new Error('setting "key" is not the key of the certificate in "cert"');
  }
}

function readCertificate(name: string, der: Uint8Array) {
  try {
    return parseCertificate(der);
  } catch (error) {
    throw new Error(`setting "${name}" holds a certificate that cannot be read: ${errorText(error)}`);
  }
}
