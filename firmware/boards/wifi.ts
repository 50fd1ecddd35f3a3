import WiFi from "embedded:network/interface/wifi";
import Timer from "timer";
import type { Settings } from "../config.js";
import type { Monitor } from "../monitor.js";
import type { NetworkInterface } from "../ports.js";

/** States of `WiFi.connection`. */
const enum Connection {
  IDLE = 200,
  ADDRESS = 500,
}

/**
 * Milliseconds for an attempt to end with an address: scanning takes 2.4 s, and a DHCP server may take its time.
 * Association without an address is reported by nothing else.
 */
const ATTEMPT_TIMEOUT = 60_000;

/** Milliseconds between attempts. `disconnect` reports its own 200 a moment later, which must not count for the next. */
const RETRY_PERIOD = 5_000;

/** The one interface of the chip: it must exist before its MAC address can be asked for. */
const wifi = new WiFi({
  onChanged() {
    keeper?.changed();
  },
});
let keeper: StationKeeper | undefined;

/** The station's MAC address as twelve hexadecimal digits. */
export function macAddress(): string {
  return (wifi.MAC ?? "").replaceAll(":", "").toLowerCase();
}

/** Keeps the node in its Wi-Fi network: the class itself neither tries again nor says why it failed. */
export class StationKeeper implements NetworkInterface {
  #settings: Settings;
  #monitor: Monitor;
  #onChanged: (up: boolean) => void = () => {};
  #timer: Timer | undefined;
  #up = false;
  #connecting = false;

  constructor(settings: Settings, monitor: Monitor) {
    this.#settings = settings;
    this.#monitor = monitor;
  }

  start(onChanged: (up: boolean) => void): void {
    this.#onChanged = onChanged;
    keeper = this;
    if (this.#settings.ssid === "") {
      this.#monitor.warning?.('setting "ssid" is missing: readings are taken and wait');
      return;
    }
    this.#connect();
  }

  get signal(): number | undefined {
    return this.#up ? wifi.RSSI : undefined;
  }

  #connect(): void {
    const { ssid, password } = this.#settings;
    this.#connecting = true;
    this.#setTimer(ATTEMPT_TIMEOUT);
    try {
      wifi.connect(password === "" ? { SSID: ssid } : { SSID: ssid, password });
    } catch {
      // It is still connecting: the deadline ends that.
    }
  }

  #setTimer(delay: number): void {
    Timer.clear(this.#timer);
    this.#timer = Timer.set(this.#onTimer, delay);
  }

  #onTimer = (): void => {
    this.#timer = undefined;
    if (!this.#connecting) return this.#connect();
    wifi.disconnect();
    this.#failed();
  };

  /** The interface has changed its state. */
  changed(): void {
    const { connection } = wifi;
    if (connection >= Connection.ADDRESS) {
      if (this.#up) return;
      this.#up = true;
      this.#connecting = false;
      Timer.clear(this.#timer);
      this.#timer = undefined;
      this.#onChanged(true);
    } else if (connection <= Connection.IDLE && (this.#up || this.#connecting)) this.#failed();
  }

  #failed(): void {
    const wasUp = this.#up;
    this.#up = this.#connecting = false;
    this.#setTimer(RETRY_PERIOD);
    const { ssid } = this.#settings;
    this.#monitor.warning?.(
      wasUp
        ? `Wi-Fi "${ssid}" is lost`
        : `no connection to Wi-Fi "${ssid}": out of reach, or a wrong password`,
    );
    if (wasUp) this.#onChanged(false);
  }
}
