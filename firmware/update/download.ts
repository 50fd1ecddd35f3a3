/**
 * Brings an image into the slot that does not run, and reads it back. It goes on by itself after whatever the network and
 * the server do; what is wrong with the image, or with the flash, is told to whoever wants it, who decides.
 */

import { Alarm } from "../alarm.js";
import type { HTTPAddress } from "../codec/http-url.js";
import { errorText } from "../error-text.js";
import { Backoff } from "../links/backoff.js";
import type { Clock, Digest, Flash, IO, ResolverClass, TCPClass, Timer } from "../ports.js";
import { RangeClient } from "./range-client.js";
import { SlotImage } from "./slot-image.js";

/** Times in a row that a block may break off: each wears the flash, of which a block stands some 10,000 erases. */
const FRUITLESS = 100;

export interface DownloadOptions {
  dns: IO<ResolverClass>;
  socket: IO<TCPClass>;
  timer: Timer;
  clock: Clock;
  random: () => number;
  address: HTTPAddress;
  agent: string;
  /** The slot; closed when the download ends. */
  flash: Flash;
  /** Bytes of the image, at most `SlotImage.room`. */
  size: number;
  /** Its SHA-256, 32 bytes. */
  sha256: Uint8Array;
  digest(): Digest;
  /** Another block is there. */
  onProgress(): void;
  /** All of it is there, and is being read back. */
  onVerifying(): void;
  /** It goes on by itself after this many milliseconds. @param reason what the way there, or the server, did */
  onWaiting(reason: string, wait: number): void;
  /** The image is wrong, or the flash fails. The download has ended. */
  onFault(reason: string): void;
  /** What is in the slot is the image. The download has ended. */
  onVerified(): void;
}

export class Download {
  #options: DownloadOptions;
  #client: RangeClient;
  #backoff: Backoff;
  #alarm: Alarm;
  #image: SlotImage | undefined;
  #digest: Digest | undefined;
  #verified = 0;
  /** Times in a row that a block was begun and not completed. */
  #fruitless = 0;
  #isClosed = false;

  constructor(options: DownloadOptions) {
    const { dns, socket, timer, clock, address, agent, random } = options;
    this.#options = options;
    this.#backoff = new Backoff(random);
    this.#alarm = new Alarm(timer, this);
    this.#client = new RangeClient({
      dns,
      socket,
      timer,
      clock,
      address,
      agent,
      onData: (bytes) => this.#image?.write(bytes),
      onDone: () => this.blockDone(),
      onFailed: (reason, isWrong) => {
        if (isWrong) this.fault(reason);
        else this.wait(reason);
      },
    });
  }

  /** Bytes that are there. */
  get done(): number {
    return this.#image?.done ?? 0;
  }

  /** Begins, or goes on with what is there of this image. @param delay milliseconds before the first request */
  start(delay: number): void {
    this.#alarm.set(delay);
  }

  /** Ends it. What is there stays for a later one. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#alarm.clear();
    this.#client.close();
    try {
      this.#options.flash.close();
    } catch {
      // It failed before, and that was told.
    }
  }

  onAlarm(): void {
    this.next();
  }

  private next(): void {
    try {
      const { flash, size, sha256 } = this.#options;
      this.#image ??= new SlotImage(flash, size, sha256);
      const image = this.#image;
      if (image.isComplete) return this.verify(image);
      image.beginBlock();
      this.#client.request(image.done, image.last, image.size);
    } catch (error) {
      this.fault(errorText(error));
    }
  }

  private blockDone(): void {
    try {
      this.#image?.endBlock();
    } catch (error) {
      return this.fault(errorText(error));
    }
    this.#backoff.reset();
    this.#fruitless = 0;
    this.#options.onProgress();
    // By way of the timer: sensor and links have their turn between two blocks.
    if (!this.#isClosed) this.#alarm.set(0);
  }

  /** Reads a block back at each turn: an image takes a second or two in all, which is long for whoever waits. */
  private verify(image: SlotImage): void {
    if (!this.#digest) {
      this.#client.close();
      this.#digest = this.#options.digest();
      this.#verified = 0;
      this.#options.onVerifying();
    }
    this.#verified = image.digestBlock(this.#digest, this.#verified);
    if (this.#verified < image.size) return this.#alarm.set(0);
    if (image.isDigest(this.#digest.close())) {
      image.release();
      this.close();
      this.#options.onVerified();
      return;
    }
    image.discard();
    this.fault("the image's digest is not the manifest's: another image, or one that was changed on the way");
  }

  private wait(reason: string): void {
    if (this.#image?.isBegun) this.#fruitless += 1;
    if (this.#fruitless >= FRUITLESS) return this.fault(`no block of the image ever comes whole: ${reason}`);
    const wait = this.#backoff.next();
    this.#alarm.set(wait);
    this.#options.onWaiting(reason, wait);
  }

  private fault(reason: string): void {
    if (this.#isClosed) return;
    this.close();
    this.#options.onFault(reason);
  }
}
