import { Alarm } from "../alarm.js";
import type { Monitor } from "../monitor.js";
import type { NetworkInterface, Timer } from "../ports.js";

/** What is used of ECMA-419's Wi-Fi network interface, as Moddable's class for the ESP32 has it. */
export interface WiFi {
  /** Begins to connect; throws while it is connecting already. The outcome comes as a change of `connection`. */
  connect(options: { SSID: string; password?: string }): void;
  /** Ends it without telling of the change; a moment later a change to 200 may still be told. */
  disconnect(): void;
  /** 200 idle, 300 connecting, 400 associated, 500 has an address. */
  readonly connection: number;
  /** Signal strength in dBm. */
  readonly RSSI: number | undefined;
}

const enum Connection {
  IDLE = 200,
  ADDRESS = 500,
}

/**
 * Milliseconds for an attempt to end with an address: scanning takes 2.4 s, and a DHCP server may take its time.
 * Association without an address is reported by nothing else.
 */
const ATTEMPT_TIMEOUT = 60_000;

/** Milliseconds between attempts, long enough for the late word of a `disconnect` not to count for the next. */
const RETRY_PERIOD = 5_000;

export interface WiFiStationOptions {
  wifi: WiFi;
  ssid: string;
  /** Empty for an open network. */
  password: string;
  timer: Timer;
  monitor: Monitor;
}

/** Keeps a node in its Wi-Fi network: the class itself neither tries again nor says why it failed. */
export class WiFiStation implements NetworkInterface {
  #options: WiFiStationOptions;
  #onChanged: (up: boolean) => void = () => {};
  #alarm: Alarm;
  #isUp = false;
  #isConnecting = false;

  constructor(options: WiFiStationOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.timer, this);
  }

  start(onChanged: (up: boolean) => void): void {
    this.#onChanged = onChanged;
    if (this.#options.ssid === "") {
      this.#options.monitor.warning?.('setting "ssid" is missing: readings are taken and wait');
      return;
    }
    this.#connect();
  }

  get signal(): number | undefined {
    return this.#isUp ? this.#options.wifi.RSSI : undefined;
  }

  /** To be called when the interface tells that something has changed. */
  changed(): void {
    const { connection } = this.#options.wifi;
    if (connection >= Connection.ADDRESS) {
      if (this.#isUp) return;
      this.#isUp = true;
      this.#isConnecting = false;
      this.#alarm.clear();
      this.#onChanged(true);
    } else if (connection <= Connection.IDLE && (this.#isUp || this.#isConnecting)) this.failed();
  }

  #connect(): void {
    const { wifi, ssid, password } = this.#options;
    this.#isConnecting = true;
    this.#alarm.set(ATTEMPT_TIMEOUT);
    try {
      wifi.connect(password === "" ? { SSID: ssid } : { SSID: ssid, password });
    } catch {
      // It is connecting already: the deadline ends that.
    }
  }

  onAlarm(): void {
    if (!this.#isConnecting) return this.#connect();
    this.#options.wifi.disconnect();
    this.failed();
  }

  private failed(): void {
    const { ssid, monitor } = this.#options;
    const wasUp = this.#isUp;
    this.#isUp = this.#isConnecting = false;
    this.#alarm.set(RETRY_PERIOD);
    monitor.warning?.(
      wasUp
        ? `Wi-Fi "${ssid}" is lost`
        : `no connection to Wi-Fi "${ssid}": out of reach, or a wrong password`,
    );
    if (wasUp) this.#onChanged(false);
  }
}
