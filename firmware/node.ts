import type { MQTTLink } from "./links/mqtt-link.js";
import type { TCPLink } from "./links/tcp-link.js";
import type { NetworkInterface } from "./ports.js";
import type { Source } from "./sensors/source.js";

/** A composed node: what is started and stopped together. */
export class Node {
  #source: Source;
  #mqtt: MQTTLink | undefined;
  #tcp: TCPLink | undefined;
  #network: NetworkInterface | undefined;

  constructor(
    source: Source,
    mqtt: MQTTLink | undefined,
    tcp: TCPLink | undefined,
    network: NetworkInterface | undefined,
  ) {
    this.#source = source;
    this.#mqtt = mqtt;
    this.#tcp = tcp;
    this.#network = network;
  }

  /** Starts to sample at once, whether or not there is a network. */
  start(): void {
    const up = this.#network === undefined;
    this.#mqtt?.start(up);
    this.#tcp?.start(up);
    this.#network?.start((isUp) => {
      this.#mqtt?.networkChanged(isUp);
      this.#tcp?.networkChanged(isUp);
    });
    this.#source.start();
  }

  /**
   * Stops sampling, says goodbye to the broker and closes everything.
   * @param onStopped called once; at the latest after a second
   */
  stop(onStopped: () => void): void {
    this.#source.close();
    this.#tcp?.stop();
    if (this.#mqtt) this.#mqtt.stop(onStopped);
    else onStopped();
  }
}
