import type { TickKeeper } from "./clock/tick-keeper.js";
import type { TimeSync } from "./clock/time-sync.js";
import type { Identify } from "./commands/identify.js";
import type { Restart } from "./commands/restart.js";
import type { Watchdog, Watched } from "./health/watchdog.js";
import type { MQTTLink } from "./links/mqtt-link.js";
import type { TCPLink } from "./links/tcp-link.js";
import type { Outbox } from "./outbox/outbox.js";
import type { NetworkInterface } from "./ports.js";
import type { Source } from "./sensors/source.js";
import type { Updater } from "./update/updater.js";

export interface NodeParts {
  source: Source;
  outbox: Outbox;
  mqtt: MQTTLink | undefined;
  tcp: TCPLink | undefined;
  network: NetworkInterface | undefined;
  watchdog: Watchdog;
  sync: TimeSync | undefined;
  identify: Identify | undefined;
  restart: Restart | undefined;
  updater: Updater;
  keeper: TickKeeper;
}

/** A composed node: what is started and stopped together. */
export class Node implements Watched {
  #parts: NodeParts;

  constructor(parts: NodeParts) {
    this.#parts = parts;
  }

  /** Starts to sample at once, whether or not there is a network; in safe mode nothing is sampled. */
  start(): void {
    const { mqtt, tcp, network, sync, keeper, watchdog, updater } = this.#parts;
    const up = network === undefined;
    keeper.start();
    sync?.start(up);
    mqtt?.start(up);
    tcp?.start(up);
    network?.start((isUp) => {
      sync?.networkChanged(isUp);
      mqtt?.networkChanged(isUp);
      tcp?.networkChanged(isUp);
    });
    // Without a sensor there is nothing to wait for: the node is there, and can be reached.
    if (!watchdog.start(this)) mqtt?.ready();
    updater.start();
  }

  sense(): void {
    this.#parts.source.start();
  }

  /**
   * Stops sampling, says goodbye to the broker and closes everything; what waits in memory goes to the journal.
   * @param onStopped called once; at the latest after a second
   */
  stop(onStopped: () => void): void {
    const { source, outbox, mqtt, tcp, sync, identify, restart, keeper, watchdog, updater } = this.#parts;
    watchdog.stop();
    updater.close();
    restart?.close();
    source.close();
    identify?.close();
    sync?.stop();
    tcp?.stop();
    const ended = () => {
      keeper.stop();
      outbox.close();
      onStopped();
    };
    if (mqtt) mqtt.stop(ended);
    else ended();
  }
}
