/** What holds for every IO class, in one table. */

import { afterEach, describe, expect, it } from "@jest/globals";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { VirtualLine } from "../../host-sim/boards/virtual/serial.js";
import { Bus } from "../../host-sim/chips/bus.js";
import { Pins } from "../../host-sim/chips/pins.js";
import { Radio } from "../../host-sim/chips/radio.js";
import { SPIBus } from "../../host-sim/chips/spi-bus.js";
import { Listener } from "../../host-sim/io/listener.js";
import { TCP } from "../../host-sim/io/tcp.js";
import { TLS } from "../../host-sim/io/tls.js";
import { UDP } from "../../host-sim/io/udp.js";
import { thrown } from "../support/thrown.js";

interface Rules {
  /** Options that are enough. */
  options: () => Record<string, unknown>;
  io: new (options: never) => object;
  /** Methods and getters, each with arguments that it takes. */
  methods: Readonly<Record<string, readonly unknown[]>>;
  getters?: readonly string[];
  callbacks?: readonly string[];
  /** The default one first. */
  formats?: readonly string[];
}

const pins = new Pins();
const bus = new Bus(pins);
const spi = new SPIBus(pins);
bus.attach(0x40, { write: () => true, read: () => true });
const radio = new Radio({ set: setTimeout, clear: () => {} }, "02:00:00:00:00:02");
const clock = new VirtualClock();
const line = new VirtualLine(clock);
const closedPort = 9;
const bytes = Uint8Array.of(1, 2);

const socket: Pick<Rules, "methods" | "getters" | "callbacks" | "formats"> = {
  methods: { read: [], write: [bytes], close: [] },
  getters: ["format", "remoteAddress", "remotePort"],
  callbacks: ["onReadable", "onWritable", "onError"],
  formats: ["buffer", "number"],
};

const CLASSES: Readonly<Record<string, Rules>> = {
  Analog: {
    io: pins.Analog,
    options: () => ({ pin: 34 }),
    methods: { read: [], close: [] },
    getters: ["resolution"],
    formats: ["number"],
  },
  Digital: {
    io: pins.Digital,
    options: () => ({ pin: 2, mode: pins.Digital.Input, edge: pins.Digital.Rising }),
    methods: { read: [], write: [1], close: [] },
    callbacks: ["onReadable"],
    formats: ["number"],
  },
  DigitalBank: {
    io: pins.DigitalBank,
    options: () => ({ pins: 0b110, mode: pins.DigitalBank.Input, rises: 0b100 }),
    methods: { read: [], write: [1], close: [] },
    callbacks: ["onReadable"],
    formats: ["number"],
  },
  PWM: {
    io: pins.PWM,
    options: () => ({ pin: 2 }),
    methods: { write: [1], close: [] },
    getters: ["hz", "resolution"],
    formats: ["number"],
  },
  I2C: {
    io: bus.I2C,
    options: () => ({ data: 21, clock: 22, hz: 100_000, address: 0x40 }),
    methods: { read: [1], write: [bytes], writeRead: [bytes, 1], close: [] },
    formats: ["buffer"],
  },
  SMBus: {
    io: bus.SMBus,
    options: () => ({ data: 21, clock: 22, hz: 100_000, address: 0x40 }),
    methods: { read: [1], write: [bytes], close: [] },
    formats: ["buffer"],
  },
  SPI: {
    io: spi.SPI,
    options: () => ({ clock: 18, in: 19, out: 23, hz: 1_000_000 }),
    methods: { read: [1], write: [bytes], transfer: [bytes], flush: [], close: [] },
    formats: ["buffer"],
  },
  Serial: {
    io: line.Serial,
    options: () => ({ baud: 9_600 }),
    methods: { read: [], write: [bytes], close: [] },
    getters: ["format"],
    callbacks: ["onReadable", "onWritable", "onError"],
    formats: ["buffer", "number"],
  },
  TCP: { io: TCP, options: () => ({ address: "127.0.0.1", port: closedPort }), ...socket },
  TLS: { io: TLS, options: () => ({ address: "127.0.0.1", port: closedPort, host: "localhost" }), ...socket },
  Listener: {
    io: Listener,
    options: () => ({}),
    methods: { read: [], close: [] },
    getters: ["port"],
    callbacks: ["onReadable", "onError"],
    formats: ["socket/tcp"],
  },
  UDP: {
    io: UDP,
    options: () => ({}),
    methods: { read: [], write: [bytes, "127.0.0.1", closedPort], close: [] },
    callbacks: ["onReadable", "onError"],
    formats: ["buffer"],
  },
  WiFi: {
    io: radio.WiFi,
    options: () => ({}),
    methods: {
      scan: [{ onFound: () => {} }],
      connect: [{ SSID: "Casa" }],
      disconnect: [],
      configure: [{}],
      close: [],
    },
    getters: ["connection", "address", "MAC", "SSID", "BSSID", "RSSI", "channel"],
    callbacks: ["onChanged"],
  },
};

const open: { close(): void }[] = [];

function make({ io, options }: Rules, more: object = {}): Record<string, unknown> & { close(): void } {
  const made = new io({ ...options(), ...more } as never) as ReturnType<typeof make>;
  open.push(made);
  return made;
}

afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

const FOREIGN: readonly unknown[] = [{}, [], "a string", 5, undefined, null, new Date()];

describe.each(Object.entries(CLASSES))("%s", (_name, rules) => {
  const { io, methods, getters = [], callbacks = [], formats = [] } = rules;
  const call = (name: string, receiver: unknown, args: readonly unknown[]) =>
    (io.prototype as Record<string, (...args: unknown[]) => unknown>)[name].apply(receiver, [...args]);

  it("wants options: SyntaxError without, TypeError for null", () => {
    expect(thrown(() => new io(undefined as never))).toBe("SyntaxError");
    expect(thrown(() => new io(null as never))).toBe("TypeError");
  });

  it("can be closed twice", () => {
    const made = make(rules);
    made.close();
    expect(thrown(() => made.close())).toBe("nothing");
  });

  const rest = Object.entries(methods).filter(([name]) => name !== "close");

  it.each(rest)("refuses %s with SyntaxError once it is closed", (name, args) => {
    const made = make(rules);
    made.close();
    expect(thrown(() => call(name, made, args))).toBe("SyntaxError");
  });

  it.each(Object.entries(methods))(
    "refuses %s on what is of another class with SyntaxError",
    (name, args) => {
      for (const receiver of FOREIGN) expect(thrown(() => call(name, receiver, args))).toBe("SyntaxError");
    },
  );

  if (getters.length > 0)
    it.each(getters)("tells %s while it is open only, and cannot be told it", (name) => {
      const made = make(rules);
      expect(thrown(() => made[name])).toBe("nothing");
      if (name !== "format")
        expect(
          thrown(() => {
            made[name] = 1;
          }),
        ).toBe("TypeError");
      made.close();
      expect(thrown(() => made[name])).toBe("SyntaxError");
    });

  if (callbacks.length > 0)
    it.each(callbacks)("takes a function as %s, or nothing; everything else is Error", (name) => {
      for (const value of [5, "later", {}, true])
        expect(thrown(() => make(rules, { [name]: value }))).toBe("Error");
      for (const value of [undefined, null, () => {}]) {
        const made = make(rules, { [name]: value });
        made.close();
      }
    });

  if (formats.length > 0) {
    it(`has the formats ${formats.join(" and ")}, the first by default, and no other`, () => {
      expect(make(rules)["format"]).toBe(formats[0]);
      for (const one of open.splice(0)) one.close();
      for (const format of formats) {
        const made = make(rules, { format });
        expect(made["format"]).toBe(format);
        made["format"] = formats[0];
        expect(made["format"]).toBe(formats[0]);
        made.close();
      }
      for (const format of ["string", "nonsense"])
        expect(thrown(() => make(rules, { format }))).toBe("RangeError");
    });

    it("keeps its format where another is refused", () => {
      const made = make(rules);
      for (const format of [null, undefined, 123, "string;ascii", "nonsense"])
        expect(
          thrown(() => {
            made["format"] = format;
          }),
        ).toBe("RangeError");
      expect(made["format"]).toBe(formats[0]);
    });

    it("keeps the application's target, and has none without", () => {
      const target = {};
      const made = make(rules, { target });
      expect(made["target"]).toBe(target);
      made.close();
      expect("target" in make(rules)).toBe(false);
    });
  }

  it("leaves what it asked for free when its options are refused", () => {
    if (formats.length === 0) return;
    expect(thrown(() => make(rules, { format: "nonsense" }))).toBe("RangeError");
    expect(thrown(() => make(rules))).toBe("nothing");
  });
});
