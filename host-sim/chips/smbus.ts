import { type ByteBuffer, I2C } from "./i2c.js";
import { bytesOf } from "./options.js";

/** ECMA-419's SMBus class: an I2C device with 8-bit register addresses. */
export class SMBus extends I2C {
  readUint8(register: number): number {
    const byte = new Uint8Array(1);
    this.writeRead(Uint8Array.of(register), byte);
    return byte[0];
  }

  readUint16(register: number, bigEndian = false): number {
    const word = new Uint8Array(2);
    this.writeRead(Uint8Array.of(register), word);
    return bigEndian ? (word[0] << 8) | word[1] : (word[1] << 8) | word[0];
  }

  /** Fills the caller's buffer and returns its length, or reads so many bytes into a new one. */
  readBuffer(register: number, buffer: ByteBuffer): number;
  readBuffer(register: number, byteLength: number): ArrayBuffer;
  readBuffer(register: number, what: ByteBuffer | number): number | ArrayBuffer {
    return this.writeRead(Uint8Array.of(register), what as number);
  }

  writeUint8(register: number, value: number): void {
    this.write(Uint8Array.of(register, value));
  }

  writeUint16(register: number, value: number, bigEndian = false): void {
    const high = value >> 8;
    this.write(bigEndian ? Uint8Array.of(register, high, value) : Uint8Array.of(register, value, high));
  }

  writeBuffer(register: number, buffer: ByteBuffer): void {
    const bytes = bytesOf(buffer);
    const all = new Uint8Array(1 + bytes.length);
    all[0] = register;
    all.set(bytes, 1);
    this.write(all);
  }

  sendByte(command: number): void {
    this.write(Uint8Array.of(command));
  }

  receiveByte(): number {
    const byte = new Uint8Array(1);
    this.read(byte);
    return byte[0];
  }

  /** The read and write bit alone is the message. */
  readQuick(): void {
    this.read(0);
  }

  writeQuick(): number | undefined {
    return this.write(new Uint8Array(0));
  }
}
