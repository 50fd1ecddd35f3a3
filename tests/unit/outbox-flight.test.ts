import { describe, expect, it } from "@jest/globals";
import { blankReading } from "../../firmware/codec/reading.js";
import { Flight } from "../../firmware/links/flight.js";
import { Journal } from "../../firmware/outbox/journal.js";
import { Durability, Outbox } from "../../firmware/outbox/outbox.js";
import { Policy } from "../../firmware/outbox/policy.js";
import { Queue } from "../../firmware/outbox/queue.js";
import type { Flash } from "../../firmware/ports.js";
import { VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { seededRandom } from "../../host-sim/boards/virtual/random.js";
import { bootTime, EPOCH, readingOf, sequencesOf, wrapped } from "../support/outbox.js";

/** Outbox, journal and flight together on a link that comes and goes, with a broker that acknowledges in some order. */
function run(
  seed: number,
  durability: Durability,
  policy: Policy,
  order: "in order" | "in any order",
  isWorn = false,
) {
  const random = seededRandom(seed);
  const handle = new VirtualFlash(64).open();
  let fails = false;
  /** One operation in a hundred fails, a write also when it is done. */
  const tried = <T>(operation: () => T): T => {
    if (fails && random() < 0.01) throw new Error("input/output error");
    const result = operation();
    if (fails && random() < 0.01) throw new Error("input/output error");
    return result;
  };
  const flash: Flash = {
    ...wrapped(handle),
    read: (buffer, position) => tried(() => handle.read(buffer, position)),
    write: (buffer, position) => tried(() => handle.write(buffer, position)),
  };
  const dropped = new Set<number>();
  const journal = new Journal({
    flash,
    random,
    policy,
    onDropped: (first, count) => outbox.drop(first, count),
    problems: [],
  });
  const time = bootTime();
  journal.begin(time);
  const outbox = new Outbox({
    queue: new Queue(256, 1, time),
    journal,
    durability,
    epoch: EPOCH,
    monitor: {
      dropped: (first, count) => {
        for (let seq = first; seq < first + count; seq++) dropped.add(seq);
      },
    },
  });
  // In any order, some of 16 are forgotten; of more it would be most of them, again and again.
  const flight = new Flight(order === "in order" ? 32 : 16, outbox);
  const wrong: string[] = [];
  const reading = blankReading();
  let under: number[] = [];
  const acknowledged = new Set<number>();
  const send = () => {
    while (flight.next() && outbox.read(flight.seq, reading)) {
      if (under.includes(flight.id)) wrong.push(`identifier ${flight.id} is under way twice`);
      under.push(flight.id);
      flight.sent();
    }
  };
  const acknowledge = () => {
    const which = order === "in order" ? 0 : Math.floor(random() * under.length);
    const seq = flight.acknowledged(under.splice(which, 1)[0]);
    if (seq >= 0) {
      outbox.acknowledge(seq);
      acknowledged.add(seq);
    }
    send();
  };
  const take = (count: number) => {
    for (let i = 0; i < count; i++) outbox.append(readingOf(outbox.next));
  };
  const connect = (sessionPresent: boolean) => {
    outbox.linkChanged(true);
    const isClean = flight.isScattered;
    flight.begin(sessionPresent && !isClean);
    under = [];
    send();
  };
  take(2_000);
  fails = isWorn;
  for (let connection = 0; connection < 30; connection++) {
    connect(connection > 0 && random() < 0.8);
    for (let i = Math.floor(random() * 20); i > 0; i--) {
      take(1);
      send();
      for (let k = 0; k < 8 && under.length > 0; k++) acknowledge();
    }
    outbox.linkChanged(false);
    take(Math.floor(random() * 10));
    const found = sequencesOf(outbox).length;
    if (found !== outbox.size && !isWorn)
      wrong.push(`connection ${connection}: ${outbox.size} wait, ${found} are found`);
  }
  fails = false;
  connect(true);
  for (let i = 0; i < 400 || under.length > 0; i++) {
    if (i < 400) take(1);
    send();
    for (let k = 0; k < 8 && under.length > 0; k++) acknowledge();
  }
  for (let seq = 1; seq < outbox.next; seq++)
    if (!acknowledged.has(seq) && !dropped.has(seq)) wrong.push(`lost ${seq}`);
  if (outbox.size > 0) wrong.push(`${outbox.size} still wait`);
  return wrong;
}

describe("flash that cannot be read once", () => {
  it("leaves nothing of the connection before for the next one, whenever it is", () => {
    for (let nth = 1; nth <= 40; nth++) {
      const handle = new VirtualFlash(16).open();
      let reads = Number.NEGATIVE_INFINITY;
      const flash: Flash = {
        ...wrapped(handle),
        read: (buffer, position) => {
          if (++reads === nth) throw new Error("input/output error");
          return handle.read(buffer, position);
        },
      };
      const time = bootTime();
      const journal = new Journal({
        flash,
        random: seededRandom(1),
        policy: Policy.OLDEST,
        onDropped: () => {},
        problems: [],
      });
      journal.begin(time);
      const queue = new Queue(64, 1, time);
      const outbox = new Outbox({ queue, journal, durability: Durability.ALWAYS, epoch: EPOCH, monitor: {} });
      const flight = new Flight(16, outbox);
      const under: number[] = [];
      const send = () => {
        for (; flight.next() && outbox.read(flight.seq, blankReading()); flight.sent()) under.push(flight.id);
      };
      const take = () => {
        outbox.append(readingOf(outbox.next));
        send();
      };
      outbox.linkChanged(true);
      flight.begin(false);
      for (let i = 0; i < 16; i++) take();
      outbox.linkChanged(false);
      outbox.linkChanged(true);
      flight.begin(true);
      under.length = 0;
      reads = 0;
      send();
      for (let i = 0; i < 100; i++) {
        take();
        while (under.length > 0) {
          const seq = flight.acknowledged(under.shift() as number);
          if (seq >= 0) outbox.acknowledge(seq);
          send();
        }
      }
      expect([nth, outbox.size, sequencesOf(outbox)]).toEqual([nth, 0, []]);
    }
  });
});

describe("flash of which one operation in a hundred fails", () => {
  it.each([
    ["always", Durability.ALWAYS],
    ["in an outage", Durability.OUTAGE],
  ] as const)("costs repetitions and no reading (journalled %s)", (_name, durability) => {
    for (let seed = 1; seed <= 6; seed++) {
      const wrong = run(seed, durability, Policy.OLDEST, seed % 2 ? "in order" : "in any order", true);
      expect([seed, wrong]).toEqual([seed, []]);
    }
  });
});

describe("a live reading of the connection before whose acknowledgement is forgotten", () => {
  function flying(blocks: number, policy: Policy) {
    const journal = new Journal({
      flash: new VirtualFlash(blocks).open(),
      random: seededRandom(1),
      policy,
      onDropped: () => {},
      problems: [],
    });
    journal.begin(bootTime());
    const flight = new Flight(64, journal);
    const identifiers = new Map<number, number>();
    const send = () => {
      const sent: [number, boolean][] = [];
      for (; flight.next(); flight.sent()) {
        identifiers.set(flight.seq, flight.id);
        sent.push([flight.seq, flight.late]);
      }
      return sent;
    };
    const take = (count: number) => {
      for (let i = 0; i < count; i++) journal.append(readingOf(journal.next));
    };
    const acknowledge = (seq: number) =>
      journal.acknowledge(flight.acknowledged(identifiers.get(seq) as number));
    return { journal, flight, send, take, acknowledge };
  }

  it("is sent again also where what waits behind it is more numbers away than there are identifiers", () => {
    const { journal, flight, send, take, acknowledge } = flying(224, Policy.THIN);
    flight.begin(false);
    take(64);
    send();
    take(90_000);
    flight.begin(true);
    let sent = send();
    for (let seq = 2; seq <= 18; seq += 2) acknowledge(seq); // nine ranges, of which eight are remembered
    expect(journal.forgotten).toBe(1);
    sent = sent.filter(([seq]) => !(seq <= 18 && seq % 2 === 0));
    while (sent.length > 0) {
      acknowledge((sent.shift() as [number, boolean])[0]);
      sent.push(...send());
    }
    expect(journal.size).toBe(0);
  });

  it("does not go as a live one behind newer ones", () => {
    const { journal, flight, send, take, acknowledge } = flying(8, Policy.OLDEST);
    flight.begin(false);
    take(40);
    send();
    journal.acknowledge(40);
    flight.begin(true);
    expect(send()).toHaveLength(39);
    take(1);
    expect(send()).toEqual([[41, false]]);
    // Pairs, each longer than the range that is 40: it is the one to go when there are too many.
    const pairs = Array.from({ length: 8 }, (_, i) => [2 + 3 * i, 3 + 3 * i]).flat();
    for (const seq of pairs) acknowledge(seq);
    expect(journal.following(40)).toBe(40);
    // Nothing goes until nothing is under way, so that no identifier is used for two.
    take(1);
    expect(send()).toEqual([]);
    for (let seq = 1; seq < 42; seq++) if (seq !== 40 && !pairs.includes(seq)) acknowledge(seq);
    expect(send()).toEqual([
      [42, false],
      [40, true],
    ]);
  });
});

describe("a backlog that drains over a link which comes and goes", () => {
  it.each([
    ["always", "in order", Durability.ALWAYS, Policy.OLDEST],
    ["always, thinned out", "in order", Durability.ALWAYS, Policy.THIN],
    ["in an outage", "in order", Durability.OUTAGE, Policy.NEWEST],
    ["always", "in any order", Durability.ALWAYS, Policy.OLDEST],
    ["always, thinned out", "in any order", Durability.ALWAYS, Policy.THIN],
    ["in an outage", "in any order", Durability.OUTAGE, Policy.NEWEST],
  ] as const)(
    "loses none, however many live readings overtake it (journalled %s, acknowledged %s)",
    (_name, order, durability, policy) => {
      for (let seed = 1; seed <= (order === "in order" ? 4 : 1); seed++)
        expect([seed, run(seed, durability, policy, order)]).toEqual([seed, []]);
    },
  );
});
