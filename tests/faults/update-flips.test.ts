/** Every single bit of a signed manifest, and of an image's first and last block, turned over: nothing is taken on. */

import { createHash } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import type { Flash, Slots } from "../../firmware/ports.js";
import { SlotImage } from "../../firmware/update/slot-image.js";
import { Updater } from "../../firmware/update/updater.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import { updateBoard } from "../../host-sim/boot/update-board.js";
import { NOW } from "../support/climate.js";
import { MemoryStorage } from "../support/memory-storage.js";
import { manifestFor, NEW, PUBLIC_PEM, updateWorld } from "../support/update-world.js";

const BLOCK = 4_096;

/** An Updater alone, and what it takes on. */
function bareUpdater() {
  const clock = new VirtualClock({ now: NOW });
  const net = new VirtualNetwork(clock);
  const storage = new MemoryStorage();
  const slots: Slots = {
    isPending: false,
    open: () => new VirtualFlash(128).open(),
    activate: () => {},
    confirm: () => {},
    goBack: () => {},
  };
  const updater = new Updater({
    board: updateBoard(slots),
    key: PUBLIC_PEM,
    base: "home/livingroom",
    version: "0.1.0",
    agent: "Hearth/0.1.0",
    storage,
    dns: { io: net.Resolver },
    socket: () => ({ io: net.TCP }),
    timer: clock.timer,
    clock,
    random: () => 0,
    monitor: {},
    trial: 600_000,
    spread: 0,
    reset: "power-on",
    isFromOutside: () => true,
    onChanged: () => {},
    restart: () => {},
    goBack: () => {},
  });
  updater.start();
  return {
    ...{ updater, storage, net },
    receive: (payload: Uint8Array) => {
      updater.subscription.onMessage({ topic: "home/livingroom/update", payload, QoS: 1, retain: true });
      clock.run(10_001);
    },
  };
}

describe("a signed manifest", () => {
  it("is refused with any of its bits turned over, and taken as it is", () => {
    const { updater, storage, net, receive } = bareUpdater();
    const payload = Buffer.from(manifestFor(NEW).payload);
    let flips = 0;
    for (let bit = 0; bit < payload.length * 8; bit++) {
      const turned = Uint8Array.from(payload);
      turned[bit >> 3] ^= 1 << (bit & 7);
      receive(turned);
      if (updater.word !== "refused") throw new Error(`bit ${bit} turned over is ${updater.word}`);
      flips += 1;
    }
    expect([storage.writes, net.connects]).toEqual([[], 0]);
    process.stdout.write(`bits of a manifest turned over: ${flips}, all refused\n`);
    receive(payload);
    expect([updater.word, storage.writes]).toEqual(["waiting", ["update"]]);
  });

  it("is refused with a byte more, a byte less, a line more, and in another form", () => {
    const { updater, receive } = bareUpdater();
    const { payload } = manifestFor(NEW);
    const [line, signature] = payload.split("\n");
    const others = [
      `${payload}\n`,
      `${payload}0`,
      payload.slice(0, -1),
      payload.slice(1),
      ` ${payload}`,
      `${line}\r\n${signature}`,
      `${line}\n\n${signature}`,
      `${line}\n${signature.toUpperCase()}`,
      `${line}\n${signature} `,
      `${signature}\n${line}`,
      `${line} \n${signature}`,
    ];
    for (const other of others) {
      receive(Buffer.from(other));
      expect([other, updater.word]).toEqual([other, "refused"]);
    }
  });
});

/** Flash whose every bit can be turned over. */
function openFlash(cells: Uint8Array): Flash {
  return {
    read: (into, position) => {
      into.set(cells.subarray(position, position + into.length));
      return into.length;
    },
    write: (data, position) => {
      for (let i = 0; i < data.length; i++) cells[position + i] &= data[i];
    },
    eraseBlock: (block) => {
      cells.fill(0xff, block * BLOCK, (block + 1) * BLOCK);
    },
    status: () => ({ size: cells.length, blockLength: BLOCK, blocks: cells.length / BLOCK }),
    close: () => {},
  };
}

function digestOf(image: SlotImage): Uint8Array {
  const hash = createHash("sha256");
  const digest = {
    write: (data: Uint8Array) => {
      hash.update(data);
    },
    close: () => Uint8Array.from(hash.digest()),
  };
  for (let at = 0; at < image.size; ) at = image.digestBlock(digest, at);
  return digest.close();
}

describe("an image", () => {
  it("is found out when it is read back with any bit of its first or last block turned over", () => {
    const size = 2 * BLOCK + 1_000;
    const data = NEW.subarray(0, size);
    const cells = new Uint8Array(8 * BLOCK).fill(0xff);
    const sha256 = Uint8Array.from(createHash("sha256").update(data).digest());
    const image = new SlotImage(openFlash(cells), size, sha256);
    while (!image.isComplete) {
      image.beginBlock();
      image.write(data.subarray(image.done, image.last + 1));
      image.endBlock();
    }
    expect(image.isDigest(digestOf(image))).toBe(true);
    image.release();
    const bits = [];
    for (let bit = 0; bit < BLOCK * 8; bit++) bits.push(bit);
    for (let bit = 2 * BLOCK * 8; bit < size * 8; bit++) bits.push(bit);
    for (const bit of bits) {
      cells[bit >> 3] ^= 1 << (bit & 7);
      if (image.isDigest(digestOf(image))) {
        // Of the first byte, what a cut had left undone is done again before the image may run.
        image.release();
        if (!data.every((byte, at) => cells[at] === byte)) throw new Error(`bit ${bit} is not found`);
      } else cells[bit >> 3] ^= 1 << (bit & 7);
    }
    process.stdout.write(`bits of an image turned over: ${bits.length}, all found\n`);
    expect(image.isDigest(digestOf(image))).toBe(true);
  });

  it.each([0, 5, 1_000, BLOCK - 1, NEW.length - BLOCK, NEW.length - 777, NEW.length - 1])(
    "that arrives with a bit of byte %d turned over never runs",
    (byte) => {
      const world = updateWorld();
      world.server.file = Uint8Array.from(NEW);
      world.server.file[byte] ^= 1 << (byte & 7);
      world.device.run(10_000);
      world.publish(manifestFor(NEW).payload);
      world.device.run(60_000);
      expect(world.said()).toMatchObject({ state: "failed", reason: expect.stringContaining("digest") });
      expect(world.device.versions).toEqual(["0.1.0"]);
    },
  );
});
