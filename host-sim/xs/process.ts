/**
 * The XS engine of Moddable, as the `xsnap-worker` program of `@agoric/xsnap`: a process that evaluates scripts, exchanges
 * messages and meters what it computes. Spoken to synchronously, so that a firmware on XS is called like one on Node: who
 * lets time pass on a virtual clock gets it back when the firmware has done all that was due.
 *
 * The package's own client is asynchronous, and it freezes the built-in objects of the Node that it runs in.
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Heap, heapOf } from "./snapshot.js";

/** What the worker counted during one message. */
export interface Meter {
  /** Bytecodes that were run. */
  readonly steps: number;
  /** Slots of the heap that are taken, garbage included until the next `gc()`. */
  readonly slots: number;
}

/**
 * Steps between two looks at the limit, and the limit of one message: beyond that the firmware is in an endless loop. The
 * worker's numbers have 31 bits.
 */
const LOOK_EVERY = 65_536;
const STEPS_LIMIT = 2_000_000_000;

/** Where `scripts/xs-engine.mjs` installs it, seen from the compiled file. */
const ENGINE = new URL("../../../host-sim/xs/engine/node_modules/@agoric/xsnap/", import.meta.url);

const FOLDERS: Partial<Record<NodeJS.Platform, string>> = { linux: "lin", darwin: "mac" };

/**
 * The worker's program.
 * @throws Error that says what is missing and what to do
 */
export function xsProgram(): string {
  const folder = FOLDERS[process.platform];
  if (folder === undefined)
    throw new Error(`the XS engine does not run on ${process.platform}: it has builds for Linux and macOS`);
  const program = new URL(`xsnap-native/xsnap/build/bin/${folder}/release/xsnap-worker`, ENGINE);
  if (fs.existsSync(program)) return fileURLToPath(program);
  throw new Error("the XS engine is not installed: npm run xs builds it, which takes a C compiler and make");
}

export function hasXS(): boolean {
  try {
    xsProgram();
    return true;
  } catch {
    return false;
  }
}

const COLON = 0x3a;
const COMMA = 0x2c;

export class XSProcess {
  /** Of the last message. */
  meter: Meter = { steps: 0, slots: 0 };
  #child: ChildProcess;
  #toWorker: number;
  #fromWorker: number;
  /** Read and not yet parsed: from `#head` to `#tail`. */
  #input = Buffer.allocUnsafe(65_536);
  #head = 0;
  #tail = 0;
  #isOpen = true;
  #onRequest: (request: Uint8Array) => Uint8Array;

  /**
   * @param onRequest answers what a script hands to `issueCommand`, which waits for it; it must not send a message
   * @throws Error where the engine is not there
   */
  constructor(onRequest: (request: Uint8Array) => Uint8Array) {
    const program = xsProgram();
    this.#onRequest = onRequest;
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "hearth-xs-"));
    try {
      const [down, up] = [path.join(folder, "down"), path.join(folder, "up")];
      const { status } = spawnSync("mkfifo", [down, up]);
      if (status !== 0) throw new Error("mkfifo failed, which makes the pipes to the XS engine");
      const toWorker = openPipe(down);
      const fromWorker = openPipe(up);
      this.#toWorker = toWorker.write;
      this.#fromWorker = fromWorker.read;
      this.#child = spawn(program, ["hearth", "-i", String(LOOK_EVERY), "-l", String(STEPS_LIMIT)], {
        // It says on its standard error that it ends, which comes as an error here.
        stdio: ["ignore", "ignore", "ignore", toWorker.read, fromWorker.write],
      });
      fs.closeSync(toWorker.read);
      fs.closeSync(fromWorker.write);
      this.#child.unref();
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  }

  /** Whether the engine has not ended. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Runs a script. @throws Error with what it throws */
  evaluate(script: string): void {
    this.#exchange("e", Buffer.from(script));
  }

  /** Hands a message to the script's `handleCommand`. @returns its answer. @throws Error with what it throws */
  call(message: Uint8Array): Uint8Array {
    return this.#exchange("?", message);
  }

  /** Collects garbage, and counts what is left, as a device would. */
  heap(): Heap {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "hearth-xs-"));
    try {
      const file = path.join(folder, "snapshot");
      this.#exchange("w", Buffer.from(file));
      return heapOf(fs.readFileSync(file));
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  }

  /** Ends it; harmless when called again. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    fs.closeSync(this.#toWorker);
    fs.closeSync(this.#fromWorker);
    this.#child.kill("SIGKILL");
  }

  #exchange(command: string, argument: Uint8Array): Uint8Array {
    this.#send(command, argument);
    for (;;) {
      const message = this.#receive();
      const body = message.subarray(1);
      switch (String.fromCharCode(message[0])) {
        case "?":
          this.#send("/", this.#onRequest(body));
          break;
        case ".":
          return this.#metered(body);
        case "!":
          throw new Error(body.toString());
        default:
          throw new Error(`the XS engine said ${message.toString()}`);
      }
    }
  }

  /** An answer is JSON, which the meter fills, a byte of 1, and what the script returned. */
  #metered(body: Buffer): Uint8Array {
    const end = body.indexOf(1);
    const { compute, currentHeapCount } = JSON.parse(body.toString("latin1", 0, end)) as {
      compute: number;
      currentHeapCount: number;
    };
    this.meter = { steps: compute, slots: currentHeapCount };
    return body.subarray(end + 1);
  }

  // --- netstrings: the length in decimal, a colon, so many bytes, a comma -------------------------------------------

  #send(command: string, argument: Uint8Array): void {
    if (!this.#isOpen) throw new Error("the XS engine has ended");
    const head = Buffer.from(`${argument.length + 1}:${command}`);
    const packet = Buffer.concat([head, argument, Buffer.from(",")]);
    try {
      for (let at = 0; at < packet.length; ) at += fs.writeSync(this.#toWorker, packet, at);
    } catch {
      this.#ended();
    }
  }

  /** @returns a view that holds until the next message */
  #receive(): Buffer {
    let colon = this.#find(COLON);
    while (colon < 0) {
      this.#fill(1);
      colon = this.#find(COLON);
    }
    const length = Number(this.#input.toString("latin1", this.#head, colon));
    const start = colon + 1 - this.#head;
    while (this.#tail - this.#head < start + length + 1) this.#fill(start + length + 1);
    const body = this.#input.subarray(this.#head + start, this.#head + start + length);
    this.#head += start + length + 1;
    if (this.#input[this.#head - 1] !== COMMA) throw new Error("the XS engine's answer is out of step");
    return body;
  }

  #find(byte: number): number {
    const at = this.#input.indexOf(byte, this.#head);
    return at < this.#tail ? at : -1;
  }

  /** Reads more. @param needed bytes of the message that there must be room for */
  #fill(needed: number): void {
    if (this.#head > 0) {
      this.#input.copyWithin(0, this.#head, this.#tail);
      this.#tail -= this.#head;
      this.#head = 0;
    }
    if (needed > this.#input.length) {
      const larger = Buffer.allocUnsafe(needed * 2);
      this.#input.copy(larger, 0, 0, this.#tail);
      this.#input = larger;
    }
    const count = fs.readSync(
      this.#fromWorker,
      this.#input,
      this.#tail,
      this.#input.length - this.#tail,
      null,
    );
    if (count === 0) this.#ended();
    this.#tail += count;
  }

  #ended(): never {
    this.close();
    throw new Error(
      "the XS engine has ended: its memory or stack is full, or the firmware is in an endless loop",
    );
  }
}

/** Opens a named pipe at both ends, each of which waits, as a child process and `readSync` need it. */
function openPipe(file: string): { read: number; write: number } {
  const { O_NONBLOCK, O_RDONLY, O_WRONLY } = fs.constants;
  // Whoever opens one end first waits for the other: not with this flag, which must not stay.
  const first = fs.openSync(file, O_RDONLY | O_NONBLOCK);
  const write = fs.openSync(file, O_WRONLY);
  const read = fs.openSync(file, O_RDONLY);
  fs.closeSync(first);
  return { read, write };
}
