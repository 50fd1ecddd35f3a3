/** A process of whole nodes: it does as the coordinator says, and ends with it. */

import type { Board } from "../../firmware/compose.js";
import { errorText } from "../../firmware/error-text.js";
import { liveBoard, simulatedHardware } from "../../host-sim/boards/live.js";
import { serve, tell } from "./channel.js";
import { Crew } from "./crew.js";
import { cutAll, onCuttable } from "./cuttable.js";
import type { FromNodes, Memory, ToNodes } from "./messages.js";

/** Milliseconds between two tellings. */
const PERIOD = 250;

/**
 * Blocks of a device's journal, which is in memory: some 4,000 readings, an hour of a reading a second. That of the ESP32
 * has 224, which thousands of devices would fill within hours.
 */
const JOURNAL_BLOCKS = 32;

let crew: Crew | undefined;

const say = tell<FromNodes>;

serve<ToNodes>((message) => {
  try {
    obey(message);
  } catch (error) {
    say({ said: "failed", reason: errorText(error) });
  }
});
say({ said: "ready", memory: memory() });

function obey(message: ToNodes): void {
  switch (message.order) {
    case "make":
      crew = make(message);
      say({ said: "made" });
      setInterval(tellTally, PERIOD);
      break;
    case "start":
      crew?.start(message.ramp);
      break;
    case "measure":
      say({ said: "memory", memory: memory() });
      break;
    case "cut":
      cutAll();
      break;
    case "silence":
      crew?.silence();
      break;
    case "stop":
      crew?.stop(() => {
        tellTally();
        say({ said: "stopped", taken: crew?.taken ?? [] });
      });
      break;
  }
}

function make({ first, count, settings }: Extract<ToNodes, { order: "make" }>): Crew {
  // One room for all: nobody in it is asked for its temperature.
  const hardware = simulatedHardware();
  const makeBoard = (topic: string): Board => {
    const board = onCuttable(liveBoard({ topic, hardware, journalBlocks: JOURNAL_BLOCKS }));
    // A laptop's client has larger buffers than a device's.
    return { ...board, mqtt: { io: board.mqtt.io } };
  };
  return new Crew({
    first,
    count,
    settings,
    makeBoard,
    timer: { set: (callback, delay) => setTimeout(callback, delay), clear: () => {} },
    now: () => Date.now(),
    ticks: () => performance.now(),
    random: Math.random,
  });
}

function tellTally(): void {
  if (crew) say({ said: "tally", sums: crew.tally.take(), waiting: crew.waiting });
}

/** What lives, and not what waits to be collected. */
function memory(): Memory {
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed, external };
}
