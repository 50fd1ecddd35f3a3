import { createHash, type KeyObject, verify } from "node:crypto";
import mqtt, { type MqttClient } from "mqtt";
import type { DeviceState } from "../../services/ota/device-state.js";
import type { Manifest } from "../../services/ota/manifest.js";

/** What a manifest says, and its id. */
export interface Received extends Readonly<Manifest> {
  readonly id: string;
  readonly line: string;
}

/** What a device does with a manifest; it says what it does with `device.say`. */
export type Script = (device: FakeDevice, manifest: Received) => unknown;

/** A device that takes updates, of which nothing is real but what it says over MQTT, and what it fetches over HTTP. */
export class FakeDevice {
  readonly base: string;
  readonly manifests: Received[] = [];
  /** How often a manifest was taken back. */
  withdrawn = 0;
  version = "0.1.0";
  #client: MqttClient;
  #script: Script;

  /** Is online when this returns. @param key the public key that it checks signatures with */
  static async start(
    url: string,
    base: string,
    script: Script,
    { key, says = true }: { key?: KeyObject; says?: boolean } = {},
  ): Promise<FakeDevice> {
    const client = await mqtt.connectAsync(url, {
      clientId: `fake-${base}`,
      will: { topic: `${base}/status`, payload: Buffer.from("offline"), qos: 1, retain: true },
    });
    const device = new FakeDevice(client, base, script, key);
    await client.subscribeAsync(`${base}/update`, { qos: 1 });
    if (says) {
      await client.publishAsync(`${base}/status`, "online", { qos: 1, retain: true });
      await device.say(undefined, "idle");
    }
    return device;
  }

  private constructor(client: MqttClient, base: string, script: Script, key: KeyObject | undefined) {
    this.#client = client;
    this.base = base;
    this.#script = script;
    client.on("message", (_, payload) => {
      if (payload.length === 0) {
        // An empty one that is retained is none: this one was sent just now.
        this.withdrawn++;
        return;
      }
      const [line, signature] = payload.toString().split("\n");
      const id = createHash("sha256").update(line).digest("hex").slice(0, 8);
      const manifest = { ...(JSON.parse(line) as Received), id, line };
      if (key) {
        const options = { key, dsaEncoding: "ieee-p1363" } as const;
        if (!verify("sha256", Buffer.from(line), options, Buffer.from(signature, "hex"))) {
          void this.say(manifest, "refused", { reason: "the signature is wrong" });
          return;
        }
      }
      this.manifests.push(manifest);
      void this.#script(this, manifest);
    });
  }

  async say(
    manifest: Received | undefined,
    state: DeviceState["state"],
    more: Partial<DeviceState> = {},
  ): Promise<void> {
    const about = manifest && { manifest: manifest.id, update: manifest.version };
    const payload = JSON.stringify({ state, version: this.version, ...about, ...more });
    await this.#client.publishAsync(`${this.base}/update/state`, payload, { qos: 1, retain: true });
  }

  /** Fetches the image in blocks, as a device does. @throws where it is another than the manifest says */
  async fetch({ url, size, sha256, ...rest }: Received): Promise<void> {
    const block = 65_536;
    const digest = createHash("sha256");
    const manifest = { url, size, sha256, ...rest };
    for (let at = 0; at < size; at += block) {
      await this.say(manifest, "downloading", { done: at, size });
      const answer = await fetch(url, { headers: { Range: `bytes=${at}-${at + block - 1}` } });
      if (answer.status !== 206) throw new Error(`status ${answer.status}`);
      digest.update(Buffer.from(await answer.arrayBuffer()));
    }
    if (digest.digest("hex") !== sha256) throw new Error("another image");
    await this.say(manifest, "verifying");
  }

  /** Goes without a goodbye, or with one. */
  async stop(force = false): Promise<void> {
    if (!force) await this.#client.publishAsync(`${this.base}/status`, "offline", { qos: 1, retain: true });
    await this.#client.endAsync(force);
  }
}

/** Takes the update, runs it and confirms it. */
export const good: Script = async (device, manifest) => {
  await device.fetch(manifest);
  await device.say(manifest, "restarting");
  device.version = manifest.version;
  await device.say(manifest, "trial");
  await device.say(manifest, "confirmed");
};

/** Takes it, and is on the old one again. */
export const goesBack: Script = async (device, manifest) => {
  await device.fetch(manifest);
  await device.say(manifest, "trial", { version: manifest.version });
  await device.say(manifest, "reverted", { reason: "no reading was acknowledged" });
};

/** Says no more than that it begins. */
export const hangs: Script = (device, manifest) =>
  device.say(manifest, "waiting", { reason: "the clock is not set" });
