/** The modules that there are for a program, and what stands behind each: a file of this folder's parent, and its export. */

/** What is the same on every device: nothing else can take its place. */
export const MODULES: Readonly<Record<string, string>> = {
  "embedded:io/analog": "device/classes.js#Analog",
  "embedded:io/digital": "device/classes.js#Digital",
  "embedded:io/digitalbank": "device/classes.js#DigitalBank",
  "embedded:io/i2c": "device/classes.js#I2C",
  "embedded:io/pwm": "device/classes.js#PWM",
  "embedded:io/serial": "device/serial.js#DeviceSerial",
  "embedded:io/smbus": "device/classes.js#SMBus",
  "embedded:io/spi": "device/classes.js#SPI",
  "embedded:io/socket/listener": "io/listener.js#Listener",
  "embedded:io/socket/tcp": "io/tcp.js#TCP",
  "embedded:io/socket/tcp/tls": "io/tls.js#TLS",
  "embedded:io/socket/udp": "io/udp.js#UDP",
  "embedded:io/system": "device/modules/system.js",
  "embedded:network/dns/resolver/udp": "io/resolver.js#Resolver",
  "embedded:network/interface/wifi": "device/classes.js#WiFi",
  "embedded:provider/builtin": "device/provider.js",
  "embedded:storage/files": "device/storage.js#files",
  "embedded:storage/flash": "device/storage.js#flash",
  "embedded:storage/key-value": "device/storage.js#keyValue",
  "embedded:update": "device/storage.js#update",
  "hearth:board": "device/board.js",
  "mc/config": "device/modules/config.js",
  base64: "device/modules/base64.js",
  crc: "device/modules/crc.js",
  crypt: "device/modules/crypt.js",
  hex: "device/modules/hex.js",
  logical: "device/modules/logical.js",
  net: "device/modules/net.js",
  system: "device/modules/system.js",
  "text/decoder": "device/modules/text.js#TextDecoder",
  "text/encoder": "device/modules/text.js#TextEncoder",
  time: "device/modules/time.js",
  timer: "device/modules/timer.js",
  url: "device/modules/url.js",
};

/** Where the program's manifest, and the SDK, have none: the firmware's own. */
export const OWN: Readonly<Record<string, string>> = {
  "embedded:network/mqtt/client": "device/mqtt-client.js#DeviceMQTTClient",
  "embedded:sensor/Humidity-Temperature/SHT3x": "../firmware/sensors/sht3x.js#SHT3x",
  "embedded:sensor/Temperature/TMP117": "../firmware/sensors/tmp117.js#TMP117",
};

/** What begins the addresses of modules that are made of an export. */
export const SCHEME = "hearth-module:";

/**
 * @param place of a module of the tables
 * @returns the address of the module
 */
export function addressOf(place: string): string {
  const [file, name] = place.split("#");
  const address = new URL(`../${file}`, import.meta.url).href;
  return name === undefined ? address : `${SCHEME}${name}@${address}`;
}

/** The source of a module that `addressOf` named: an export as the default one. */
export function sourceOf(address: string): string {
  const [, name, file] = /^hearth-module:(\w+)@(.+)$/.exec(address) as RegExpExecArray;
  return `export { ${name} as default } from ${JSON.stringify(file)};`;
}
