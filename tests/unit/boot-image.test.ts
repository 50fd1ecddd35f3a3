import { describe, expect, it } from "@jest/globals";
import { VERSION } from "../../firmware/version.js";
import { VirtualBoard } from "../../host-sim/boards/virtual/board.js";
import { bundleFirmware } from "../../host-sim/boot/bundle.js";
import {
  evaluateImage,
  LONGEST_HEADER,
  makeImage,
  parseHeader,
  parseImage,
} from "../../host-sim/boot/image.js";
import { MemoryBroker } from "../../host-sim/world/memory-broker.js";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

describe("an image", () => {
  const image = makeImage("1.20.65535", "var firmware = {boot() {}, é: 1};");

  it("begins with a line that says version, length and digest of the code behind it", () => {
    const [line, code] = text(image).split("\n");
    expect(line).toMatch(/^HEARTH-IMAGE host 1\.20\.65535 34 [0-9a-f]{64}$/);
    expect(code).toHaveLength(34);
    const parsed = parseImage(image);
    expect(parsed).toMatchObject({ version: "1.20.65535", length: 34, offset: line.length + 1 });
    expect(parsed.code).toBe("var firmware = {boot() {}, é: 1};");
  });

  it("may be followed by anything, as in a slot", () => {
    const slot = new Uint8Array(image.length + 1_000).fill(0xff);
    slot.set(image);
    expect(parseImage(slot)).toEqual(parseImage(image));
  });

  it("is refused with any bit of it turned over", () => {
    for (let bit = 0; bit < image.length * 8; bit++) {
      const damaged = image.slice();
      damaged[bit >> 3] ^= 1 << (bit & 7);
      // Its version is not in the digest: whoever signs an image signs all of it.
      try {
        expect(parseImage(damaged).version).not.toBe("1.20.65535");
      } catch (error) {
        expect((error as Error).message).toMatch(/^the image is|no image/);
      }
    }
  });

  it("is refused when it is cut off, erased or empty", () => {
    for (let length = 0; length < image.length; length++)
      expect(() => parseImage(image.subarray(0, length))).toThrow(/cut off|no image/);
    expect(() => parseImage(new Uint8Array(5_000).fill(0xff))).toThrow(/no image/);
    expect(() => parseImage(new Uint8Array(5_000))).toThrow(/no image/);
  });

  it("has a first line of bounded length", () => {
    const longest = makeImage("65535.65535.65535", " ".repeat(2_000_000));
    expect(parseHeader(longest.subarray(0, LONGEST_HEADER)).length).toBe(2_000_000);
  });

  it.each(["1.2", "1.2.3.4", "01.2.3", "1.2.x", "", "1.2.3\n", "1.2.100000"])(
    "has no version such as %j",
    (version) => {
      expect(() => makeImage(version, "")).toThrow(RangeError);
    },
  );

  it("throws what its code throws, and where the code is no firmware", () => {
    expect(() => evaluateImage(makeImage("1.0.0", 'throw new Error("on purpose");'))).toThrow("on purpose");
    expect(() => evaluateImage(makeImage("1.0.0", "var firmware = {};"))).toThrow(/no firmware/);
    expect(() => evaluateImage(makeImage("1.0.0", "var firmware;"))).toThrow(/no firmware/);
    expect(() => evaluateImage(makeImage("1.0.0", "1;"))).toThrow(/firmware is not defined/);
    expect(() => evaluateImage(makeImage("1.0.0", "}"))).toThrow(/Unexpected token/);
  });
});

describe("the firmware as an image", () => {
  it("has the version that it is given, by default its own, and the same bytes each time", async () => {
    const image = await bundleFirmware("7.8.9");
    expect(parseImage(image).version).toBe("7.8.9");
    expect(evaluateImage(image).version).toBe("7.8.9");
    expect(parseImage(await bundleFirmware()).version).toBe(VERSION);
    expect(Buffer.compare(image, await bundleFirmware("7.8.9"))).toBe(0);
    expect(Buffer.compare(image, await bundleFirmware("7.8.8"))).not.toBe(0);
  });

  it("names its parts by their place in the repository, wherever that is", async () => {
    const image = text(await bundleFirmware());
    const names = [...image.matchAll(/^ *\/\/ (\S+\.js)$/gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(50);
    for (const name of names) expect(name).toMatch(/^(firmware|host-sim\/boot)\//);
    expect(image).not.toContain(process.cwd());
  });

  it("fits into a slot of 512 KB", async () => {
    expect((await bundleFirmware()).length).toBeLessThan(500_000);
  });

  it("runs: a node made of it alone delivers readings", async () => {
    const firmware = evaluateImage(await bundleFirmware("7.8.9"));
    const board = new VirtualBoard({ client: firmware.MQTTClient });
    const broker = new MemoryBroker();
    board.net.listen("10.0.0.1", 1883, broker.accept);
    const image = { broker: "mqtt://10.0.0.1", interval: "1s", diagnostics: "10s" };
    const { problems, compose } = firmware.boot({ board, image, monitor: {}, version: firmware.version });
    expect(problems).toEqual([]);
    compose().start();
    board.world.run(60_000);
    expect(broker.payloads("home/livingroom/temperature").length).toBeGreaterThan(30);
    expect(broker.payloads("home/livingroom/diagnostics").at(-1)).toContain('"version":"7.8.9"');
  });
});
