import type { Peer } from "../../host-sim/boards/virtual/network.js";
import type { Random } from "./random.js";

/** A plain TCP server as they exist: it reads, answers in its own way or not at all, and closes or not. */
export class RawServer {
  #random: Random;
  #onLine: (line: string) => void;

  constructor(random: Random, onLine: (line: string) => void) {
    this.#random = random;
    this.#onLine = onLine;
  }

  /** For `VirtualNetwork.listen`. */
  readonly accept = (peer: Peer): void => {
    const way = this.#random.integer(0, 9);
    let text = "";
    let isOpen = true;
    peer.onData = (bytes) => {
      if (!isOpen) return;
      text += new TextDecoder().decode(bytes);
      const lines = text.split("\n");
      text = lines.pop() as string;
      for (const line of lines) this.#onLine(line);
      if (lines.length === 0) return;
      if (way === 0) return; // never answers
      peer.write(new TextEncoder().encode(way < 5 ? "thank you\n" : "Hello, client!"));
      if (way < 8) return;
      isOpen = false;
      peer.close();
    };
  };
}
