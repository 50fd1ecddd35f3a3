import { describe, expect, it } from "@jest/globals";
import { Quantity, type Reading } from "../../firmware/codec/reading.js";
import { Outbox } from "../../firmware/outbox/outbox.js";
import { Recorder } from "../../firmware/outbox/recorder.js";
import { Uptime } from "../../firmware/time.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";

function recording(clock: VirtualClock, first = 1) {
  const outboxes = [new Outbox(8, first), new Outbox(2, first)];
  const sizes: number[] = [];
  const recorder = new Recorder(clock, new Uptime(clock.ticks()), outboxes, () =>
    sizes.push(outboxes[0].size),
  );
  return { outboxes, recorder, sizes };
}

function readAt(outbox: Outbox, seq: number): Reading | undefined {
  const into: Reading = { quantity: 0, value: 0, seq: 0, time: 0, uptime: 0 };
  return outbox.read(seq, into) ? into : undefined;
}

describe("Recorder", () => {
  it("numbers the readings of all quantities one after the other, from the outbox's number on", () => {
    const { outboxes, recorder } = recording(new VirtualClock(), 41);
    recorder.record(Quantity.TEMPERATURE, 21.4);
    recorder.record(Quantity.HUMIDITY, 45);
    expect(readAt(outboxes[0], 41)).toMatchObject({ quantity: Quantity.TEMPERATURE, value: 21.4, seq: 41 });
    expect(readAt(outboxes[0], 42)).toMatchObject({ quantity: Quantity.HUMIDITY, value: 45, seq: 42 });
  });

  it("notes the time and the uptime of each", () => {
    const clock = new VirtualClock({ now: 1_795_175_351_184, ticks: 0x7fff_fff0 });
    const { outboxes, recorder } = recording(clock);
    clock.run(1_500);
    recorder.record(Quantity.TEMPERATURE, 21);
    expect(readAt(outboxes[0], 1)).toMatchObject({ time: 1_795_175_352_684, uptime: 1_500 });
  });

  it("marks a reading that was taken while the clock was not set, and only that one", () => {
    const clock = new VirtualClock();
    const { outboxes, recorder } = recording(clock);
    recorder.record(Quantity.TEMPERATURE, 21);
    clock.setNow(1_795_175_351_184);
    recorder.record(Quantity.TEMPERATURE, 22);
    expect(readAt(outboxes[0], 1)?.time).toBeNaN();
    expect(readAt(outboxes[0], 2)?.time).toBe(1_795_175_351_184);
  });

  it("puts each reading into every outbox, under the same number", () => {
    const { outboxes, recorder } = recording(new VirtualClock());
    for (let i = 0; i < 3; i++) recorder.record(Quantity.TEMPERATURE, i);
    expect(readAt(outboxes[1], 3)).toEqual(readAt(outboxes[0], 3));
    expect(outboxes.map(({ next, dropped }) => [next, dropped])).toEqual([
      [4, 0],
      [4, 1],
    ]);
  });

  it("says so after each reading, when it can be read already", () => {
    const { recorder, sizes } = recording(new VirtualClock());
    recorder.record(Quantity.TEMPERATURE, 1);
    recorder.record(Quantity.TEMPERATURE, 2);
    expect(sizes).toEqual([1, 2]);
  });
});
