/** Publishes an image to devices, in stages, and sees each of them to its end. */

import type { KeyObject } from "node:crypto";
import { type Endpoint, hostPort } from "../../firmware/codec/endpoint.js";
import type { Secure } from "../../host-sim/io/tls.js";
import type { DeviceState } from "./device-state.js";
import { Fleet, filtersFor } from "./fleet.js";
import type { Image } from "./image.js";
import { type ImageServer, serveImage } from "./image-server.js";
import { signManifest } from "./manifest.js";
import { checkRemoteImage } from "./remote-image.js";
import { type Decision, Phase, type Progress, Rollout } from "./rollout.js";
import type { Share } from "./share.js";

export interface PublishOptions {
  broker: { endpoint: Endpoint; secure: Secure | undefined };
  image: Image;
  key: KeyObject;
  /** Bases, each once. */
  devices: readonly string[];
  /** Where the image is; without it, it is served from here. */
  url: string | undefined;
  /** Where to serve it: by default at the address by which the broker is reached, port 0 for any that is free. */
  listen: { host: string | undefined; port: number };
  minimum: string | undefined;
  /** Milliseconds. */
  expires: number;
  rollback: boolean;
  first: Share;
  failures: Share;
  /** Milliseconds for each device. */
  timeout: number;
  events: PublishEvents;
}

export interface Plan {
  url: string;
  /** The image is served by this process. */
  isServed: boolean;
  manifest: string;
  /** ms since 1970. */
  expires: number;
  stages: readonly (readonly string[])[];
  allowed: readonly number[];
  /** Run the version already, and are left alone. */
  already: readonly string[];
}

export interface PublishEvents {
  /** Before anything is published. */
  plan(plan: Plan): void;
  /** 0 is the first. */
  stage(stage: number, devices: readonly string[]): void;
  progress(progress: Progress): void;
  warning(text: string): void;
  note(text: string): void;
}

export interface Outcome {
  /** Run the version: how many. */
  confirmed: number;
  /** Those first that failed. */
  unconfirmed: readonly { base: string; reason: string }[];
  /** Why it was stopped before all devices had their turn or were done. */
  stopped: string | undefined;
  /** The broker could not be told to take the manifest back from these. */
  left: readonly string[];
}

/**
 * Publishes, and returns when every device is done.
 * @param end takes it back from whoever is not done yet
 * @throws Problem where it cannot begin
 * @throws the operating system's error where it cannot listen
 */
export async function publish(options: PublishOptions, end: Promise<unknown>): Promise<Outcome> {
  const publisher = new Publisher(options);
  try {
    return await publisher.run(end);
  } finally {
    await publisher.close();
  }
}

/** What somebody should look at first, at the end. */
const WORST: readonly Phase[] = [Phase.FAILED, Phase.WITHDRAWN, Phase.WAITING];

const INTERRUPTED = "it was interrupted";

class Publisher {
  #options: PublishOptions;
  #fleet: Fleet | undefined;
  #server: ImageServer | undefined;
  #rollout: Rollout | undefined;
  #payload = "";
  #states = new Map<string, DeviceState>();
  #online = new Map<string, boolean>();
  #timer: NodeJS.Timeout | undefined;
  #finish: () => void = () => {};

  constructor(options: PublishOptions) {
    this.#options = options;
  }

  async run(end: Promise<unknown>): Promise<Outcome> {
    const { broker, devices, image, events } = this.#options;
    let isEnded = false;
    void end.then(() => {
      isEnded = true;
    });
    const fleet = await Fleet.open({
      broker,
      filters: filtersFor(devices),
      onState: (base, state) => this.#said(base, state),
      onStatus: (base, isOnline) => this.#status(base, isOnline),
      onBroker: (lost) => (lost === undefined ? events.note("the broker is back") : events.warning(lost)),
    });
    this.#fleet = fleet;
    await fleet.settled();
    const already = devices.filter((base) => runs(this.#states.get(base), image.version));
    const rest = devices.filter((base) => !already.includes(base));
    const isReachable = (base: string) => this.#online.get(base) === true;
    // What is online can show soon whether the version is any good.
    const inTurn = [...rest.filter(isReachable), ...rest.filter((base) => !isReachable(base))];
    const rollout = await this.#prepare(fleet, inTurn, already);
    const finished = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    if (isEnded) rollout.stop(INTERRUPTED);
    else if (inTurn.length > 0) {
      this.#rollout = rollout;
      this.#act(rollout.start(performance.now()));
      void end.then(() => this.#act(rollout.stop(INTERRUPTED)));
      await finished;
    }
    clearTimeout(this.#timer);
    const left = await fleet.close();
    const unconfirmed = [...rollout.progress]
      .filter(({ phase }) => phase !== Phase.CONFIRMED)
      .sort((a, b) => WORST.indexOf(a.phase) - WORST.indexOf(b.phase))
      .map((progress) => ({ base: progress.base, reason: reasonOf(progress) }));
    return {
      confirmed: devices.length - unconfirmed.length,
      unconfirmed,
      stopped: rollout.stopped,
      left: left.filter((base) => rollout.of(base)?.phase !== Phase.CONFIRMED),
    };
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#fleet?.close();
    await this.#server?.close();
  }

  /** Everything that comes before the first manifest. */
  async #prepare(fleet: Fleet, devices: readonly string[], already: readonly string[]): Promise<Rollout> {
    const { image, key, minimum, rollback, first, failures, timeout, events } = this.#options;
    const url = await this.#address(fleet);
    const { kind, version, size, sha256 } = image;
    const issued = Date.now();
    const expires = issued + this.#options.expires;
    const { payload, id } = signManifest(
      {
        ...{ kind, version, size, sha256, url, issued, expires },
        ...(minimum !== undefined && { minimum }),
        ...(rollback && { rollback }),
      },
      key,
    );
    this.#payload = payload;
    const rollout = new Rollout({ devices, manifest: id, first, failures, timeout });
    events.plan({
      ...{ url, isServed: this.#server !== undefined, manifest: id, expires, already },
      ...{ stages: rollout.stages, allowed: rollout.allowed },
    });
    this.#warn(url, devices);
    return rollout;
  }

  async #address(fleet: Fleet): Promise<string> {
    const { url, listen, image, events } = this.#options;
    if (url !== undefined) {
      const warning = await checkRemoteImage(url, image);
      if (warning !== undefined) events.warning(warning);
      return url;
    }
    const host = listen.host ?? fleet.localAddress;
    const server = await serveImage(image, { host, port: listen.port });
    this.#server = server;
    // From anywhere: by the address that the broker sees.
    const shown = host === "0.0.0.0" || host === "::" ? fleet.localAddress : host;
    return `http://${hostPort(shown, server.port)}${server.path}`;
  }

  #warn(url: string, devices: readonly string[]): void {
    const { events, image } = this.#options;
    const offline = devices.filter((base) => this.#online.get(base) === false);
    const unknown = devices.filter((base) => !this.#online.has(base));
    if (offline.length > 0)
      events.warning(`offline: ${someOf(offline)}; the manifest waits for them at the broker`);
    if (unknown.length > 0)
      events.warning(`the broker has heard nothing of ${someOf(unknown)}: is the base right?`);
    const { protocol, hostname } = new URL(url);
    const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
    if (isLoopback && image.kind !== "host")
      events.warning(
        `the image is at ${hostname}, which devices elsewhere cannot reach: give --listen <this machine's address>:<port>, or --url`,
      );
    else if (protocol === "http:" && !isLoopback)
      events.warning(
        "the image goes over http://: who is on the way can read it; nobody can change it, for its digest is signed",
      );
  }

  #said(base: string, state: DeviceState): void {
    this.#states.set(base, state);
    const rollout = this.#rollout;
    if (!rollout) return;
    const before = rollout.of(base)?.said;
    const decision = rollout.say(base, state, performance.now());
    const progress = rollout.of(base);
    if (progress && progress.said !== before) this.#options.events.progress(progress);
    this.#act(decision);
  }

  #status(base: string, isOnline: boolean): void {
    const before = this.#online.get(base);
    this.#online.set(base, isOnline);
    // A device that restarts goes offline, too.
    const isRestarting = ["restarting", "trial"].includes(this.#states.get(base)?.state ?? "");
    if (this.#rollout?.of(base)?.phase !== Phase.UNDER_WAY || before === isOnline || isRestarting) return;
    if (!isOnline) this.#options.events.note(`${base} is offline`);
    else if (before === false) this.#options.events.note(`${base} is online`);
  }

  #act({ publish: next, withdraw }: Decision): void {
    const rollout = this.#rollout as Rollout;
    const fleet = this.#fleet as Fleet;
    const { events } = this.#options;
    for (const base of withdraw) {
      fleet.publish(base, "");
      const progress = rollout.of(base) as Progress;
      // A device that said itself what became of it has been told of.
      if (!isFinal(progress.said)) events.progress(progress);
    }
    if (next.length > 0) events.stage(rollout.stage, next);
    for (const base of next) fleet.publish(base, this.#payload);
    clearTimeout(this.#timer);
    if (rollout.isDone) {
      this.#finish();
      return;
    }
    const { deadline } = rollout;
    if (deadline === undefined) return;
    this.#timer = setTimeout(
      () => this.#act(rollout.tick(performance.now())),
      Math.max(0, Math.ceil(deadline - performance.now())),
    );
  }
}

/** It was the version, and no trial of it, when it spoke last. */
function runs(state: DeviceState | undefined, version: string): boolean {
  return state?.version === version && !["trial", "restarting", "verifying"].includes(state.state);
}

function isFinal(said: DeviceState | undefined): boolean {
  return said !== undefined && ["confirmed", "refused", "failed", "reverted"].includes(said.state);
}

function reasonOf({ phase, said, reason }: Progress): string {
  if (reason !== undefined) return reason;
  if (phase === Phase.WAITING) return "not begun, for the rollout was stopped";
  if (said === undefined) return "stopped before it said anything";
  if (isFinal(said)) return `${said.state}: ${said.reason ?? "no reason given"}`;
  if (said.state === "trial" || said.state === "restarting")
    return "stopped in its trial: it confirms the version or goes back by itself (npm run ota -- status)";
  return `stopped while ${said.state}; it stays on ${said.version}`;
}

/** The first of them. */
export function someOf(bases: readonly string[], limit = 5): string {
  const rest = bases.length - limit;
  return rest <= 0 ? bases.join(", ") : `${bases.slice(0, limit).join(", ")} and ${rest} more`;
}
