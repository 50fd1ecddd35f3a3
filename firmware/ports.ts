/**
 * What the firmware asks of the place it runs in. Types only: nothing here exists at run time.
 *
 * The IO shapes are ECMA-419's (3rd edition), cut down to what the firmware uses; Moddable's classes and
 * those of `host-sim/io` both fit them. Whoever composes a part hands it these in the ECMA-419 manner:
 * `{io: Class, ...options}`.
 */

/** Bytes that an ECMA-419 class reads or writes without copying the caller's view. */
export type Bytes = Uint8Array | ArrayBuffer;

/** Options that say which class to make and with what: `new options.io({...options, ...more})`. */
export interface IO<Class> {
  readonly io: Class;
  readonly [option: string]: unknown;
}

// --- sockets (ECMA-419, TCP socket) -----------------------------------------------------------------------

/** A raw TCP connection. `format` is `"buffer"` throughout the firmware. */
export interface TCP {
  /**
   * Fills `buffer` from what has arrived. The caller never asks for more than the count it was told by
   * `onReadable`: Moddable's class throws then.
   */
  read(buffer: Uint8Array): number | undefined;
  /** At most `byteLength` bytes in a new buffer; everything there is without an argument. */
  read(byteLength?: number): ArrayBuffer | undefined;
  /**
   * Hands over all of `data`, or throws when it is larger than the free space.
   * @returns the bytes still free; `undefined` once the connection has failed, and then lwIP's class also throws
   */
  write(data: Bytes): number | undefined;
  /** Closes at once; harmless when called again. No callback runs afterwards. */
  close(): void;
}

export interface TCPOptions {
  /** An IPv4 or IPv6 address in text form; never a name. */
  address: string;
  /** 1 to 65535. */
  port: number;
  /** The name behind the address, for classes that check certificates. */
  host?: string;
  onReadable(this: TCP, count: number): void;
  onWritable(this: TCP, count: number): void;
  /** The connection failed or was closed by the other end. ECMA-419 passes nothing; our host class says why. */
  onError(this: TCP, reason?: Error): void;
}

export type TCPClass = new (options: TCPOptions) => TCP;

// --- serial ports (ECMA-419, serial) -----------------------------------------------------------------------

export interface Serial {
  /** Fills `buffer` with up to its length; returns the number of bytes read, or `undefined` if there are none. */
  read(buffer: Uint8Array): number | undefined;
  close(): void;
}

export interface SerialOptions {
  /** Bits per second; the frame is 8N1. */
  baud: number;
  onReadable(this: Serial, count: number): void;
  /** Absent on the ESP32, where a UART cannot be unplugged. */
  onError(this: Serial, reason?: Error): void;
}

export type SerialClass = new (options: SerialOptions) => Serial;

// --- datagrams (ECMA-419, UDP socket) -------------------------------------------------------------------------

/** A packet that has arrived, and from where. */
export type Datagram = ArrayBuffer & { readonly address: string; readonly port: number };

export interface UDP {
  /** The oldest packet that waits, or `undefined` when there is none. */
  read(): Datagram | undefined;
  /** @param address an IP address in text form; never a name */
  write(data: Bytes, address: string, port: number): void;
  /** Harmless when called again. No callback runs afterwards. */
  close(): void;
}

export interface UDPOptions {
  /** `count` packets can be read. */
  onReadable(this: UDP, count: number): void;
}

export type UDPClass = new (options: UDPOptions) => UDP;

// --- buses (ECMA-419, I2C and SMBus) -------------------------------------------------------------------------

/** One device on an I2C bus. Every method throws when the device does not acknowledge. */
export interface I2C {
  read(buffer: Uint8Array): void;
  write(buffer: Uint8Array): void;
  close(): void;
}

export interface I2COptions {
  /** 7-bit address. */
  address: number;
  /** Clock in hertz. */
  hz: number;
}

export type I2CClass = new (options: I2COptions) => I2C;

/** One device with 8-bit register addresses on an I2C bus. */
export interface SMBus {
  readUint16(register: number, bigEndian: boolean): number;
  writeUint16(register: number, value: number, bigEndian: boolean): void;
  close(): void;
}

export type SMBusClass = new (options: I2COptions) => SMBus;

// --- pins (ECMA-419, digital and PWM) ---------------------------------------------------------------------------

export interface Digital {
  /** 0 or 1. */
  write(value: number): void;
  close(): void;
}

export interface DigitalOptions {
  /** One of the class's constants. */
  mode: number;
  /** The level that an output begins with; 0 or 1, as `write` means it. */
  initialValue?: number;
  /** A low level is 1. */
  activeLow?: boolean;
  [option: string]: unknown;
}

export interface DigitalClass {
  new (options: DigitalOptions): Digital;
  readonly Output: number;
}

/** Pulse-width modulation. */
export interface PWM {
  /** Bits of a value: 0 is always low, 2 to the power of this less 1 always high. */
  readonly resolution: number;
  write(value: number): void;
  close(): void;
}

export type PWMClass = new (options: { [option: string]: unknown }) => PWM;

/** What a board can switch; what is missing is not there. */
export interface Outputs {
  /** Relays. */
  readonly cooler?: IO<DigitalClass>;
  readonly heater?: IO<DigitalClass>;
  readonly fan?: IO<PWMClass>;
  /** A light by which the device can be told from others. */
  readonly light?: IO<DigitalClass>;
}

// --- sensors (ECMA-419, sensor class pattern) ----------------------------------------------------------------

/** What a sensor class of ours or of Moddable returns from `sample()`; see `sensors/sample.ts`. */
export type Sample = object | undefined;

export interface Sensor {
  /** The latest measurement, or `undefined` while there is none yet. May throw when the bus fails. */
  sample(): Sample;
  close(): void;
}

export interface SensorOptions {
  /** Something is wrong with the part; the next `sample()` may well succeed. */
  onError?: (reason: string) => void;
}

export type SensorClass<Options extends SensorOptions = SensorOptions> = new (options: Options) => Sensor;

// --- MQTT (ECMA-419, MQTT client) ----------------------------------------------------------------------------

export interface MQTTWill {
  topic: string;
  message: string | ArrayBuffer;
  QoS?: number;
  retain?: boolean;
}

/** What `onReadable` says of the message that arrives. Topic and flags come with its first bytes only. */
export interface MQTTReadableOptions {
  /** More bytes of this message follow in a later call. */
  more: boolean;
  topic?: string;
  QoS?: number;
  /** Length of the whole message in bytes. */
  byteLength?: number;
  /** The broker stored this message; it is not news. Absent with Moddable's client. */
  retain?: boolean;
  /** The broker sent this message before. Absent with Moddable's client. */
  duplicate?: boolean;
}

export interface MQTTControl {
  /** One of the client class's constants, such as `CONNACK`. */
  operation: number;
  /** Packet identifier, for the operations that have one. */
  id?: number;
  /** SUBACK: a return code for each topic filter, 0x80 for a refusal. */
  payload?: ArrayLike<number>;
  /** CONNACK: the broker still has this client's session. Absent with Moddable's client. */
  sessionPresent?: boolean;
}

export interface MQTTWriteOptions {
  /** Default: PUBLISH. */
  operation?: number;
  /** Packet identifier, 1 to 65535. Default: the next one. */
  id?: number;
  topic?: string;
  /** 0, 1 or 2. Default: 0. */
  QoS?: number;
  retain?: boolean;
  duplicate?: boolean;
  /** PUBLISH: length of the whole message where `data` is only its beginning. */
  byteLength?: number;
  /** SUBSCRIBE and UNSUBSCRIBE: the topic filters. */
  items?: readonly { topic: string; QoS?: number }[];
  /**
   * PUBLISH: more packets follow at once, and this one may wait for them, so that they travel together; `flush` writes
   * what waits. Only for a client that has `flush`, and ignored by others.
   */
  more?: boolean;
}

export interface MQTTClient {
  read(count: number): ArrayBuffer | undefined;
  /** @returns the bytes that can be written next */
  write(data: Bytes | null, options?: MQTTWriteOptions): number;
  /** Not of ECMA-419: writes what `more` has held back. @returns the bytes that can be written next */
  flush?(): number;
  close(): void;
}

export interface MQTTClientOptions {
  host: string;
  /** 1 to 65535. Default: 1883. */
  port?: number;
  /** Client identifier. */
  id: string;
  /** CleanSession. Default: true. */
  clean?: boolean;
  /** Milliseconds; 0 turns keep-alive off. */
  keepAlive?: number;
  user?: string;
  password?: string;
  will?: MQTTWill;
  dns: IO<ResolverClass>;
  socket: IO<TCPClass>;
  timer: Timer;
  clock: Clock;
  onReadable?(this: MQTTClient, count: number, options: MQTTReadableOptions): void;
  onWritable?(this: MQTTClient, count: number): void;
  onControl?(this: MQTTClient, message: MQTTControl): void;
  onError?(this: MQTTClient, reason?: Error): void;
  /** Further options of a particular client, such as our `session`, pass through. */
  [option: string]: unknown;
}

export interface MQTTClientClass {
  new (options: MQTTClientOptions): MQTTClient;
  readonly CONNACK: number;
  readonly PUBACK: number;
  readonly SUBSCRIBE: number;
  readonly SUBACK: number;
  readonly DISCONNECT: number;
}

// --- names ---------------------------------------------------------------------------------------------------

/** ECMA-419's DNS resolver. Neither callback runs before `resolve` has returned. */
export interface Resolver {
  resolve(options: {
    host: string;
    onResolved(host: string, address: string): void;
    onError(host: string): void;
  }): void;
}

export type ResolverClass = new (options: IO<ResolverClass>) => Resolver;

// --- time ----------------------------------------------------------------------------------------------------

export type TimerHandle = unknown;

/** Moddable's `timer` module fits. */
export interface Timer {
  /** Runs `callback` once after `delay` milliseconds, never before the caller has returned. */
  set(callback: () => void, delay: number): TimerHandle;
  /** Forgets a timer; harmless with `undefined`. A timer that has run must not be cleared. */
  clear(handle: TimerHandle): void;
}

export interface Clock {
  /** Milliseconds since some moment, as a 32-bit integer that wraps. Subtract with `elapsed` from `time.ts`. */
  ticks(): number;
  /** Milliseconds since 1970, or `undefined` while the clock has not been set. */
  now(): number | undefined;
}

/** A clock that the node has to set itself, because nothing else does. */
export interface SettableClock extends Clock {
  /** @param now milliseconds since 1970; the clock may keep whole seconds only */
  set(now: number): void;
}

// --- flash -------------------------------------------------------------------------------------------------------

/**
 * A partition of NOR flash, as `embedded:storage/flash` opens it: any bytes can be written at any position, which can
 * only turn ones into zeros; erasing a block turns all of it into ones. A power cut may leave either half done.
 */
export interface Flash {
  /** Fills `buffer` from `position` on. @throws where it cannot be read */
  read(buffer: Uint8Array, position: number): number;
  /** @throws where it cannot be written; some of it may have been */
  write(buffer: Uint8Array, position: number): void;
  /** Erases the blocks from number `start` up to but not including `end`, by default the one. @throws as `write` */
  eraseBlock(start: number, end?: number): void;
  status(): FlashStatus;
  close(): void;
}

export interface FlashStatus {
  /** Bytes of the partition. */
  readonly size: number;
  /** Bytes that are erased together. */
  readonly blockLength: number;
  /** Number of blocks. */
  readonly blocks: number;
}

// --- updates -----------------------------------------------------------------------------------------------------

/** SHA-256 (FIPS 180-4), in pieces. */
export interface Digest {
  write(data: Uint8Array): void;
  /** The 32 bytes; nothing can be written after it. */
  close(): Uint8Array;
}

/**
 * Two slots of flash for the application, of which one runs, and the bootloader's word on which is next: ESP-IDF's "App
 * OTA with rollback".
 */
export interface Slots {
  /** What runs has not been confirmed: the next reset, whatever its reason, goes back to the other slot. */
  readonly isPending: boolean;
  /**
   * The slot that does not run. To be opened only while nothing is pending: it is what the device goes back to.
   * @throws Error where it cannot be had, or is open already
   */
  open(): Flash;
  /** From the next reset on the other slot runs, pending. @throws Error where there is no image that can run */
  activate(): void;
  /** What runs stays. @throws Error where that cannot be written */
  confirm(): void;
  /** Resets the device into the other slot, at once. @throws Error where there is nothing to go back to */
  goBack(): void;
}

/** What a board has that can be updated over the air. */
export interface UpdateBoard {
  /** What an image must have been built for, such as `esp32c3`. */
  readonly kind: string;
  readonly slots: Slots;
  digest(): Digest;
  /**
   * Checks a signature by ECDSA on P-256 with SHA-256 (FIPS 186-5).
   * @param key the public key's uncompressed point: 0x04, x, y; 65 bytes (SEC 1, 2.3.3)
   * @param signature r and s, 32 bytes each, both from 1 up to but not including the curve's order, which the caller has checked
   */
  verify(key: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean;
}

// --- the rest of a board ---------------------------------------------------------------------------------------

/** Strings that survive a restart. Keys have at most 15 characters (ESP-IDF NVS). */
export interface KeyValue {
  read(key: string): string | undefined;
  write(key: string, value: string): void;
  delete(key: string): void;
}

/** Resets the device when it has not been fed for 30 s; it runs from the first feeding on. */
export interface HardwareWatchdog {
  feed(): void;
}

/** A network interface that must be brought up first, such as Wi-Fi. It reconnects by itself. */
export interface NetworkInterface {
  /** Starts it; `onChanged(true)` each time there is an address, `onChanged(false)` each time it is gone. */
  start(onChanged: (up: boolean) => void): void;
  /** Signal strength in dBm, while there is one. */
  readonly signal: number | undefined;
}

/** Where a serial port's lines or a sensor's samples come from: what `compose` needs to make the source. */
export interface SensorEntry {
  /** A class in ECMA-419's sensor pattern. */
  readonly io: SensorClass;
  /** Its constructor's options, such as `{sensor: {io, data, clock}}`. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The shortest useful time between two samples, in milliseconds. */
  readonly period: number;
  /** Temperatures outside of it are faults, in degrees Celsius: the datasheet's operating range. */
  readonly minimum: number;
  readonly maximum: number;
  /** 1 where the part gives relative humidity as 0 to 100; 100 where it gives 0 to 1 (Moddable's BME68x). */
  readonly humidityScale?: number;
  /** How many quantities a sample has, 1 to 3: the first of temperature, humidity, pressure. By default it may have all. */
  readonly quantities?: number;
}
