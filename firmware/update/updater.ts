/**
 * Updates over the air: takes signed manifests, fetches what they promise into the slot that does not run, has it started,
 * and confirms it, or goes back.
 *
 * ```
 *  manifest --signature, judgement--> TAKEN --image fetched and read back--> TRIAL --reading taken and delivered--> CONFIRMED
 *                  \--> refused          \--> FAILED                           \--deadline, or any reset--> REVERTED
 * ```
 *
 * TAKEN and what follows is remembered (`history.ts`), so that an update goes on after a power cut, and one that has
 * ended does not begin again, however often the broker repeats its manifest. Which slot runs is the bootloader's to
 * know: after a cut between the two, it is the bootloader who is right.
 */

import { Alarm } from "../alarm.js";
import { formatDuration } from "../codec/duration.js";
import { hexOf, parseHex } from "../codec/hex.js";
import { parseHTTPAddress } from "../codec/http-url.js";
import { parsePublicKey } from "../codec/p256.js";
import { errorText } from "../error-text.js";
import { Backoff } from "../links/backoff.js";
import type { Message, Subscription } from "../links/inbox.js";
import type { StateTopic } from "../links/postbox.js";
import type { Monitor } from "../monitor.js";
import type { Clock, Flash, IO, KeyValue, ResolverClass, TCPClass, Timer, UpdateBoard } from "../ports.js";
import { elapsed } from "../time.js";
import { Download } from "./download.js";
import { type Chapter, readHistory, Stage, writeHistory } from "./history.js";
import { refusalOf } from "./judgement.js";
import { type Manifest, openEnvelope, parseManifest } from "./manifest.js";
import { SlotImage } from "./slot-image.js";
import { STATES, State } from "./state.js";

export interface UpdaterOptions {
  /** `undefined` where the board cannot be updated. */
  board: UpdateBoard | undefined;
  /** The setting `updatekey`. */
  key: string;
  /** Base of the topics. */
  base: string;
  /** What runs. */
  version: string;
  /** The User-Agent: product and version. */
  agent: string;
  storage: KeyValue | undefined;
  dns: IO<ResolverClass>;
  /** @throws Error with why there is none: what is missing for `https://` */
  socket(secure: boolean): IO<TCPClass>;
  timer: Timer;
  clock: Clock;
  random: () => number;
  monitor: Monitor;
  /** Milliseconds within which a new version has to prove itself. */
  trial: number;
  /** Milliseconds within which the first request goes out. */
  spread: number;
  /** Why this boot began; see `Boots.reset`. */
  reset: string | undefined;
  /** A reset with such a reason is not the firmware's doing. */
  isFromOutside(reset: string | undefined): boolean;
  onChanged(state: StateTopic): void;
  /** Says goodbye, then starts the device anew. */
  restart(): void;
  /** Says goodbye, then goes back to the other slot. */
  goBack(): void;
}

/** Times that an image may be wrong, or the flash fail, before an update is given up: each try wears the flash. */
const TRIES = 3;

/** Times that a new version is started whose trial ended for want of power. */
const TRIALS = 3;

/**
 * Milliseconds between two manifests that are looked at: checking a signature takes an ESP32 a good part of a second, and
 * each that is refused is told of.
 */
const CHECK_PERIOD = 10_000;

/** Milliseconds between two looks at a clock that is not set. */
const CLOCK_POLL = 5_000;

/** Parts of the image after which progress is told. */
const STEPS = 20;

/** Digits of a manifest's id. */
const ID_DIGITS = 8;

const NO_STORAGE = "the device's storage failed, without which an update could be begun for ever";

/** A manifest whose signature was right. */
interface Job {
  readonly id: string;
  readonly manifest: Manifest;
}

export class Updater {
  readonly subscription: Subscription;
  readonly state: StateTopic;
  #options: UpdaterOptions;
  #key: Uint8Array | undefined;
  #state = State.IDLE;
  /** Of the manifest that the state is about; "" where there is none. */
  #id = "";
  /** That it leads to; "" while its signature is not known to be right. */
  #version = "";
  #reason = "";
  /** What is remembered. */
  #chapter: Chapter | undefined;
  /** What is remembered could not be read: any older manifest would pass for a new one. */
  #isMemoryLost = false;
  /** The last payload that came, until it was looked at; empty where it is a withdrawal. */
  #payload: Uint8Array | undefined;
  #checkedAt: number | undefined;
  /** Looks at the payload. */
  #inbox: Alarm;
  /** What waits for the clock, or is being fetched. A manifest that is refused meanwhile does not disturb it. */
  #job: Job | undefined;
  #download: Download | undefined;
  #backoff: Backoff;
  #toldStep = 0;
  /** Of an image, in bytes; 0 until it was asked for. */
  #room = 0;
  /** Looks at the clock, tries again after a fault, ends a trial. */
  #alarm: Alarm;
  #hasSensed = false;
  #hasDelivered = false;
  #isClosed = false;

  constructor(options: UpdaterOptions) {
    const { base, key, timer, random } = options;
    this.#options = options;
    this.#key = parsePublicKey(key);
    this.#alarm = new Alarm(timer, this);
    this.#inbox = new Alarm(timer, this);
    this.#backoff = new Backoff(random);
    this.subscription = {
      topic: `${base}/update`,
      QoS: 1,
      onMessage: (message) => this.receive(message),
    };
    this.state = { topic: `${base}/update/state`, text: () => this.text() };
  }

  /** For the diagnostics. */
  get word(): string {
    return STATES[this.#state];
  }

  /** Why; `undefined` where there is nothing to say. */
  get reason(): string | undefined {
    return this.#reason === "" ? undefined : this.#reason;
  }

  /** The node runs: how the last update went is told, or a trial's time begins. */
  start(): void {
    this.recall();
    if (this.#state !== State.TRIAL) return;
    const { monitor, version, trial } = this.#options;
    if (this.#version !== "" && this.#version !== version)
      return this.endTrial(`the image calls itself ${version}, and the manifest ${this.#version}`);
    monitor.note?.(
      `version ${version} is on trial: it stays when a reading was taken and delivered within ${formatDuration(trial)}`,
    );
    this.#alarm.set(trial);
  }

  /** The node ends: what is there of an image stays for the next start. */
  close(): void {
    this.#isClosed = true;
    this.#alarm.clear();
    this.#inbox.clear();
    this.endDownload();
  }

  /** A value of the sensor was accepted, or a decision made. */
  sensed(): void {
    this.#hasSensed = true;
    if (this.#state === State.TRIAL && this.#hasDelivered) this.confirm();
  }

  /** The broker has acknowledged a reading, or what stands for one. */
  delivered(): void {
    this.#hasDelivered = true;
    if (this.#state === State.TRIAL && this.#hasSensed) this.confirm();
  }

  // --- what was before ---------------------------------------------------------------------------------------------

  /** How the last update went, which began before this start. */
  private recall(): void {
    const { board, storage, version, reset, isFromOutside } = this.#options;
    if (!board) return;
    let chapter: Chapter | undefined;
    try {
      chapter = storage && readHistory(storage);
    } catch {
      // Said by whoever asked the storage first.
      this.#isMemoryLost = true;
    }
    this.#chapter = chapter;
    if (chapter) {
      this.#id = chapter.id;
      this.#version = chapter.version;
    }
    if (board.slots.isPending) {
      // Whatever is remembered: it has to prove itself.
      this.#state = State.TRIAL;
      if (chapter?.stage !== Stage.TRIAL) this.#version = "";
      return;
    }
    if (!chapter) return;
    switch (chapter.stage) {
      case Stage.TRIAL:
        if (chapter.version === version) this.conclude(Stage.CONFIRMED, "");
        else if (chapter.reason === "" && isFromOutside(reset) && chapter.trials < TRIALS) {
          this.#reason = `the trial of ${chapter.version} ended by ${reset}`;
          this.#state = State.WAITING;
          this.remember({ stage: Stage.TAKEN });
        } else
          this.conclude(
            Stage.REVERTED,
            chapter.reason || `it ended before it was confirmed, by ${endOf(reset)}`,
          );
        break;
      case Stage.TAKEN:
        this.#state = State.WAITING;
        this.#reason = "the device was restarted, and the manifest has not come again yet";
        break;
      default:
        this.show(chapter);
        break;
    }
  }

  // --- manifests ---------------------------------------------------------------------------------------------------

  private receive({ payload }: Message): void {
    this.#payload = payload.slice();
    // A version on trial takes no other update on: the manifest waits for the trial's end.
    if (this.#state === State.TRIAL || this.#state === State.RESTARTING || this.#isClosed) return;
    this.#inbox.set(this.checkWait());
  }

  /** Milliseconds until a manifest may be looked at. */
  private checkWait(): number {
    if (this.#checkedAt === undefined) return 0;
    return Math.max(0, CHECK_PERIOD - (elapsed(this.#checkedAt, this.#options.clock.ticks()) >>> 0));
  }

  onAlarm(alarm: Alarm): void {
    if (alarm === this.#inbox) return this.look();
    if (this.#state === State.TRIAL) {
      const missing = this.#hasSensed ? "no delivery was acknowledged" : "no reading was taken";
      this.endTrial(`${missing} within ${formatDuration(this.#options.trial)}`);
    } else if (this.#job) this.judge(this.#job);
  }

  private look(): void {
    const payload = this.#payload;
    this.#payload = undefined;
    if (!payload) return;
    if (payload.length === 0) this.withdraw();
    else this.open(payload);
  }

  private open(payload: Uint8Array): void {
    const { board, storage, clock } = this.#options;
    this.#checkedAt = clock.ticks();
    const { line, signature } = openEnvelope(payload);
    const id = board ? hexOf(sha256(board, line)).slice(0, ID_DIGITS) : "";
    if (!this.#key) return this.refuse(id, "this device has no update key: set updatekey");
    if (!board) return this.refuse(id, "this device cannot be updated over the air");
    if (!storage || this.#isMemoryLost) return this.refuse(id, NO_STORAGE);
    if (!signature) return this.refuse(id, "it has no signature that could be one");
    if (!board.verify(this.#key, line, signature))
      return this.refuse(id, "its signature is not that of the update key");
    let manifest: Manifest;
    try {
      manifest = parseManifest(line);
    } catch (error) {
      return this.refuse(id, errorText(error));
    }
    // The broker repeats what it retains.
    if (this.#job?.id === id) return;
    if (this.#chapter?.id === id && !isOpen(this.#chapter)) {
      // It has had its chance.
      if (!this.#job) this.show(this.#chapter);
      return;
    }
    this.judge({ id, manifest });
  }

  private withdraw(): void {
    // What has ended stays as it ended, for whoever asks.
    if (!this.#job && this.#state !== State.REFUSED && this.#state !== State.WAITING) return;
    if (this.#chapter?.stage === Stage.TAKEN) {
      this.#options.monitor.note?.(`the update to ${this.#chapter.version} was withdrawn`);
      this.remember({ stage: Stage.WITHDRAWN });
    }
    this.endJob();
    this.#id = this.#version = this.#reason = "";
    this.become(State.IDLE);
  }

  /** Takes a manifest on whose signature is right, or goes on with it, or says why not. */
  private judge(job: Job): void {
    const { board, clock, version, monitor } = this.#options;
    const { id, manifest } = job;
    if (!board) return;
    const now = clock.now();
    if (now === undefined) {
      this.begin(job);
      this.#alarm.set(CLOCK_POLL);
      return this.waitFor("the clock is not set, and the manifest has dates");
    }
    const chapter = this.#chapter;
    // What has ended does not come here.
    const goesOn = chapter?.id === id;
    const isThere = manifest.version === version;
    let room: number;
    try {
      room = this.roomOf(board);
    } catch (error) {
      return this.refuse(id, errorText(error));
    }
    const refusal = refusalOf(manifest, {
      kind: board.kind,
      version,
      now,
      lastIssued: chapter ? chapter.issued - (goesOn ? 1 : 0) : 0,
      room,
    });
    if (refusal !== undefined) return this.refuse(id, refusal);
    this.begin(job);
    // One that comes and goes erases a block each time it is begun.
    const wait = goesOn && chapter.stage === Stage.WITHDRAWN ? this.#backoff.next() : 0;
    if (!this.take(job, goesOn)) return this.refuse(id, NO_STORAGE);
    // What it leads to may run already, by cable or by an update that nobody remembers.
    if (isThere) return this.conclude(Stage.CONFIRMED, "");
    if (!goesOn) monitor.note?.(`update to ${manifest.version}: ${manifest.size} bytes from ${manifest.url}`);
    this.fetch(manifest, wait);
  }

  /** Bytes that an image may have. Asked for once: while an image is fetched its slot is open, and may be so only once. */
  private roomOf({ slots }: UpdateBoard): number {
    if (this.#room === 0) {
      const flash = slots.open();
      this.#room = SlotImage.room(flash);
      flash.close();
    }
    return this.#room;
  }

  /** From now on it is this one; what was under way of another ends. */
  private begin(job: Job): void {
    if (this.#job === job) return;
    this.endJob();
    this.#job = job;
    this.about(job);
  }

  /** @returns whether it could be remembered: what is not could be begun for ever */
  private take({ id, manifest }: Job, goesOn: boolean): boolean {
    if (goesOn) return this.#chapter?.stage === Stage.TAKEN || this.remember({ stage: Stage.TAKEN });
    const { issued, version } = manifest;
    const before = this.#chapter;
    this.#chapter = { stage: Stage.TAKEN, issued, id, version, tries: 0, trials: 0, reason: "" };
    this.#backoff.reset();
    if (this.remember({})) return true;
    this.#chapter = before;
    return false;
  }

  // --- the image ---------------------------------------------------------------------------------------------------

  /** @param wait milliseconds before the first request, beside what a fleet spreads */
  private fetch(manifest: Manifest, wait: number): void {
    const { board, dns, socket, timer, clock, random, agent, spread } = this.#options;
    const tries = this.#chapter?.tries ?? 0;
    const address = parseHTTPAddress(manifest.url);
    const digest = parseHex(manifest.sha256);
    // The manifest was checked.
    if (!board || !address || !digest) return;
    let secured: IO<TCPClass>;
    try {
      secured = socket(address.secure);
    } catch (error) {
      return this.conclude(Stage.FAILED, errorText(error));
    }
    let flash: Flash;
    try {
      flash = board.slots.open();
    } catch (error) {
      return this.faulty(errorText(error));
    }
    this.#download = new Download({
      dns,
      socket: secured,
      timer,
      clock,
      random,
      address,
      agent,
      flash,
      size: manifest.size,
      sha256: digest,
      digest: () => board.digest(),
      onProgress: () => this.progressed(manifest),
      onVerifying: () => this.goesOn(State.VERIFYING),
      onWaiting: (reason) => this.interrupted(manifest, reason),
      onFault: (reason) => this.faulty(reason),
      onVerified: () => this.verified(),
    });
    this.goesOn(State.DOWNLOADING);
    // A fleet does not ask for it all at once.
    this.#download.start(wait + (tries === 0 ? Math.floor(random() * spread) : 0));
  }

  private progressed({ size }: Manifest): void {
    const step = Math.floor(((this.#download?.done ?? 0) * STEPS) / size);
    if (step === this.#toldStep && this.#state === State.DOWNLOADING) return;
    this.#toldStep = step;
    this.goesOn(State.DOWNLOADING);
  }

  /** The present job gets somewhere, whatever else was told meanwhile. */
  private goesOn(state: State): void {
    if (this.#job) this.about(this.#job);
    this.become(state);
  }

  private about({ id, manifest }: Job): void {
    this.#id = id;
    this.#version = manifest.version;
    this.#reason = "";
  }

  private interrupted({ expires, size }: Manifest, reason: string): void {
    const now = this.#options.clock.now();
    if (now !== undefined && now >= expires) {
      const done = this.#download?.done ?? 0;
      return this.conclude(Stage.FAILED, `the manifest expired after ${done} of ${size} bytes: ${reason}`);
    }
    this.waitFor(reason);
  }

  /** The image is wrong, or the flash fails: once more, a few times. */
  private faulty(reason: string): void {
    this.#download = undefined;
    const tries = (this.#chapter?.tries ?? 0) + 1;
    if (!this.remember({ tries }) || tries >= TRIES) return this.conclude(Stage.FAILED, reason);
    this.#options.monitor.warning?.(`update to ${this.#version}: ${reason}; trying again`);
    this.#alarm.set(this.#backoff.next());
    this.waitFor(reason);
  }

  private verified(): void {
    const { board, monitor, restart } = this.#options;
    // Before the slot: the new version asks what it is, and the old one how it came back.
    if (!this.remember({ stage: Stage.TRIAL, trials: (this.#chapter?.trials ?? 0) + 1 }))
      return this.conclude(Stage.FAILED, "the device's storage failed");
    try {
      board?.slots.activate();
    } catch (error) {
      return this.conclude(Stage.FAILED, errorText(error));
    }
    this.goesOn(State.RESTARTING);
    monitor.note?.(`update to ${this.#version}: the image is complete and verified; restarting into it`);
    restart();
  }

  // --- the trial ---------------------------------------------------------------------------------------------------

  private confirm(): void {
    const { board, monitor, version } = this.#options;
    // The goodbye may be the one of a trial that has failed: what is acknowledged in it comes too late.
    if (this.#isClosed) return;
    try {
      board?.slots.confirm();
    } catch (error) {
      // The next delivery tries again.
      monitor.warning?.(`version ${version} cannot be confirmed: ${errorText(error)}`);
      return;
    }
    this.#alarm.clear();
    monitor.note?.(`version ${version} is confirmed: a reading was taken and delivered`);
    // Also where it had been given up before it ran, since the boot record could not be written as it should.
    if (this.#chapter?.version === version) this.conclude(Stage.CONFIRMED, "");
    else this.become(State.IDLE);
    if (this.#payload) this.#inbox.set(0);
  }

  private endTrial(reason: string): void {
    const { monitor, version, goBack } = this.#options;
    monitor.warning?.(`version ${version} goes back to the one before: ${reason}`);
    this.#reason = reason;
    // The old version says it.
    this.remember({ reason });
    goBack();
  }

  // --- what is told ------------------------------------------------------------------------------------------------

  /** @returns whether it was stored */
  private remember(changes: Partial<Chapter>): boolean {
    const { storage, monitor } = this.#options;
    if (!this.#chapter || !storage) return false;
    Object.assign(this.#chapter, changes);
    try {
      writeHistory(storage, this.#chapter);
      return true;
    } catch (error) {
      monitor.warning?.(`the device's storage failed (${errorText(error)}): how the update went is not kept`);
      return false;
    }
  }

  /** The update has ended. */
  private conclude(stage: Stage, reason: string): void {
    this.endJob();
    this.remember({ stage, reason });
    if (this.#chapter) this.show(this.#chapter);
    if (stage === Stage.FAILED)
      this.#options.monitor.warning?.(`update to ${this.#version} given up: ${reason}`);
    if (stage === Stage.REVERTED)
      this.#options.monitor.warning?.(`the update to ${this.#version} did not stay: ${reason}`);
  }

  /** What is remembered is what holds. */
  private show({ stage, id, version, reason }: Chapter): void {
    this.#id = id;
    this.#version = version;
    this.#reason = reason;
    if (stage === Stage.WITHDRAWN) {
      this.#id = this.#version = "";
      this.become(State.IDLE);
    } else if (stage === Stage.CONFIRMED) this.become(State.CONFIRMED);
    else this.become(stage === Stage.REVERTED ? State.REVERTED : State.FAILED);
  }

  private waitFor(reason: string): void {
    if (this.#state === State.WAITING && this.#reason === reason) return;
    if (this.#job) this.about(this.#job);
    this.#options.monitor.note?.(`the update to ${this.#version} waits: ${reason}`);
    this.#reason = reason;
    this.become(State.WAITING);
  }

  /** A manifest is not taken on. What is under way of another goes on. */
  private refuse(id: string, reason: string): void {
    if (this.#job?.id === id) this.endJob();
    const isTold = this.#state === State.REFUSED && this.#id === id && this.#reason === reason;
    if (this.#id !== id) this.#version = "";
    this.#id = id;
    this.#reason = reason;
    if (!isTold) this.#options.monitor.warning?.(`an update is refused: ${reason}`);
    this.become(State.REFUSED);
  }

  private endJob(): void {
    this.#job = undefined;
    this.#alarm.clear();
    this.endDownload();
  }

  private endDownload(): void {
    this.#download?.close();
    this.#download = undefined;
    this.#toldStep = 0;
  }

  private become(state: State): void {
    this.#state = state;
    this.#options.onChanged(this.state);
  }

  private text(): string {
    const isCounted = this.#state === State.DOWNLOADING || this.#state === State.WAITING;
    return JSON.stringify({
      state: STATES[this.#state],
      version: this.#options.version,
      manifest: this.#id || undefined,
      update: this.#version || undefined,
      done: isCounted ? this.#download?.done : undefined,
      size: isCounted ? this.#job?.manifest.size : undefined,
      reason: this.reason,
    });
  }
}

/** In words: one that ends before it has counted its boot is not told from one that ended on purpose. */
function endOf(reset: string | undefined): string {
  return reset === undefined || reset === "software" ? "a restart, or an exception at its start" : reset;
}

/** It was taken on, and may go on. */
function isOpen({ stage }: Chapter): boolean {
  return stage === Stage.TAKEN || stage === Stage.WITHDRAWN;
}

function sha256(board: UpdateBoard, data: Uint8Array): Uint8Array {
  const digest = board.digest();
  digest.write(data);
  return digest.close();
}
