import { parseVersion } from "../codec/version-number.js";
import type { Manifest } from "./manifest.js";

/** Milliseconds by which the publisher's clock may be ahead. */
const DAY = 86_400_000;

/** What a device knows when it judges a manifest. */
export interface Circumstances {
  readonly kind: string;
  /** What runs. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** `issued` of the last manifest that was taken on; 0 where there was none. */
  readonly lastIssued: number;
  /** Bytes that an image may have. */
  readonly room: number;
}

/** Why a device does not take an update on whose signature is right; `undefined` where it does. */
export function refusalOf(manifest: Manifest, circumstances: Circumstances): string | undefined {
  const { kind, version, now, lastIssued, room } = circumstances;
  if (manifest.kind !== kind) return `it is for kind ${manifest.kind}, and this device is ${kind}`;
  if (manifest.issued <= lastIssued)
    return "replayed: a later manifest was taken on before; publish the update anew";
  if (manifest.issued > now + DAY)
    return "it was issued in the future: were it taken on, none before that day would be; is the publisher's clock right?";
  if (now >= manifest.expires) return "the manifest has expired; publish the update anew";
  if (isOlder(manifest.version, version) && !manifest.rollback)
    return `${manifest.version} is older than ${version}, and not signed as a rollback`;
  if (manifest.minimum !== undefined && isOlder(version, manifest.minimum))
    return `it needs version ${manifest.minimum} or later to begin with, and ${version} runs`;
  if (manifest.size > room) return `its ${manifest.size} bytes are more than the slot's ${room}`;
  return undefined;
}

function isOlder(version: string, than: string): boolean {
  return (parseVersion(version) ?? 0) < (parseVersion(than) ?? 0);
}
