/** An update for a scenario: this checkout's firmware with two versions, signed once, so that all engines get the same. */

import { generateKeyPairSync } from "node:crypto";
import { ChipFlash } from "../../host-sim/boards/virtual/chip-flash.js";
import type { Peer } from "../../host-sim/boards/virtual/network.js";
import { RangeServer } from "../support/range-server.js";
import { manifestFor, NEW, OLD, PUBLIC_PEM } from "../support/update-world.js";
import type { Update } from "./stage.js";

export interface ReadyUpdate {
  readonly update: Omit<Update, "booted">;
  /** Where the image is. */
  readonly host: string;
  readonly port: number;
  /** A server for one stage. */
  serve(): (peer: Peer) => void;
  /** A flash with the old version in its first slot. */
  flash(): ChipFlash;
}

export function readyUpdate(): ReadyUpdate {
  const stranger = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  return {
    update: {
      versions: ["0.1.0", "0.2.0"],
      key: PUBLIC_PEM,
      manifest: manifestFor(NEW).payload,
      forged: manifestFor(NEW, {}, stranger.privateKey).payload,
    },
    host: "10.0.0.2",
    port: 8070,
    serve: () => new RangeServer(NEW).accept,
    flash: () => new ChipFlash(OLD),
  };
}
