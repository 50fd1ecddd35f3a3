/**
 * TLS where the image has it: the manifest puts `tls` here, or `none` in an image without TLS. It has no code of its own, so
 * that an image without TLS is not checked against modules that it leaves out.
 */
import type { Settings } from "../../config.js";
import type { Clock, IO, TCPClass } from "../../ports.js";

/** @throws Error with what is missing or does not fit in the settings */
export declare function openTLS(settings: Settings, tcp: IO<TCPClass>, clock: Clock): IO<TCPClass>;
