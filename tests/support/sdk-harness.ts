/**
 * What the Moddable SDK's own tests of its IO classes (tests/modules/io) expect of their surroundings, in the shape of
 * test262's harness. `--import` loads it after `host-sim/register.js`, in a process of its own for each test: status 0 is
 * a pass, and everything else fails with its reason in the last line.
 */

import dgram from "node:dgram";
import http from "node:http";
import { bus, pins, radio, spi } from "../../host-sim/device/board.js";
import Timer from "../../host-sim/device/modules/timer.js";

const [, , kind] = process.argv;

function fail(reason: unknown): never {
  process.stderr.write(`${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}\n`);
  process.exit(1);
}

let isDone = kind !== "async";

function done(reason?: unknown): void {
  isDone = true;
  if (reason !== undefined) fail(reason);
  process.exit(0);
}

process.on("beforeExit", () => {
  if (!isDone) fail("the test ended without $DONE");
});

function assert(value: unknown, message = "not true"): void {
  if (value !== true) throw new Error(String(message));
}

assert.sameValue = (one: unknown, other: unknown, message = ""): void => {
  if (!Object.is(one, other)) throw new Error(`${String(one)} is not ${String(other)}: ${message}`);
};

assert.compareArray = (one: unknown[], other: unknown[], message = ""): void => {
  assert.sameValue(one.join(), other.join(), message);
};

/** As in test262: the class itself, and none that extends it. */
assert.throws = (expected: new () => Error, action: () => unknown, message = ""): void => {
  try {
    action();
  } catch (error) {
    if ((error as Error).constructor === expected) return;
    throw new Error(`${String(error)} is no ${expected.name}: ${message}`, { cause: error });
  }
  throw new Error(`nothing was thrown, and not ${expected.name}: ${message}`);
};

/** A network and its password, in the air of this test. */
const NETWORK = { ssid: "bench", password: "correct horse" };

radio.accessPoints = [
  { SSID: NETWORK.ssid, password: NETWORK.password, BSSID: "02:00:00:00:00:01", RSSI: -58, channel: 6 },
];
// The jumpers that the tests ask for.
pins.connect(12, 13);
pins.connect(16, 17);
pins.connect(26, 27);
spi.attach(5, { transfer: () => {} });
bus.attach(53, { write: () => true, read: () => true });

class HostObject {}
class HostObjectChunk {}
class HostBuffer {}

Object.assign(globalThis, {
  assert,
  $DONE: done,
  $DO:
    (test: (...args: unknown[]) => void) =>
    (...args: unknown[]) => {
      try {
        test(...args);
      } catch (error) {
        done(error);
      }
      done();
    },
  $NETWORK: {
    connected: Promise.resolve(),
    wifi: async () => NETWORK,
    resolve: async () => "127.0.0.1",
    invalidDomain: "fail.invalid",
  },
  $TESTMC: {
    timeout: (delay: number, message = "timeout") => Timer.set(() => done(message), delay),
    HostObject,
    HostObjectChunk,
    HostBuffer,
    wifiInvalidConnectionTimeout: 30_000,
    wifiConnectionTimeout: 20_000,
    wifiScanTimeout: 10_000,
    config: {
      digital: [12, 13, 16, 17, 26, 27],
      i2c: { hz: 100_000, address: 53, unusedAddress: 99 },
      pwm: {
        from: true,
        pins: [18, 12, 13],
        ports: [4, 5],
        resolutions: [10, 11, 12],
        hzs: [10_000, 200, 17],
      },
      spi: { select: 5, ports: [1, 2], invalidPorts: [4, -1], hzs: [1_000, 10_000, 20_000] },
      invalidPins: [-10, 500],
    },
  },
});

// The web server and the time server that some tests speak to.
if (kind !== "sync") {
  const web = http.createServer((_request, response) => response.end("hello"));
  const time = dgram.createSocket("udp4");
  time.on("message", (packet, { address, port }) => time.send(packet, port, address));
  await new Promise<void>((resolve) => {
    web.on("error", fail).listen(80, "127.0.0.1", resolve);
  });
  await new Promise<void>((resolve) => {
    time.on("error", fail).bind(123, "127.0.0.1", resolve);
  });
  web.unref();
  time.unref();
}
