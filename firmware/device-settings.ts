/**
 * What a device keeps for itself, so that one update image serves every device: its identity, its credentials, its
 * topic base, what it is and what it switches. The image's values are copied when an image first brings them; from then on the device's own win, also
 * over an update image, which has none. Flashing an image with other values over USB copies those.
 */

import type { Settings } from "./config.js";
import { errorText } from "./error-text.js";
import type { KeyValue } from "./ports.js";
import { problemWith } from "./settings.js";

export const KEPT: readonly (keyof Settings)[] = Object.freeze([
  "ssid",
  "password",
  "broker",
  "ca",
  "pin",
  "cert",
  "key",
  "server",
  "serverpassword",
  "updatekey",
  "topic",
  "id",
  "device",
  "follows",
  "cooler",
  "heater",
  "fan",
  "relay",
]);

/** Fingerprint of the image values that were copied last. */
const IMAGE_KEY = "image";

export interface DeviceSettings {
  /** Image and device layer, the device's on top; not checked yet. */
  raw: Record<string, unknown>;
}

/**
 * Merges the layers. A storage that fails costs what it holds and a warning, nothing else.
 *
 * @param image values of the image or the command line, by setting
 * @param problems gets a line where the storage fails
 */
export function openDeviceSettings(
  image: Readonly<Record<string, unknown>>,
  storage: KeyValue | undefined,
  problems: string[],
): DeviceSettings {
  if (!storage) return { raw: { ...image } };
  try {
    copyImage(image, storage);
    const raw = { ...image };
    for (let i = 0; i < KEPT.length; i++) {
      const name = KEPT[i];
      const value = storage.read(name);
      if (value === undefined) continue;
      const problem = isGiven(image[name]) ? problemWith(name, image[name]) : undefined;
      if (problem) problems.push(`${problem}; the device keeps the one it has`);
      // The image's text lies in flash, where the storage's is a copy in memory.
      if (value !== image[name]) raw[name] = value;
    }
    return { raw };
  } catch (error) {
    // All or nothing: the name of one network does not go with the password of another.
    problems.push(`the device's storage failed (${errorText(error)}): the image's settings are used`);
    return { raw: { ...image } };
  }
}

function copyImage(image: Readonly<Record<string, unknown>>, storage: KeyValue): void {
  let all = "";
  let brings = false;
  for (let i = 0; i < KEPT.length; i++) {
    const value = image[KEPT[i]];
    if (isGiven(value)) brings = true;
    all += `${String(value ?? "")}\n`;
  }
  const fingerprint = hash(all);
  if (!brings || storage.read(IMAGE_KEY) === fingerprint) return;
  // The password is the old network's: an open network would not be joined with it.
  if (isGood(image, "ssid") && storage.read("ssid") !== String(image["ssid"])) storage.delete("password");
  // So is this one: another server must not be told it.
  if (isGood(image, "server") && storage.read("server") !== String(image["server"]))
    storage.delete("serverpassword");
  // Whom to trust is said anew as a whole, and so is who the node is: a key goes with its certificate.
  replaceTogether(image, storage, "ca", "pin");
  replaceTogether(image, storage, "cert", "key");
  for (let i = 0; i < KEPT.length; i++) {
    // What is not allowed does not take the place of what was good.
    if (isGood(image, KEPT[i])) storage.write(KEPT[i], String(image[KEPT[i]]));
  }
  storage.write(IMAGE_KEY, fingerprint);
}

/** Of two settings that belong together, forgets the one that an image does not bring with the other. */
function replaceTogether(
  image: Readonly<Record<string, unknown>>,
  storage: KeyValue,
  one: keyof Settings,
  other: keyof Settings,
): void {
  if (isGood(image, one) && !isGiven(image[other])) storage.delete(other);
  if (isGood(image, other) && !isGiven(image[one])) storage.delete(one);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== "";
}

function isGood(image: Readonly<Record<string, unknown>>, name: keyof Settings): boolean {
  return isGiven(image[name]) && problemWith(name, image[name]) === undefined;
}

/** FNV-1a, 32 bits: only to see a difference. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(16);
}
