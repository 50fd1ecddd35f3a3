/**
 * The modules of the Moddable SDK that boards and main use, for checking without an SDK; cut down to what is used, and as
 * SDK 8.2.3 behaves. mcconfig does not read this file: it checks against the SDK's own.
 */

declare function trace(...values: unknown[]): void;

declare const System: {
  /** The address is `undefined` where there is none. */
  resolve(name: string, callback: (name: string, address: string | undefined) => void): void;
};

declare module "mc/config" {
  const config: object;
  export default config;
}

/** mcconfig makes it of `ffi` in manifest.json. */
declare module "mc/ffi" {
  export default class FFI {
    esp_reset_reason(): number;
    esp_restart(): void;
    esp_get_free_heap_size(): number;
    hearth_feed_watchdog(): void;
    esp_ota_mark_app_valid_cancel_rollback(): number;
    /** Returns only where it could not. */
    esp_ota_mark_app_invalid_rollback_and_reboot(): number;
    hearth_chip(): string;
    hearth_is_pending(): number;
    hearth_activate(): number;
  }
}

declare module "timer" {
  class Timer {
    static set(callback: () => void, delay: number): Timer;
    static clear(timer: unknown): void;
    private constructor();
  }
  export default Timer;
}

declare module "time" {
  const Time: {
    /** Milliseconds, a 32-bit integer that wraps. */
    readonly ticks: number;
    delta(start: number, end: number): number;
    /** Sets the clock, in seconds since 1970. Does nothing on a desktop. */
    set(seconds: number): void;
  };
  export default Time;
}

declare module "embedded:io/socket/tcp" {
  export default class TCP {
    constructor(options: object);
  }
}

declare module "embedded:io/socket/udp" {
  export default class UDP {
    constructor(options: object);
  }
}

declare module "embedded:io/serial" {
  export default class Serial {
    constructor(options: object);
    read(byteLength?: number): ArrayBuffer | undefined;
    close(): void;
  }
}

declare module "embedded:io/digital" {
  export default class Digital {
    constructor(options: object);
  }
}

declare module "embedded:io/pwm" {
  export default class PWM {
    constructor(options: object);
  }
}

declare module "embedded:io/i2c" {
  export default class I2C {
    constructor(options: object);
  }
}

declare module "embedded:io/smbus" {
  export default class SMBus {
    constructor(options: object);
  }
}

declare module "embedded:storage/key-value" {
  const storage: {
    open(options: { path: string; format?: "string" }): object;
  };
  export default storage;
}

declare module "embedded:storage/flash" {
  const flash: {
    open(options: { path: string; mode?: "r" | "r+" }): object;
  };
  export default flash;
}

/** Its only export is the default one, a `Directory`, which the SDK's types leave out. */
declare module "embedded:storage/files" {
  export interface Status {
    size: number;
    isFile(): boolean;
  }
  export class File {
    read(count: number, position: number): ArrayBuffer;
    /** Returns the bytes read: fewer at the end of the file. */
    read(buffer: Uint8Array, position: number): number;
    write(buffer: Uint8Array, position: number): void;
    status(): Status;
    close(): void;
    private constructor();
  }
  export class Directory {
    openFile(options: { path: string; mode?: "r" | "r+" | "w" | "w+" }): File;
    openDirectory(options: { path: string }): Directory;
    /** One level; harmless where it is there. */
    createDirectory(path: string): boolean;
    delete(path: string): boolean;
    /** Takes the place of what has the name. */
    move(from: string, to: string): void;
    status(path: string): Status;
    private constructor();
  }
}

declare module "embedded:network/interface/wifi" {
  export default class WiFi {
    constructor(options: { onChanged?: (property: string) => void });
    connect(options: { SSID: string; password?: string }): void;
    disconnect(): void;
    /** 200 idle, 300 connecting, 400 associated, 500 has an address. */
    readonly connection: number;
    readonly MAC: string | undefined;
    readonly RSSI: number | undefined;
  }
}

declare module "embedded:network/mqtt/client" {
  export default class MQTTClient {
    constructor(options: object);
  }
}

declare module "ssl/session" {
  interface Socket {
    readable: number;
    writable: number;
    read(into: Uint8Array): void;
    write(packet: Uint8Array): number;
  }
  /** TLS 1.2 over a socket of the caller's, as `modules/crypt/ssl/session_419.js` has it. */
  export default class Session {
    constructor(options: object);
    initiateHandshake(): void;
    /** Takes one step; true at the end, also at one that is an alert. */
    handshake(socket: Socket): boolean;
    /** What one record holds; `null` after an alert. */
    read(socket: Socket): Uint8Array | null | undefined;
    write(socket: Socket, data: Uint8Array | ArrayBuffer, options?: object): number;
    readonly alert: { level: number; description: number } | undefined;
  }
}

declare module "rng" {
  const RNG: { get(count: number): ArrayBuffer; init(seed: ArrayBuffer): void };
  export default RNG;
}

declare module "crypt" {
  export class Digest {
    constructor(kind: "SHA256" | "SHA384" | "SHA512");
    write(data: ArrayBuffer): void;
    close(): ArrayBuffer;
  }
}

declare module "ecp" {
  export default class ECPoint {
    constructor(x: bigint, y: bigint);
    static fromOctetString(bytes: Uint8Array): ECPoint;
  }
}

declare module "curve" {
  export default class Curve {
    constructor(name: string);
  }
}

declare module "ecdsa" {
  export default class ECDSA {
    constructor(key: object, curve: object);
    verify(hash: ArrayBuffer, signature: ArrayBufferLike): boolean;
  }
}

declare module "pkcs1_5" {
  export default class PKCS1_5 {
    constructor(key: object, isPrivate: boolean, oid: readonly number[]);
    verify(hash: ArrayBuffer, signature: Uint8Array): boolean;
  }
}
