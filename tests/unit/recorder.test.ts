import { describe, expect, it } from "@jest/globals";
import { Quantity } from "../../firmware/codec/reading.js";
import { Counters } from "../../firmware/monitor.js";
import { Queue } from "../../firmware/outbox/queue.js";
import { Recorder } from "../../firmware/outbox/recorder.js";
import { BootTime } from "../../firmware/time.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { EPOCH, memoryOutbox, NOW, readAt } from "../support/outbox.js";

function recording(clock: VirtualClock) {
  const time = new BootTime(clock, 3);
  const outbox = memoryOutbox(8, time);
  const serverQueue = new Queue(2, 1, time);
  const counters = new Counters();
  const sizes: number[] = [];
  const recorded: number[] = [];
  const recorder = new Recorder({
    time,
    outbox,
    serverQueue,
    counters,
    monitor: { recorded: ({ seq }) => recorded.push(seq) },
    onRecorded: () => sizes.push(outbox.size),
  });
  return { outbox, serverQueue, counters, recorder, sizes, recorded };
}

describe("Recorder", () => {
  it("numbers the readings of all quantities one after the other", () => {
    const { outbox, recorder, recorded } = recording(new VirtualClock());
    recorder.record(Quantity.TEMPERATURE, 21.4);
    recorder.record(Quantity.HUMIDITY, 45);
    expect(readAt(outbox, 1)).toMatchObject({ quantity: Quantity.TEMPERATURE, value: 21.4, epoch: EPOCH });
    expect(readAt(outbox, 2)).toMatchObject({ quantity: Quantity.HUMIDITY, value: 45, epoch: EPOCH });
    expect(recorded).toEqual([1, 2]);
  });

  it("notes the time, the uptime and the boot of each, over a wrap of the tick counter", () => {
    const clock = new VirtualClock({ now: NOW, ticks: 0x7fff_fff0 });
    const { outbox, recorder } = recording(clock);
    clock.run(1_500);
    recorder.record(Quantity.TEMPERATURE, 21);
    clock.run(10_000);
    expect(readAt(outbox, 1)).toMatchObject({ time: NOW + 1_500, uptime: 1_500, boot: 3 });
  });

  it("puts each reading into the server's queue as well, and counts what that gives up", () => {
    const { outbox, serverQueue, counters, recorder } = recording(new VirtualClock());
    for (let i = 0; i < 3; i++) recorder.record(Quantity.TEMPERATURE, i);
    expect(readAt(serverQueue, 3)).toEqual(readAt(outbox, 3));
    expect(readAt(serverQueue, 1)).toBeUndefined();
    expect(counters.serverDropped).toBe(1);
  });

  it("says so after each reading, when it can be read already", () => {
    const { recorder, sizes } = recording(new VirtualClock());
    recorder.record(Quantity.TEMPERATURE, 1);
    recorder.record(Quantity.TEMPERATURE, 2);
    expect(sizes).toEqual([1, 2]);
  });
});
