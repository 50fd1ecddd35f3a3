/**
 * Every setting of a node: default, unit, range and reason, in this one place. A setting comes from the image
 * (`mcconfig ... ssid=...`), the device's storage or the command line, as text or as the type it has here.
 */

/** The values of all settings, checked. */
export interface Settings {
  device: string;
  ssid: string;
  password: string;
  broker: string;
  ca: string;
  pin: string;
  cert: string;
  key: string;
  server: string;
  serverpassword: string;
  updatekey: string;
  topic: string;
  id: string;
  sensor: string;
  uart: string;
  baud: number;
  receive: number;
  data: number;
  clock: number;
  address: number;
  probe: string;
  interval: number;
  sampling: number;
  heartbeat: number;
  deadband: number;
  offset: number;
  twopoint: string;
  median: number;
  smoothing: number;
  payload: string;
  keepalive: number;
  window: number;
  queue: number;
  durability: string;
  full: string;
  spread: number;
  diagnostics: number;
  watchdog: number;
  ntp: string;
  discovery: string;
  led: number;
  follows: string;
  mode: string;
  target: number;
  hysteresis: number;
  minon: number;
  minoff: number;
  hold: number;
  cooler: number;
  heater: number;
  fan: number;
  relay: string;
  trial: number;
}

export const enum Kind {
  /** Any text of `minimum` to `maximum` bytes. */
  TEXT,
  /** Text on one line that is never shown. */
  SECRET,
  /** One of `words`. */
  WORD,
  INTEGER,
  NUMBER,
  /** A number with one decimal at most. */
  TENTHS,
  /** Whole milliseconds; as text also `10s`, `5m`. */
  DURATION,
  /** `mqtt[s]://[user[:password]@]host[:port]`, or nothing. */
  BROKER,
  /** Certificates, as PEM or the base64 of their DER; or nothing. */
  CERTIFICATE,
  /** A private key in the same form, which is never shown; or nothing. */
  KEY,
  /** SHA-256 of a public key; or nothing. */
  PIN,
  /** A public key on P-256, as PEM or the base64 of its DER; or nothing. */
  PUBLIC_KEY,
  /** `host:port`, or nothing. */
  SERVER,
  /** `host[:port]`, at most `maximum` of them, separated by commas; or `off`. */
  HOSTS,
  /** A topic name without wildcards, without `/` at either end. */
  TOPIC,
  /** Four numbers: raw, reference, raw, reference; or nothing. */
  POINTS,
}

export interface Setting {
  readonly name: keyof Settings;
  readonly kind: Kind;
  readonly default: string | number;
  readonly minimum: number;
  readonly maximum: number;
  readonly unit: string;
  readonly words?: readonly string[];
  /** What it is, and why the default and the range are what they are. */
  readonly reason: string;
}

const DAY = 86_400_000;

/** Bytes that the NVS of an ESP32 takes as one value: two certificates of RSA 4096 as PEM are less. */
const CREDENTIAL_LIMIT = 3_999;

function setting(
  name: keyof Settings,
  kind: Kind,
  value: string | number,
  minimum: number,
  maximum: number,
  unit: string,
  reason: string,
  words?: readonly string[],
): Setting {
  // Frozen, it stays in the ESP32's flash.
  return Object.freeze(
    words === undefined
      ? { name, kind, default: value, minimum, maximum, unit, reason }
      : { name, kind, default: value, minimum, maximum, unit, reason, words: Object.freeze(words) },
  );
}

/** What an air conditioner may be told to do; the number of a mode in `climate/thermostat.ts` is its place here. */
export const MODES: readonly string[] = Object.freeze(["off", "cool", "heat", "auto"]);

/** For a pin that may be missing. */
const NO_PIN = -1;

export const SETTINGS: readonly Setting[] = Object.freeze([
  setting(
    "device",
    Kind.WORD,
    "sensor",
    0,
    0,
    "",
    "what the node is: it measures, or it is an air conditioner that follows another one's temperature",
    ["sensor", "climate"],
  ),
  setting("ssid", Kind.TEXT, "", 0, 32, "bytes", "name of the Wi-Fi network; IEEE 802.11 allows 32 bytes"),
  setting(
    "password",
    Kind.SECRET,
    "",
    8,
    64,
    "bytes",
    "its password; WPA2 allows 8 to 63 characters or 64 hexadecimal digits, an open network has none",
  ),
  setting(
    "broker",
    Kind.BROKER,
    "",
    0,
    512,
    "",
    "the MQTT broker; without it readings wait; mqtts:// is encrypted and trusts what ca or pin says",
  ),
  setting(
    "ca",
    Kind.CERTIFICATE,
    "",
    0,
    CREDENTIAL_LIMIT,
    "bytes",
    "the authority to trust for mqtts://: a device needs it or pin, a laptop has its system's",
  ),
  setting(
    "pin",
    Kind.PIN,
    "",
    0,
    0,
    "",
    "SHA-256 of the broker's public key: who has that key is trusted, without authority, name and clock",
  ),
  setting(
    "cert",
    Kind.CERTIFICATE,
    "",
    0,
    CREDENTIAL_LIMIT,
    "bytes",
    "the node's own certificate, for a broker that demands one; together with key",
  ),
  setting(
    "key",
    Kind.KEY,
    "",
    0,
    CREDENTIAL_LIMIT,
    "bytes",
    "the private key of cert; on a device an RSA one, which is all that Moddable's TLS can sign with",
  ),
  setting(
    "server",
    Kind.SERVER,
    "",
    0,
    260,
    "",
    "a TCP server that gets each reading as a line of text; off by default",
  ),
  setting(
    "serverpassword",
    Kind.SECRET,
    "",
    8,
    64,
    "bytes",
    "what the server asks for first, as a gateway does that listens to a whole network; it goes there unencrypted",
  ),
  setting(
    "updatekey",
    Kind.PUBLIC_KEY,
    "",
    0,
    512,
    "bytes",
    "the public key that updates are signed for, from npm run ota -- keygen; without it every update is refused",
  ),
  setting(
    "topic",
    Kind.TOPIC,
    "home/livingroom",
    1,
    128,
    "bytes",
    "base of the device's topics; no two devices share one",
  ),
  setting(
    "id",
    Kind.TEXT,
    "",
    0,
    64,
    "bytes",
    "MQTT client id; by default hearth- and the MAC address, which is unique",
  ),
  setting("sensor", Kind.WORD, "", 0, 0, "", "what measures; by default the first that the board has"),
  setting(
    "uart",
    Kind.TEXT,
    "",
    0,
    128,
    "bytes",
    "serial port: a device file, or on the ESP32 the UART's number (by default 1: 0 is the console)",
  ),
  setting(
    "baud",
    Kind.INTEGER,
    9600,
    1200,
    2_000_000,
    "bit/s",
    "speed of the serial port; 9600 is what most sensor modules use",
  ),
  setting(
    "receive",
    Kind.INTEGER,
    16,
    0,
    48,
    "GPIO",
    "pin that receives from the serial sensor (ESP32); 16 is free on ESP32-WROOM boards",
  ),
  setting(
    "data",
    Kind.INTEGER,
    21,
    0,
    48,
    "GPIO",
    "SDA pin of the I2C bus (ESP32); 21 is the usual one on ESP32 boards",
  ),
  setting(
    "clock",
    Kind.INTEGER,
    22,
    0,
    48,
    "GPIO",
    "SCL pin of the I2C bus (ESP32); 22 is the usual one on ESP32 boards",
  ),
  setting(
    "address",
    Kind.INTEGER,
    0,
    0,
    0x77,
    "",
    "7-bit I2C address of the sensor; 0 takes the part's usual one",
  ),
  setting(
    "probe",
    Kind.WORD,
    "any",
    0,
    0,
    "",
    "what is behind the serial port; of a DS18B20 85 °C and -127 °C are refused",
    ["any", "ds18b20"],
  ),
  setting(
    "interval",
    Kind.DURATION,
    5_000,
    0,
    DAY,
    "ms",
    "time between readings; 0 reports every value the sensor gives",
  ),
  setting(
    "sampling",
    Kind.DURATION,
    0,
    0,
    DAY,
    "ms",
    "time between samples that feed the filters; 0 is the interval, never below the part's own pace",
  ),
  setting(
    "heartbeat",
    Kind.DURATION,
    0,
    0,
    DAY,
    "ms",
    "with a deadband: an unchanged value is reported this often all the same; 0 is never",
  ),
  setting(
    "deadband",
    Kind.NUMBER,
    0,
    0,
    100,
    "°C",
    "a temperature is reported only when it differs this much from the last; 0 is off",
  ),
  setting(
    "offset",
    Kind.NUMBER,
    0,
    -50,
    50,
    "°C",
    "added to each temperature; a sensor further off than 50 °C is broken",
  ),
  setting(
    "twopoint",
    Kind.POINTS,
    "",
    0,
    0,
    "°C",
    "two-point calibration: raw, reference, raw, reference, as 0.4,0,41.1,40; before the offset",
  ),
  setting(
    "median",
    Kind.INTEGER,
    0,
    0,
    31,
    "samples",
    "window of the median filter, which takes out spikes; 0 is off, 5 is a good start",
  ),
  setting(
    "smoothing",
    Kind.NUMBER,
    0,
    0,
    1,
    "",
    "weight of a new value in exponential smoothing; 0 is off, 0.2 is a good start",
  ),
  setting(
    "payload",
    Kind.WORD,
    "json",
    0,
    0,
    "",
    "form of a reading: json has its time and number, plain is the number alone",
    ["json", "plain"],
  ),
  setting(
    "keepalive",
    Kind.DURATION,
    30_000,
    5_000,
    65_535_000,
    "ms",
    "MQTT keep-alive: a dead connection is found within this time; each costs a packet of 2 bytes",
  ),
  setting(
    "window",
    Kind.INTEGER,
    32,
    1,
    1024,
    "messages",
    "readings sent and not yet acknowledged: so many per round trip after an outage; the ESP32's send buffer has room for some 35",
  ),
  setting(
    "queue",
    Kind.INTEGER,
    128,
    16,
    4096,
    "readings",
    "readings kept in memory where they are not in the journal, 30 bytes each",
  ),
  setting(
    "durability",
    Kind.WORD,
    "always",
    0,
    0,
    "",
    "when a reading is journalled: always, or in an outage only, which spares the flash and loses the last ones in a power cut",
    ["always", "outage"],
  ),
  setting(
    "full",
    Kind.WORD,
    "oldest",
    0,
    0,
    "",
    "what is dropped and counted when no more can wait: the oldest, the newest, or (thin) more and more of the new ones as room runs out",
    ["oldest", "newest", "thin"],
  ),
  setting(
    "spread",
    Kind.DURATION,
    1_000,
    0,
    600_000,
    "ms",
    "the first connection, and the first after a loss (at least 1s there), is opened at a random time within this: no second sees more of a fleet than one in so many seconds",
  ),
  setting(
    "diagnostics",
    Kind.DURATION,
    60_000,
    0,
    DAY,
    "ms",
    "time between messages to <topic>/diagnostics; 0 is off",
  ),
  setting(
    "watchdog",
    Kind.DURATION,
    900_000,
    0,
    DAY,
    "ms",
    "without a good value for so long, and for 3 intervals, a device restarts, each time in vain after twice the wait, up to 1d; 0 is off",
  ),
  setting(
    "ntp",
    Kind.HOSTS,
    // Each is offered to the public. pool.ntp.org is not for the defaults of software, unless it has a zone of its own there.
    "time.cloudflare.com,time.google.com,time.facebook.com",
    1,
    4,
    "",
    "time servers (SNTP), asked in turn (ESP32); by default three of independent operators; a router's own is nearer",
  ),
  setting(
    "discovery",
    Kind.TOPIC,
    "homeassistant",
    1,
    64,
    "bytes",
    "Home Assistant's discovery prefix; off takes the device out of Home Assistant again",
  ),
  setting(
    "led",
    Kind.INTEGER,
    NO_PIN,
    NO_PIN,
    48,
    "GPIO",
    "a light that blinks on the command identify (ESP32); -1 is none: boards differ",
  ),
  setting(
    "follows",
    Kind.TOPIC,
    "",
    0,
    160,
    "bytes",
    "climate: topic of the temperature; by default <base above its own>/temperature",
  ),
  setting(
    "mode",
    Kind.WORD,
    "off",
    0,
    0,
    "",
    "climate: the mode before the first command; off: nothing starts that nobody asked for",
    MODES,
  ),
  setting("target", Kind.TENTHS, 22, 10, 35, "°C", "climate: the target before the first command"),
  setting(
    "hysteresis",
    Kind.NUMBER,
    0.5,
    0.1,
    5,
    "°C",
    "climate: starts so far beyond the target, stops at it; less switches more often than a sensor is exact",
  ),
  setting(
    "minon",
    Kind.DURATION,
    180_000,
    0,
    3_600_000,
    "ms",
    "climate: once started it runs so long, but for mode off; compressors need three minutes",
  ),
  setting(
    "minoff",
    Kind.DURATION,
    180_000,
    0,
    3_600_000,
    "ms",
    "climate: once stopped, and after each start of the device, it rests so long: a compressor under pressure stalls",
  ),
  setting(
    "hold",
    Kind.DURATION,
    3_600_000,
    0,
    DAY,
    "ms",
    "climate: it goes on so long without a temperature, as in an outage, then stops; 0 goes on for ever",
  ),
  setting(
    "cooler",
    Kind.INTEGER,
    26,
    NO_PIN,
    48,
    "GPIO",
    "climate: relay of what cools (ESP32); -1 is none; 26 keeps its level while the chip starts",
  ),
  setting(
    "heater",
    Kind.INTEGER,
    NO_PIN,
    NO_PIN,
    48,
    "GPIO",
    "climate: relay of what heats (ESP32); -1 is none",
  ),
  setting(
    "fan",
    Kind.INTEGER,
    NO_PIN,
    NO_PIN,
    48,
    "GPIO",
    "climate: a fan on PWM, the faster the further from the target (ESP32); alone it cools; -1 is none",
  ),
  setting(
    "relay",
    Kind.WORD,
    "high",
    0,
    0,
    "",
    "climate: the level that switches a relay on; many boards with an optocoupler want low",
    ["high", "low"],
  ),
  setting(
    "trial",
    Kind.DURATION,
    600_000,
    60_000,
    DAY,
    "ms",
    "an updated version that has not delivered a reading by then goes back; more than Wi-Fi, broker and sensor take",
  ),
]);
