/**
 * An I2C bus with simulated parts on it, and ECMA-419's I2C and SMBus classes to speak to them. Nothing of Node, so
 * that Moddable's desktop simulator uses it too.
 */

/** A part on the bus, at the level of its bytes. */
export interface Chip {
  /** A write transfer; false where the part does not acknowledge. */
  write(data: Uint8Array): boolean;
  /** A read transfer, which fills `into`; false where the part does not acknowledge its address. */
  read(into: Uint8Array): boolean;
}

export interface BusOptions {
  /** 7-bit address of the device that the instance speaks to. */
  address: number;
  hz?: number;
  data?: number;
  clock?: number;
}

/** Sees each transfer and may alter its bytes, as a disturbed wire does. */
export type Disturbance = (address: number, bytes: Uint8Array, isRead: boolean) => void;

type ByteBuffer = ArrayBuffer | Uint8Array;

export class Bus {
  #chips: (Chip | undefined)[] = [];
  /** ECMA-419's I2C class, on this bus. */
  readonly I2C: new (
    options: BusOptions,
  ) => I2C;
  /** ECMA-419's SMBus class, on this bus. */
  readonly SMBus: new (
    options: BusOptions,
  ) => SMBus;
  disturbance: Disturbance | undefined;

  constructor() {
    const bus = this;
    this.I2C = class extends I2C {
      constructor(options: BusOptions) {
        super(bus, options);
      }
    };
    this.SMBus = class extends SMBus {
      constructor(options: BusOptions) {
        super(bus, options);
      }
    };
  }

  /** Solders a part on, in place of what was at this address. */
  attach(address: number, chip: Chip): void {
    this.#chips[address] = chip;
  }

  /** Takes the part at this address off: nothing acknowledges there any more. */
  detach(address: number): void {
    this.#chips[address] = undefined;
  }

  /** @throws Error where nothing acknowledges */
  write(address: number, data: Uint8Array): void {
    const bytes = data.slice();
    this.disturbance?.(address, bytes, false);
    if (!this.#chips[address]?.write(bytes))
      throw new Error(`no answer on I2C address 0x${address.toString(16)}`);
  }

  /** @throws Error where nothing acknowledges */
  read(address: number, into: Uint8Array): void {
    if (!this.#chips[address]?.read(into))
      throw new Error(`no answer on I2C address 0x${address.toString(16)}`);
    this.disturbance?.(address, into, true);
  }
}

function bytesOf(data: ByteBuffer): Uint8Array {
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

/** One device on the bus. */
export class I2C {
  #bus: Bus | undefined;
  #address: number;

  constructor(bus: Bus, options: BusOptions) {
    const { address, hz } = options;
    if (typeof address !== "number") throw new TypeError("address is not a number");
    if (!(address >= 0 && address <= 0x7f)) throw new RangeError(`address ${address}; 0 to 127`);
    if (hz !== undefined && !(hz > 0)) throw new RangeError(`hz ${hz}`);
    this.#bus = bus;
    this.#address = address;
  }

  get format(): "buffer" {
    return "buffer";
  }

  set format(value: "buffer") {
    if (value !== "buffer") throw new RangeError("format is always buffer");
  }

  /** Reads `byteLength` bytes into a new buffer, or fills the caller's and returns its length. */
  read(buffer: ByteBuffer, stop?: boolean): number;
  read(byteLength: number, stop?: boolean): ArrayBuffer;
  read(what: number | ByteBuffer, _stop = true): number | ArrayBuffer {
    const into = typeof what === "number" ? new Uint8Array(what) : bytesOf(what);
    this.#open().read(this.#address, into);
    return typeof what === "number" ? (into.buffer as ArrayBuffer) : into.length;
  }

  write(buffer: ByteBuffer, _stop = true): void {
    this.#open().write(this.#address, bytesOf(buffer));
  }

  close(): void {
    this.#bus = undefined;
  }

  #open(): Bus {
    if (!this.#bus) throw new TypeError("the bus is closed");
    return this.#bus;
  }
}

/** A device with 8-bit register addresses. */
export class SMBus extends I2C {
  readUint8(register: number): number {
    super.write(Uint8Array.of(register), false);
    const byte = new Uint8Array(1);
    super.read(byte);
    return byte[0];
  }

  readUint16(register: number, bigEndian = false): number {
    super.write(Uint8Array.of(register), false);
    const word = new Uint8Array(2);
    super.read(word);
    return bigEndian ? (word[0] << 8) | word[1] : (word[1] << 8) | word[0];
  }

  readBuffer(register: number, buffer: ByteBuffer): number {
    super.write(Uint8Array.of(register), false);
    return super.read(buffer);
  }

  writeUint8(register: number, value: number): void {
    super.write(Uint8Array.of(register, value));
  }

  writeUint16(register: number, value: number, bigEndian = false): void {
    const high = value >> 8;
    super.write(bigEndian ? Uint8Array.of(register, high, value) : Uint8Array.of(register, value, high));
  }

  writeBuffer(register: number, buffer: ByteBuffer): void {
    const bytes = bytesOf(buffer);
    const all = new Uint8Array(1 + bytes.length);
    all[0] = register;
    all.set(bytes, 1);
    super.write(all);
  }

  sendByte(command: number): void {
    super.write(Uint8Array.of(command));
  }

  receiveByte(): number {
    const byte = new Uint8Array(1);
    super.read(byte);
    return byte[0];
  }
}
