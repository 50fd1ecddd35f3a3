import { describe, expect, it } from "@jest/globals";
import { Evictions } from "../../firmware/links/evictions.js";
import MQTTClient from "../../firmware/mqtt/client.js";
import type { MQTTClientOptions } from "../../firmware/ports.js";
import { virtualNode } from "../support/node.js";

const MINUTE = 60_000;
const HOUR = 3_600_000;

describe("Evictions", () => {
  /** What is counted of connections that last so long, each ended by the broker. */
  const counted = (evictions: Evictions, ...durations: number[]) =>
    durations.map((duration) => evictions.ended(duration, true));

  it("are three connections in a row that the broker soon ends, and each one after them", () => {
    expect(counted(new Evictions(), 10, 29_999, 0, 20, 299_999)).toEqual([0, 0, 3, 1, 1]);
  });

  it("are over with a connection that lasted: 30 s before they are a spell, five minutes then", () => {
    expect(counted(new Evictions(), 10, 10, 30_000, 10, 10)).toEqual([0, 0, 0, 0, 0]);
    expect(counted(new Evictions(), 10, 10, 10, 300_000, 10, 10, 10)).toEqual([0, 0, 3, 0, 0, 0, 3]);
  });

  it("are not what this node ends itself, nor what follows on a failed attempt", () => {
    const own = new Evictions();
    expect([0, 1, 2, 3].map(() => own.ended(10, false))).toEqual([0, 0, 0, 0]);
    const broken = new Evictions();
    expect(counted(broken, 10, 10)).toEqual([0, 0]);
    broken.failed();
    expect(counted(broken, 10, 10)).toEqual([0, 0]);
  });

  it("ask more of a connection before the back-off may begin anew", () => {
    const evictions = new Evictions();
    expect(evictions.settled).toBe(30_000);
    counted(evictions, 10, 10, 10);
    expect(evictions.settled).toBe(300_000);
    counted(evictions, 300_000);
    expect(evictions.settled).toBe(30_000);
  });
});

describe("two devices with one client id", () => {
  function two() {
    const settings = { id: "same", interval: "10s", diagnostics: "10s" };
    const first = virtualNode(settings, { seed: 1 });
    const { clock, net } = first.board;
    const second = virtualNode({ ...settings, topic: "home/other" }, { seed: 2, clock, net });
    const { broker } = first;
    net.listen("10.0.0.1", 1883, broker.accept);
    first.node.start();
    second.node.start();
    const diagnostics = () => JSON.parse(broker.payloads("home/livingroom/diagnostics").at(-1) ?? "{}");
    return { first, second, broker, clock, net, diagnostics };
  }

  it("attempt to connect about once a minute each, for hours, and either says so once", () => {
    const { first, second, broker, clock, net, diagnostics } = two();
    const attempts: number[] = [];
    for (let hour = 0; hour < 6; hour++) {
      const before = net.connects;
      clock.run(HOUR);
      attempts.push(net.connects - before);
    }
    expect(Math.max(...attempts)).toBeLessThan(150);
    for (const { journal } of [first, second]) {
      expect(journal.warnings).toEqual([
        'the broker ended 3 connections in a row shortly after accepting them: does another device use the client id "same"?',
      ]);
    }
    expect(diagnostics().evictions).toBeGreaterThan(250);
    // Each has its turn: what is not delivered yet is of the last minutes.
    for (const base of ["home/livingroom", "home/other"]) {
      const seqs = broker.payloads(`${base}/temperature`).map((payload) => JSON.parse(payload).seq as number);
      expect(new Set(seqs).size).toBe(Math.max(...seqs));
      expect(Math.max(...seqs)).toBeGreaterThan(2_160 - 30);
    }
  });

  it("say so again when it begins again after the other was away", () => {
    const { first, second, clock, net, diagnostics } = two();
    clock.run(HOUR);
    second.node.stop(() => {});
    clock.run(10 * MINUTE);
    net.resetAll();
    clock.run(MINUTE);
    const evictions = diagnostics().evictions as number;
    expect(first.journal.retries.at(-1)).toBeLessThan(1_000);
    clock.run(HOUR);
    expect(diagnostics().evictions).toBe(evictions);
    expect(first.journal.warnings).toHaveLength(1);
    second.node.start();
    clock.run(HOUR);
    expect(first.journal.warnings).toHaveLength(2);
  });
});

describe("a device that is evicted", () => {
  it("says so also when that happens while it subscribes", () => {
    const { board, broker, journal, node } = virtualNode(
      {},
      { subscriptions: [{ topic: "home/command", QoS: 1, onMessage: () => {} }] },
    );
    broker.mute.add("subscribe");
    board.net.listen("10.0.0.1", 1883, (peer) => {
      broker.forgetSessions();
      broker.accept(peer);
      board.timer.set(() => peer.close(), 2_000);
    });
    node.start();
    board.clock.run(MINUTE);
    expect(journal.warnings).toEqual([expect.stringContaining("client id")]);
  });

  it("says so also with a client that gives no reason, as Moddable's", () => {
    class Silent extends MQTTClient {
      constructor(options: MQTTClientOptions) {
        super({ ...options, onError: () => options.onError?.call(this) });
      }
    }
    const { board, broker, journal, node } = virtualNode({}, { client: Silent });
    board.net.listen("10.0.0.1", 1883, (peer) => {
      broker.accept(peer);
      board.timer.set(() => peer.close(), 2_000);
    });
    node.start();
    board.clock.run(MINUTE);
    expect(journal.warnings).toEqual([expect.stringContaining("client id")]);
  });
});

describe("a single device", () => {
  it.each<[string, (node: ReturnType<typeof virtualNode>) => void]>([
    ["its broker refuses it", ({ broker }) => Object.assign(broker, { returnCode: 5 })],
    ["its broker does not acknowledge", ({ broker }) => broker.mute.add("publish")],
    [
      "its network swallows everything once connected",
      ({ board, broker }) => {
        broker.onPublish = ({ topic }) => {
          if (!topic.endsWith("/status")) return;
          board.net.blackHole = true;
          board.timer.set(() => {
            board.net.blackHole = false;
          }, 8_000);
        };
      },
    ],
    [
      "its broker dies again and again",
      ({ board, broker, journal }) => {
        const { lost } = journal;
        const listen = () =>
          board.net.listen("10.0.0.1", 1883, (peer) => {
            broker.accept(peer);
            board.timer.set(() => {
              board.net.listen("10.0.0.1", 1883, undefined);
              peer.close();
            }, 1_000);
          });
        listen();
        Object.assign(journal, {
          lost: (reason: string, retryIn: number) => {
            lost(reason, retryIn);
            if (reason.includes("refused")) listen();
          },
        });
      },
    ],
  ])("does not think of another one when %s", (_what, prepare) => {
    const parts = virtualNode({ keepalive: "5s" });
    prepare(parts);
    parts.node.start();
    parts.board.clock.run(HOUR);
    expect(parts.journal.lostReasons.length).toBeGreaterThan(20);
    expect(parts.journal.warnings.filter((line) => line.includes("client id"))).toEqual([]);
  });
});
