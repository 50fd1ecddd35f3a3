import type { MQTTLink } from "./links/mqtt-link.js";
import type { TCPLink } from "./links/tcp-link.js";
import type { Outbox } from "./outbox/outbox.js";
import type { NetworkInterface } from "./ports.js";
import type { Source } from "./sensors/source.js";

export interface NodeParts {
  source: Source;
  outbox: Outbox;
  mqtt: MQTTLink | undefined;
  tcp: TCPLink | undefined;
  network: NetworkInterface | undefined;
}

/** A composed node: what is started and stopped together. */
export class Node {
  #parts: NodeParts;

  constructor(parts: NodeParts) {
    this.#parts = parts;
  }

  /** Starts to sample at once, whether or not there is a network. */
  start(): void {
    const { source, mqtt, tcp, network } = this.#parts;
    const up = network === undefined;
    mqtt?.start(up);
    tcp?.start(up);
    network?.start((isUp) => {
      mqtt?.networkChanged(isUp);
      tcp?.networkChanged(isUp);
    });
    source.start();
  }

  /**
   * Stops sampling, says goodbye to the broker and closes everything; what waits in memory goes to the journal.
   * @param onStopped called once; at the latest after a second
   */
  stop(onStopped: () => void): void {
    const { source, outbox, mqtt, tcp } = this.#parts;
    source.close();
    tcp?.stop();
    const ended = () => {
      outbox.close();
      onStopped();
    };
    if (mqtt) mqtt.stop(ended);
    else ended();
  }
}
