import { describe, expect, it } from "@jest/globals";
import { VirtualBoard } from "../../host-sim/boards/virtual/board.js";
import { virtualNode } from "../support/node.js";

/** What a node says of its link at its start. */
function told(broker: string, settings: Record<string, unknown> = {}) {
  const { journal, node, board } = virtualNode({ broker, ...settings });
  expect(journal.notes.concat(journal.warnings).length).toBeLessThanOrEqual(1);
  node.start();
  board.clock.run(60_000);
  return { notes: journal.notes, warnings: journal.warnings };
}

describe("a link that is not encrypted", () => {
  it("is said to be so, once in a start", () => {
    const note = expect.stringContaining("not encrypted: use mqtts://");
    for (const broker of ["mqtt://10.0.0.1", "mqtt://broker.lan", "mqtt://ann@10.0.0.1"]) {
      expect(told(broker)).toEqual({ notes: [note], warnings: [] });
    }
  });

  it("is a warning where a password goes over it, which is not shown", () => {
    const { notes, warnings } = told("mqtt://ann:hunter2@10.0.0.1");
    expect([notes, warnings]).toEqual([
      [],
      [expect.stringContaining("password goes over the network unencrypted")],
    ]);
    expect(warnings[0]).not.toMatch(/hunter2|ann/);
  });

  it("is a warning where the settings say whom to trust, also on the machine itself", () => {
    for (const broker of ["mqtt://10.0.0.1", "mqtt://127.0.0.1"]) {
      expect(told(broker, { pin: "ab".repeat(32) })).toEqual({
        notes: [],
        warnings: [
          expect.stringMatching(/"ca" and "pin".*"broker" is mqtt:\/\/: the connection is not encrypted/),
        ],
      });
    }
  });

  it("is nothing to say where it does not leave the machine", () => {
    for (const broker of ["mqtt://localhost", "mqtt://127.0.0.1:1884", "mqtt://ann:pw@[::1]"]) {
      expect(told(broker)).toEqual({ notes: [], warnings: [] });
    }
  });
});

describe("a link that is to be encrypted", () => {
  it("is not opened at all where the board cannot, and says why", () => {
    for (const [tls, reason] of [
      [undefined, "no TLS: use mqtt://"],
      [
        () => {
          throw new Error('setting "ca" is missing');
        },
        'setting "ca" is missing',
      ],
    ] as const) {
      const board = Object.assign(new VirtualBoard({ now: 1 }), tls && { tls });
      const { journal, node } = virtualNode({ broker: "mqtts://10.0.0.1:1883" }, { board });
      node.start();
      board.clock.run(60_000);
      expect(journal.warnings).toEqual([expect.stringContaining(`${reason}; readings are taken and wait`)]);
      expect(board.net.connects).toBe(0);
    }
  });

  it("is opened with the socket that the board makes of the settings", () => {
    const seen: string[] = [];
    const board = new VirtualBoard({ now: 1_795_175_351_184 });
    Object.assign(board, {
      tls: ({ pin }: { pin: string }) => {
        seen.push(pin);
        return board.tcp;
      },
    });
    const pin = "ab".repeat(32);
    const { broker, node, journal } = virtualNode({ broker: "mqtts://10.0.0.1:1883", pin }, { board });
    node.start();
    board.clock.run(5_000);
    expect([seen, broker.clients.length, journal.notes]).toEqual([[pin], 1, []]);
  });
});
