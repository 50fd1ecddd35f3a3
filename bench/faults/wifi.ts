import type { WiFi } from "../../firmware/links/wifi-station.js";
import type { Timer } from "../../firmware/ports.js";

const enum Connection {
  IDLE = 200,
  CONNECTING = 300,
  ASSOCIATED = 400,
  ADDRESS = 500,
}

/** Milliseconds of a scan, as seen on an ESP32, and from there to an address. */
const SCAN = 2_400;
const ADDRESS_WAIT = 600;

/** What is in the air around a device. */
export interface Air {
  accessPoint: boolean;
  /** Somebody answers DHCP. */
  addresses: boolean;
}

/** The Wi-Fi class of the ESP32 as it was seen to behave: no reason, no retry, and no word of an association without an address. */
export class SimulatedWiFi implements WiFi {
  connection: number = Connection.IDLE;
  #timer: Timer;
  #air: Air;
  #onChanged: () => void;
  /** Counts connects and disconnects: what belongs to an earlier one has no effect. */
  #attempt = 0;

  /** @param onChanged `connection` has changed */
  constructor(timer: Timer, air: Air, onChanged: () => void) {
    this.#timer = timer;
    this.#air = air;
    this.#onChanged = onChanged;
  }

  get RSSI(): number | undefined {
    return this.connection >= Connection.ASSOCIATED ? -61 : undefined;
  }

  get isUp(): boolean {
    return this.connection >= Connection.ADDRESS;
  }

  connect(): void {
    if (this.connection === Connection.CONNECTING) throw new Error("connecting already");
    this.connection = Connection.CONNECTING;
    this.#later(SCAN, () => {
      if (!this.#air.accessPoint) return this.#become(Connection.IDLE);
      this.#become(Connection.ASSOCIATED);
      this.#later(ADDRESS_WAIT, () => {
        if (!this.#air.accessPoint) this.#become(Connection.IDLE);
        else if (this.#air.addresses) this.#become(Connection.ADDRESS);
      });
    });
  }

  disconnect(): void {
    this.connection = Connection.IDLE;
    // A late word of it, as the class of the ESP32 gives.
    this.#later(20, () => this.#become(Connection.IDLE));
  }

  /** The access point is gone. */
  lose(): void {
    if (this.connection < Connection.ASSOCIATED) return;
    this.#attempt += 1;
    this.#become(Connection.IDLE);
  }

  #later(delay: number, task: () => void): void {
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#timer.set(() => {
      if (attempt === this.#attempt) task();
    }, delay);
  }

  #become(connection: Connection): void {
    this.connection = connection;
    this.#onChanged();
  }
}
