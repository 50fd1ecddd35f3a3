import type { Settings } from "../../firmware/config.js";
import { credentialsOf } from "../../firmware/tls/credentials.js";
import { type Secure, secureContext } from "../io/tls.js";

/**
 * Whom to trust behind TLS, and who the node is, as Node takes it.
 * @throws Error in one line where the settings hold what Node cannot read, or what does not belong together
 */
export function secureOf(settings: Pick<Settings, "pin" | "ca" | "cert" | "key">): Secure {
  const { authorities, pin, chain, key } = credentialsOf(settings);
  const trusted: Secure = authorities ? { certificate: authorities } : {};
  const shown: Secure = key ? { clientCertificates: chain } : {};
  const owned: Secure = key ? { clientKey: key } : {};
  tryOut(trusted, 'setting "ca" holds no certificate that can be read');
  tryOut(shown, 'setting "cert" holds no certificate that can be read');
  tryOut(owned, 'setting "key" holds no private key that can be read');
  const secure = { ...trusted, ...(pin && { pin }), ...shown, ...owned };
  tryOut(secure, 'setting "key" is not the key of the certificate in "cert"');
  return secure;
}

/** Not with OpenSSL's words alone: they name nothing that a setting is called by. */
function tryOut(secure: Secure, problem: string): void {
  try {
    secureContext(secure);
  } catch (error) {
    throw new Error(`${problem} (${(error as { reason?: string }).reason ?? (error as Error).message})`);
  }
}
