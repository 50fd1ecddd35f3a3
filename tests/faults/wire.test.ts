import { beforeEach, describe, expect, it } from "@jest/globals";
import { type Seen, Wire } from "../../bench/faults/wire.js";

let wire: Wire;
let failures: string[];
let mayForget: boolean;

beforeEach(() => {
  failures = [];
  mayForget = false;
  wire = new Wire(
    2,
    () => mayForget,
    (what) => failures.push(what),
  );
  connect(false);
});

function connect(isSessionPresent: boolean): void {
  wire.connected(isSessionPresent);
  wire.accepted();
}

const reading = (order: number): Seen => ({
  order,
  isAcknowledged: false,
  id: 0,
  session: 0,
  wasLate: false,
});
const kinds = () => failures.map((text) => text.split(":")[0]);

const LATE = true;
const DUP = true;

describe("the fault bench follows readings on the wire, and is content", () => {
  it("with what is sent again as it was, while the broker has the session", () => {
    const [first, second] = [reading(1), reading(2)];
    wire.came(first, LATE, false, 1);
    wire.came(second, LATE, false, 2);
    wire.acknowledged(first);
    connect(true);
    wire.came(second, LATE, DUP, 2);
    wire.came(reading(3), LATE, false, 1);
    expect(failures).toEqual([]);
  });

  it("with what is sent anew, with another identifier, where the broker has none", () => {
    const live = reading(1);
    wire.came(live, false, false, 32_001);
    connect(false);
    wire.came(live, LATE, false, 1);
    expect(failures).toEqual([]);
  });

  it("with one that the node was told of and has forgotten: it comes as if for the first time", () => {
    const live = reading(1);
    wire.came(live, false, false, 32_001);
    wire.acknowledged(live);
    connect(true);
    wire.came(live, LATE, false, 1);
    expect(failures).toEqual([]);
  });

  it("with those that the node has forgotten, and live ones under way, that come as late ones on the same connection", () => {
    const [done, live] = [reading(1), reading(2)];
    mayForget = true;
    wire.came(done, LATE, false, 1);
    wire.came(live, false, false, 32_002);
    wire.came(reading(3), LATE, false, 3);
    wire.acknowledged(done);
    wire.came(done, LATE, false, 1);
    wire.came(live, LATE, false, 2);
    expect(failures).toEqual([]);
  });

  it("with a live one behind as many late ones as were under way, and as were lost before", () => {
    wire.taken(10);
    for (let order = 1; order <= 5; order++) wire.came(reading(order), LATE, false, order);
    wire.came(reading(10), false, false, 32_010);
    for (let order = 6; order <= 20; order++) wire.came(reading(order), LATE, false, order);
    expect(failures).toEqual([]);
  });
});

describe("the fault bench finds on the wire", () => {
  it("one that comes twice on one connection", () => {
    const one = reading(1);
    wire.came(one, false, false, 32_001);
    wire.came(one, false, DUP, 32_001);
    expect(failures[0]).toBe("order: reading #1 came after #1 on one connection");
  });

  it("repetitions that are not in their order", () => {
    const [first, second] = [reading(1), reading(2)];
    wire.came(first, LATE, false, 1);
    wire.came(second, LATE, false, 2);
    connect(true);
    wire.came(second, LATE, DUP, 2);
    wire.came(first, LATE, DUP, 1);
    expect(kinds()).toEqual(["order"]);
  });

  it("DUP where the broker has no session", () => {
    const one = reading(1);
    wire.came(one, LATE, false, 1);
    connect(false);
    wire.came(one, LATE, DUP, 1);
    expect(failures.join()).toBe("repeated: reading #1 late has DUP, and the broker had no session");
  });

  it("a repetition without DUP, and one with another identifier", () => {
    const one = reading(1);
    wire.came(one, LATE, false, 1);
    connect(true);
    wire.came(one, LATE, false, 1);
    connect(true);
    wire.came(one, LATE, DUP, 2);
    expect(kinds()).toEqual(["repeated", "repeated"]);
  });

  it("an identifier that two readings under way have", () => {
    wire.came(reading(1), LATE, false, 7);
    wire.came(reading(2), LATE, false, 7);
    expect(failures.join()).toBe("identifier: reading #2 late came as 7, and #1 is under way as 7");
  });

  it("a live one that waits behind the backlog", () => {
    wire.taken(10);
    for (let order = 1; order <= 6; order++) wire.came(reading(order), LATE, false, order);
    expect(failures.join()).toBe("starved: reading #10 is live, and 6 late ones came since it was taken");
  });
});
