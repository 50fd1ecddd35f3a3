/** Which socket the broker is reached by, and a word to whoever watches where that is not encrypted. */

import type { Endpoint } from "../codec/endpoint.js";
import type { Settings } from "../config.js";
import { errorText } from "../error-text.js";
import type { Monitor } from "../monitor.js";
import type { IO, TCPClass } from "../ports.js";

/** The sockets of a board. */
export interface Sockets {
  readonly tcp: IO<TCPClass>;
  tls?(settings: Settings): IO<TCPClass>;
}

/** @returns `undefined` where it cannot be had, which has been said: readings are taken and wait */
export function brokerSocket(
  broker: Endpoint,
  board: Sockets,
  settings: Settings,
  monitor: Monitor,
): IO<TCPClass> | undefined {
  if (!broker.secure) {
    if (settings.ca !== "" || settings.pin !== "") {
      monitor.warning?.(
        'settings "ca" and "pin" say whom to trust behind mqtts://, and "broker" is mqtt://: the connection is not encrypted',
      );
    } else if (!isLoopback(broker.host)) tellPlain(broker, monitor);
    return board.tcp;
  }
  try {
    if (board.tls) return board.tls(settings);
    monitor.warning?.(
      'setting "broker" is mqtts://, and this board has no TLS: use mqtt://; readings are taken and wait',
    );
  } catch (error) {
    monitor.warning?.(`${errorText(error)}; readings are taken and wait`);
  }
  return undefined;
}

function tellPlain(broker: Endpoint, monitor: Monitor): void {
  if (broker.password !== undefined) {
    monitor.warning?.(
      "the broker's password goes over the network unencrypted, for everyone on it to read: use mqtts://",
    );
  } else {
    monitor.note?.(
      "the connection to the broker is not encrypted: use mqtts:// outside of a trusted network",
    );
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host.startsWith("127.") || host === "::1";
}
