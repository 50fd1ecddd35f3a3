import type { Timer } from "../../firmware/ports.js";
import { WiFi, type WiFiOptions } from "./wifi.js";

/** What is in the air. */
export interface AccessPoint {
  readonly SSID: string;
  /** None for an open one. */
  readonly password?: string;
  /** Six pairs of hexadecimal digits. */
  readonly BSSID: string;
  /** dBm. */
  readonly RSSI: number;
  readonly channel: number;
}

/** Values of `connection` (ECMA-419, "Network interface"). */
export const enum Connection {
  IDLE = 200,
  CONNECTING = 300,
  ASSOCIATED = 400,
  ADDRESS = 500,
}

/** Milliseconds of a scan, as seen on an ESP32, and from there to an address. */
const SCAN = 2_400;
const ADDRESS_WAIT = 600;
/** From `disconnect` to the late word of it. */
const LATE = 20;

/**
 * The one Wi-Fi radio of a device, simulated as the ESP32's was seen to behave: an access point that is absent and a wrong
 * password are told the same, after a scan, without a reason, and nothing is tried again.
 */
export class Radio {
  /** What is in the air; may be changed at any time. Empty: whatever network a program asks for is there, with its password. */
  accessPoints: readonly AccessPoint[] = [];
  connection: number = Connection.IDLE;
  /** The address that DHCP gives. */
  lease = "192.0.2.17";
  /** The address that the program has set instead. */
  fixed: string | undefined;
  /** Who scans. */
  scanning: WiFi | undefined;
  readonly MAC: string;
  /** ECMA-419's Wi-Fi class, on this radio. */
  readonly WiFi: new (
    options: WiFiOptions,
  ) => WiFi;
  readonly instances = new Set<WiFi>();
  #timer: Timer;
  #joined: AccessPoint | undefined;
  /** Counts connects: what belongs to an earlier one has no effect. */
  #attempt = 0;

  constructor(timer: Timer, mac: string) {
    this.#timer = timer;
    this.MAC = mac;
    const radio = this;
    this.WiFi = class extends WiFi {
      constructor(options: WiFiOptions) {
        super(radio, options);
      }
    };
  }

  /** The access point that the device is associated with. */
  get joined(): AccessPoint | undefined {
    return this.connection >= Connection.ASSOCIATED ? this.#joined : undefined;
  }

  get address(): string | undefined {
    return this.connection >= Connection.ADDRESS ? (this.fixed ?? this.lease) : undefined;
  }

  /** The access point is gone. */
  lose(): void {
    if (this.connection < Connection.ASSOCIATED) return;
    this.#attempt += 1;
    this.#become(Connection.IDLE);
  }

  connect(SSID: string, password: string | undefined): void {
    this.connection = Connection.CONNECTING;
    this.#later(SCAN, () => {
      this.#joined = this.#find(SSID, password);
      if (!this.#joined) return this.#become(Connection.IDLE);
      this.#become(Connection.ASSOCIATED);
      this.#later(ADDRESS_WAIT, () => this.#become(Connection.ADDRESS));
    });
  }

  /** At once, and told later: then a `connect` that came meanwhile is told as idle for a moment, as on the ESP32. */
  disconnect(): void {
    if (this.connection === Connection.IDLE) return;
    this.#attempt += 1;
    this.connection = Connection.IDLE;
    this.#timer.set(() => this.#become(Connection.IDLE), LATE);
  }

  scan(found: (accessPoint: AccessPoint) => void, complete: () => void): void {
    this.#timer.set(() => {
      for (const accessPoint of this.#inTheAir()) found(accessPoint);
      complete();
    }, SCAN);
  }

  changeAddress(address: string | undefined): void {
    const before = this.address;
    this.fixed = address;
    if (this.address !== before) this.#timer.set(() => this.#tell("address"), 0);
  }

  #inTheAir(): readonly AccessPoint[] {
    return this.accessPoints.length > 0 ? this.accessPoints : [anyNetwork("hearth")];
  }

  #find(SSID: string, password: string | undefined): AccessPoint | undefined {
    if (this.accessPoints.length === 0) return anyNetwork(SSID);
    return this.accessPoints.find((one) => one.SSID === SSID && one.password === password);
  }

  #later(delay: number, task: () => void): void {
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#timer.set(() => {
      if (attempt === this.#attempt) task();
    }, delay);
  }

  #become(connection: Connection): void {
    const before = this.address;
    this.connection = connection;
    this.#tell("connection");
    if (this.address !== undefined && before === undefined) this.#tell("address");
  }

  #tell(property: "connection" | "address"): void {
    for (const instance of [...this.instances]) instance.changed(property);
  }
}

function anyNetwork(SSID: string): AccessPoint {
  return { SSID, BSSID: "02:00:00:00:00:01", RSSI: -61, channel: 6 };
}
