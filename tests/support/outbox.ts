import { blankReading, type Reading } from "../../firmware/codec/reading.js";
import { Durability, Outbox } from "../../firmware/outbox/outbox.js";
import { Queue } from "../../firmware/outbox/queue.js";
import type { Waiting } from "../../firmware/outbox/waiting.js";
import type { Flash } from "../../firmware/ports.js";
import { BootTime } from "../../firmware/time.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";

export const NOW = 1_795_175_351_184;

export const EPOCH = 0x5f3a09c1;

export function bootTime(boot = 1, clock = new VirtualClock({ now: NOW })): BootTime {
  return new BootTime(clock, boot);
}

/** A reading of boot 1 that is like no other. */
export function readingOf(seq: number, boot = 1): Reading {
  const uptime = seq * 7;
  return { quantity: seq % 3, value: seq / 10, seq, epoch: EPOCH, time: NOW + uptime, uptime, boot };
}

/** An outbox without a journal. */
export function memoryOutbox(capacity: number, time = bootTime()): Outbox {
  return new Outbox({
    queue: new Queue(capacity, 1, time),
    journal: undefined,
    durability: Durability.ALWAYS,
    epoch: EPOCH,
    monitor: {},
  });
}

export function readAt(waiting: Waiting, seq: number): Reading | undefined {
  const into = blankReading();
  return waiting.read(seq, into) ? into : undefined;
}

/** The sequence numbers that wait, as whoever sends them finds them. */
export function sequencesOf(waiting: Waiting): number[] {
  const found: number[] = [];
  for (let seq = waiting.following(0); seq < waiting.next; seq = waiting.following(seq + 1)) found.push(seq);
  return found;
}

/** A flash's methods, to put others in their place. */
export const wrapped = (handle: Flash): Flash => ({
  read: (buffer, position) => handle.read(buffer, position),
  write: (buffer, position) => handle.write(buffer, position),
  eraseBlock: (start, end) => handle.eraseBlock(start, end),
  status: () => handle.status(),
  close: () => handle.close(),
});
