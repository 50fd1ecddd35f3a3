import { type Callback, callbackOption, integerOf, optionsOf, unusable } from "./options.js";
import { type AccessPoint, Connection, type Radio } from "./radio.js";

export interface WiFiOptions {
  /** `property` is "connection" or "address". */
  onChanged?: (this: never, property: string) => void;
}

export interface ScanOptions {
  onFound: (this: never, accessPoint: AccessPoint) => void;
  onComplete?: (this: never) => void;
  /** All channels without it. */
  channel?: number;
}

export interface ConnectOptions {
  SSID: string;
  password?: string;
  /** 1 to 14. */
  channel?: number;
}

export interface ConfigureOptions {
  /** At most 63 bytes. */
  hostname?: string;
  /** Nothing takes the address from DHCP again. */
  static?: { address: string; mask: string; gateway: string } | false | null;
}

/**
 * ECMA-419's Wi-Fi interface (`embedded:network/interface/wifi`). All instances see the one radio.
 *
 * The errors: SyntaxError from what is closed or no Wi-Fi, RangeError for an address or channel that is none, Error for the
 * rest, as where a connect or a scan is under way.
 */
export class WiFi {
  #radio: Radio | undefined;
  #onChanged: Callback | undefined;

  constructor(radio: Radio, given: WiFiOptions) {
    this.#onChanged = callbackOption(optionsOf(given), "onChanged");
    this.#radio = radio;
    radio.instances.add(this);
  }

  /** 200 idle, 300 connecting, 400 associated, 500 with an address. */
  get connection(): number {
    return WiFi.#of(this).connection;
  }

  get address(): string | undefined {
    return WiFi.#of(this).address;
  }

  get MAC(): string {
    return WiFi.#of(this).MAC;
  }

  get SSID(): string | undefined {
    return WiFi.#of(this).joined?.SSID;
  }

  get BSSID(): string | undefined {
    return WiFi.#of(this).joined?.BSSID;
  }

  /** dBm. */
  get RSSI(): number | undefined {
    return WiFi.#of(this).joined?.RSSI;
  }

  get channel(): number | undefined {
    return WiFi.#of(this).joined?.channel;
  }

  scan(options: ScanOptions): void {
    const radio = WiFi.#of(this);
    if (radio.scanning) throw new Error("a scan is under way");
    const onFound = callbackOption(options, "onFound");
    if (!onFound) throw new Error("onFound is missing");
    const onComplete = callbackOption(options, "onComplete");
    const channel = options.channel === undefined ? 0 : integerOf(options.channel, "channel", 0, 14);
    radio.scanning = this;
    const found = (accessPoint: AccessPoint) => {
      if (!this.#radio || (channel !== 0 && accessPoint.channel !== channel)) return;
      const { SSID, BSSID, RSSI, channel: at, password } = accessPoint;
      const security = password === undefined ? "none" : "wpa2_psk";
      onFound.call(this, { SSID, BSSID, RSSI, channel: at, security });
    };
    radio.scan(found, () => {
      radio.scanning = undefined;
      if (this.#radio) onComplete?.call(this);
    });
  }

  connect(options: ConnectOptions): void {
    const radio = WiFi.#of(this);
    if (radio.connection === Connection.CONNECTING) throw new Error("a connect is under way");
    const { SSID, password, channel } = options;
    if (SSID === undefined) throw new Error("SSID is missing");
    if (channel !== undefined) integerOf(channel, "channel", 1, 14);
    // Not String(): what does not convert is to throw.
    radio.connect(`${SSID}`, password === undefined ? undefined : `${password}`);
  }

  disconnect(): void {
    WiFi.#of(this).disconnect();
  }

  configure(options: ConfigureOptions): void {
    const radio = WiFi.#of(this);
    if (options.hostname !== undefined && `${options.hostname}`.length > 63)
      throw new Error("hostname has more than 63 characters");
    if (!("static" in options)) return;
    const fixed = options.static;
    if (!fixed) return radio.changeAddress(undefined);
    for (const name of ["address", "mask", "gateway"] as const)
      if (!isIPv4(`${fixed[name]}`)) throw new RangeError(`${name} "${fixed[name]}" is no IPv4 address`);
    radio.changeAddress(`${fixed.address}`);
  }

  close(): void {
    if (typeof this !== "object" || this === null || !(#radio in this)) throw unusable("Wi-Fi interface");
    this.#radio?.instances.delete(this);
    this.#radio = undefined;
  }

  /** For Radio. */
  changed(property: "connection" | "address"): void {
    if (this.#radio) this.#onChanged?.call(this, property);
  }

  static #of(receiver: unknown): Radio {
    if (typeof receiver === "object" && receiver !== null && #radio in receiver && receiver.#radio)
      return receiver.#radio;
    throw unusable("Wi-Fi interface");
  }
}

function isIPv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}
