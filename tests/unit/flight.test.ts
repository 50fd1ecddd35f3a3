import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Flight } from "../../firmware/links/flight.js";
import { Queue } from "../../firmware/outbox/queue.js";
import { bootTime, readingOf } from "../support/outbox.js";

interface Message {
  seq: number;
  id: number;
  late: boolean;
  duplicate: boolean;
}

/** A flight over a queue, and a broker's view of what is sent. */
function flying(window: number, capacity = 4_096, first = 1) {
  const queue = new Queue(capacity, first, bootTime());
  const flight = new Flight(window, queue);
  const take = (count: number) => {
    for (let i = 0; i < count; i++) queue.append(readingOf(queue.next));
  };
  const send = (limit = Number.POSITIVE_INFINITY) => {
    const sent: Message[] = [];
    while (sent.length < limit && flight.next()) {
      const { seq, id, late, duplicate } = flight;
      sent.push({ seq, id, late, duplicate });
      flight.sent();
    }
    return sent;
  };
  const acknowledge = (id: number) => {
    const seq = flight.acknowledged(id);
    if (seq >= 0) queue.acknowledge(seq);
    return seq;
  };
  return { queue, flight, take, send, acknowledge };
}

const seqs = (messages: readonly Message[]) => messages.map(({ seq }) => seq);

describe("what is under way", () => {
  it("fills the window, and goes on with each acknowledgement", () => {
    const { flight, take, send, acknowledge } = flying(4);
    take(10);
    flight.begin(false);
    const sent = send();
    expect(seqs(sent)).toEqual([1, 2, 3, 4]);
    expect(sent.every(({ late, duplicate }) => late && !duplicate)).toBe(true);
    expect(acknowledge(sent[0].id)).toBe(1);
    expect(seqs(send())).toEqual([5]);
    expect(flight.count).toBe(4);
  });

  it("lets a live reading go before a backlog, at the next place that is free", () => {
    const { flight, take, send, acknowledge } = flying(4);
    take(100);
    flight.begin(false);
    const sent = send();
    take(1);
    expect(send()).toEqual([]);
    acknowledge(sent[0].id);
    expect(send()).toEqual([{ seq: 101, id: expect.any(Number), late: false, duplicate: false }]);
    acknowledge(sent[1].id);
    expect(seqs(send())).toEqual([5]);
  });

  it("sends again first what was under way, as it was, when the broker has the session", () => {
    const { flight, take, send, acknowledge } = flying(6);
    take(10);
    flight.begin(false);
    const late = send(3);
    take(2);
    const live = send(2);
    expect(live.map(({ late: isLate }) => isLate)).toEqual([false, false]);
    acknowledge(late[0].id);
    flight.begin(true);
    const again = send();
    expect(again.slice(0, 4)).toEqual(
      [late[1], late[2], live[0], live[1]].map((sent) => ({ ...sent, duplicate: true })),
    );
    expect(again.slice(4)).toMatchObject([
      { seq: 4, late: true, duplicate: false },
      { seq: 5, late: true, duplicate: false },
    ]);
    for (const { id, seq } of again) expect(acknowledge(id)).toBe(seq);
    expect(seqs(send())).toEqual([6, 7, 8, 9, 10]);
  });

  it("sends all anew, and as late, when the broker has forgotten the session", () => {
    const { flight, take, send } = flying(8);
    flight.begin(false);
    take(3);
    const live = send();
    expect(live.every(({ late }) => !late)).toBe(true);
    flight.begin(false);
    expect(send().map(({ seq, late, duplicate }) => [seq, late, duplicate])).toEqual([
      [1, true, false],
      [2, true, false],
      [3, true, false],
    ]);
  });

  it("asks for a clean session when live readings of two connections are under way", () => {
    const { flight, take, send } = flying(8);
    flight.begin(false);
    take(2);
    send();
    flight.begin(true);
    send();
    expect(flight.isScattered).toBe(false);
    take(1);
    send();
    expect(flight.isScattered).toBe(true);
    flight.begin(false);
    expect(flight.isScattered).toBe(false);
    expect(send().map(({ seq, duplicate }) => [seq, duplicate])).toEqual([
      [1, false],
      [2, false],
      [3, false],
    ]);
  });

  it("keeps identifiers apart and right over more live readings than there are identifiers, one always under way", () => {
    const { flight, take, send, acknowledge } = flying(4);
    flight.begin(false);
    let before: Message | undefined;
    for (let i = 0; i < 70_000; i++) {
      take(1);
      const [message] = send();
      if (before && acknowledge(before.id) !== before.seq)
        throw new Error(`${before.id} was not ${before.seq}`);
      if (before?.id === message.id) throw new Error(`${message.id} twice`);
      before = message;
    }
    expect(flight.count).toBe(1);
  });

  it("tells the oldest, in either lane", () => {
    const { flight, take, send, acknowledge } = flying(8);
    take(2);
    flight.begin(false);
    expect(flight.oldest()).toBe(-1);
    const late = send();
    take(2);
    const live = send();
    expect(flight.oldest()).toBe(1);
    for (const { id } of late) acknowledge(id);
    expect(flight.oldest()).toBe(3);
    acknowledge(live[1].id);
    expect(flight.oldest()).toBe(3);
    acknowledge(live[0].id);
    expect(flight.oldest()).toBe(-1);
  });

  it("takes identifiers that nothing has for nobody's", () => {
    const { flight, take, send } = flying(4);
    take(2);
    flight.begin(false);
    const sent = send();
    for (const id of [0, -1, 64_001, 0xffff, sent[1].id + 1, 40_000])
      expect(flight.acknowledged(id)).toBe(-1);
  });

  it("keeps identifiers apart over a backlog of more readings than there are identifiers", () => {
    const { flight, take, send, acknowledge, queue } = flying(1_024, 70_000);
    take(65_000);
    flight.begin(false);
    const under = new Map<number, number>();
    let delivered = 0;
    for (let i = 0; queue.size > 0; i++) {
      if (i % 3 === 0) take(1);
      for (const { id, seq } of send()) {
        if (under.has(id)) throw new Error(`${id} is under way twice`);
        under.set(id, seq);
      }
      for (const [id, seq] of [...under].slice(0, 200)) {
        if (acknowledge(id) !== seq) throw new Error(`${id} was not ${seq}`);
        under.delete(id);
        delivered += 1;
      }
    }
    expect(delivered).toBe(queue.next - 1);
  });

  it("takes an acknowledgement for the right reading, keeps the order of each lane, and says DUP only of what it sent", () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant("take" as const), count: fc.integer({ min: 1, max: 6 }) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant("send" as const), count: fc.integer({ min: 1, max: 6 }) }),
      },
      { weight: 8, arbitrary: fc.record({ kind: fc.constant("ack" as const), count: fc.nat(5) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("connect" as const), count: fc.nat(3) }) },
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 4, max: 40 }),
        fc.integer({ min: 1, max: 200_000 }),
        fc.array(step, { maxLength: 150 }),
        (window, capacity, first, steps) => {
          const { queue, flight, take, send, acknowledge } = flying(window, capacity, first);
          const before = new Map<number, Message>(); // sent in this session and not acknowledged
          let under: Message[] = [];
          flight.begin(false);
          for (const { kind, count } of steps) {
            if (kind === "take") take(count);
            else if (kind === "connect") {
              if (count === 0) before.clear();
              under = [];
              flight.begin(count > 0);
            } else if (kind === "send") {
              for (const message of send(count)) {
                expect(under.some(({ id }) => id === message.id)).toBe(false);
                const others = under.filter(({ late, duplicate }) => late === message.late && !duplicate);
                if (!message.duplicate) expect(others.every(({ seq }) => seq < message.seq)).toBe(true);
                const earlier = before.get(message.seq);
                if (message.duplicate) expect(earlier).toBeDefined();
                before.set(message.seq, message);
                under.push(message);
              }
              expect(flight.count).toBeLessThanOrEqual(window);
            } else if (under.length > 0) {
              const [message] = under.splice(count % under.length, 1);
              const waited = queue.following(message.seq) === message.seq;
              const seq = acknowledge(message.id);
              // One that was given up meanwhile is nobody's, and never another's.
              if (waited) expect(seq).toBe(message.seq);
              else expect(seq === -1 || seq === message.seq).toBe(true);
              before.delete(message.seq);
            }
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
