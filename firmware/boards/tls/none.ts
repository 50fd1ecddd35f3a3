/** In place of `tls.ts`, in an image without TLS. */

import type { IO, TCPClass } from "../../ports.js";

/** @throws Error always */
export function openTLS(): IO<TCPClass> {
  throw new Error(
    'setting "broker" is mqtts://, and this image was built without TLS: include firmware/boards/tls/manifest.json in manifest.json',
  );
}
