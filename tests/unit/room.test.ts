import { describe, expect, it } from "@jest/globals";
import { Room } from "../../host-sim/chips/room.js";

describe("a room", () => {
  it("is where an air conditioner has moved it to when the simulator's time wraps", () => {
    let now = 0x7fff_ff00;
    const room = new Room(() => now);
    room.condition(1, 0);
    now = -0x8000_0000;
    expect(room.temperature()).toBeGreaterThan(11);
    expect(room.temperature()).toBeLessThan(17);
    room.condition(0, 0);
    now += 600_000;
    expect(room.temperature()).toBeGreaterThan(21);
    expect(room.temperature()).toBeLessThan(27);
  });
});
