import { describe, expect, it } from "@jest/globals";
import { blankReading } from "../../firmware/codec/reading.js";
import { Flight } from "../../firmware/links/flight.js";
import { Journal } from "../../firmware/outbox/journal.js";
import { Durability, Outbox } from "../../firmware/outbox/outbox.js";
import { Policy } from "../../firmware/outbox/policy.js";
import { Queue } from "../../firmware/outbox/queue.js";
import { VirtualFlash } from "../../host-sim/boards/virtual/flash.js";
import { seededRandom } from "../../host-sim/boards/virtual/random.js";
import { bootTime, EPOCH, readingOf, sequencesOf } from "../support/outbox.js";

/** Outbox, journal and flight together on a link that comes and goes, with a broker that acknowledges in some order. */
function run(seed: number, durability: Durability, policy: Policy, order: "in order" | "in any order") {
  const random = seededRandom(seed);
  const dropped = new Set<number>();
  const journal = new Journal({
    flash: new VirtualFlash(64).open(),
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
    if (found !== outbox.size)
      wrong.push(`connection ${connection}: ${outbox.size} wait, ${found} are found`);
  }
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

describe("a live reading of the connection before whose acknowledgement is forgotten", () => {
  it("does not go as a live one behind newer ones", () => {
    const journal = new Journal({
      flash: new VirtualFlash(8).open(),
      random: seededRandom(1),
      policy: Policy.OLDEST,
      onDropped: () => {},
      problems: [],
    });
    journal.begin(bootTime());
    const flight = new Flight(64, journal);
    const send = () => {
      const sent: [number, boolean][] = [];
      for (; flight.next(); flight.sent()) sent.push([flight.seq, flight.late]);
      return sent;
    };
    const take = (count: number) => {
      for (let i = 0; i < count; i++) journal.append(readingOf(journal.next));
      return send();
    };
    flight.begin(false);
    take(40);
    journal.acknowledge(40);
    flight.begin(true);
    expect(send()).toHaveLength(39);
    expect(take(1)).toEqual([[41, false]]);
    // Pairs, each longer than the range that is 40: it is the one to go when there are too many.
    for (let seq = 2; seq < 26; seq += 3) for (const one of [seq, seq + 1]) journal.acknowledge(one);
    expect(journal.following(40)).toBe(40);
    const again = send();
    expect(again).toContainEqual([40, true]);
    expect(again.filter(([, late]) => !late)).toEqual([]);
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
