import { describe, expect, it } from "@jest/globals";
import { type VirtualBoardOptions, VirtualWiFi } from "../../host-sim/boards/virtual/board.js";
import type { Peer } from "../../host-sim/boards/virtual/network.js";
import { virtualNode } from "../support/node.js";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A node with a raw TCP server at 10.0.0.2:9000 whose behaviour is `serve`; all that arrived, by connection. */
function withServer(
  serve: (peer: Peer, text: string) => void,
  settings = {},
  options: VirtualBoardOptions = {},
) {
  const parts = virtualNode({ broker: "", server: "10.0.0.2:9000", ...settings }, options);
  const connections: string[] = [];
  parts.board.net.listen("10.0.0.2", 9000, (peer) => {
    const index = connections.push("") - 1;
    peer.onData = (data) => {
      const text = new TextDecoder().decode(data);
      connections[index] += text;
      serve(peer, text);
    };
    peer.onClose = () => {};
  });
  parts.node.start();
  const sequences = () =>
    connections
      .join("")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line).seq as number);
  return { ...parts, connections, sequences };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("the raw TCP link", () => {
  it("sends a line for each reading that names the device, on one connection where the server keeps it", () => {
    const { board, connections, sequences, journal } = withServer((peer) => peer.write(bytes("got it\n")));
    board.clock.run(10_500);
    expect(connections).toHaveLength(1);
    expect(connections[0].split("\n")[0]).toMatch(
      /^\{"device":"hearth-020000000001","temperature":[\d.]+,"time":\d+,"seq":1,"epoch":"[0-9a-f]{8}"\}$/,
    );
    expect(sequences()).toEqual(upTo(sequences().length));
    expect(journal.receipts.length).toBeGreaterThanOrEqual(9);
    expect(journal.receipts[0]).toBe("got it");
  });

  it("says the password first on each connection, where there is one", () => {
    let answered = 0;
    const { board, connections } = withServer(
      (peer) => {
        peer.write(bytes("ok\n"));
        if (++answered === 3) peer.close();
      },
      { serverpassword: "correct horse" },
    );
    board.clock.run(6_500);
    expect(connections).toHaveLength(2);
    for (const text of connections) {
      const lines = text.split("\n");
      expect(lines[0]).toBe("password correct horse");
      expect(lines.slice(1).join("\n")).not.toContain("password");
      expect(JSON.parse(lines[1])).toHaveProperty("temperature");
    }
  });

  it("says no password where none is set", () => {
    const { board, connections } = withServer((peer) => peer.write(bytes("ok\n")));
    board.clock.run(3_500);
    expect(connections[0]).not.toContain("password");
  });

  it("gets every reading to a server that answers without a newline and closes, without back-off", () => {
    const { board, connections, sequences, journal } = withServer((peer) => {
      peer.write(bytes("Hello, client!"));
      peer.close();
    });
    board.clock.run(60_500);
    expect(sequences()).toEqual(upTo(60));
    expect(connections).toHaveLength(60);
    expect(journal.warnings.filter((line) => line.startsWith("server"))).toEqual([]);
    expect(new Set(journal.receipts)).toEqual(new Set(["Hello, client!"]));
  });

  it("takes a receipt without newline as complete after 200 ms of silence", () => {
    const { board, connections, sequences } = withServer((peer) => peer.write(bytes("ok")));
    board.clock.run(10_500);
    expect(connections).toHaveLength(1);
    expect(sequences().length).toBeGreaterThanOrEqual(9);
  });

  it("goes on after 5 s without a receipt, and counts the message as unconfirmed", () => {
    const { board, sequences, journal } = withServer(() => {}, { interval: "10s" });
    board.clock.run(60_000);
    expect(sequences()).toEqual(upTo(6));
    expect(journal.receipts).toEqual([]);
  });

  it("says once that a server does not answer", () => {
    const { board, journal } = withServer(() => {}, { interval: "10s" });
    board.clock.run(60_000);
    expect(journal.warnings.filter((line) => line.startsWith("server"))).toEqual([
      "server 10.0.0.2:9000: no answer to a reading; going on",
    ]);
  });

  it("does not wait for the end of an answer that drips without end", () => {
    const { board, sequences } = withServer((peer) => {
      const drip = () => {
        peer.write(bytes("."));
        board.clock.timer.set(drip, 100);
      };
      drip();
    });
    board.clock.run(60_000);
    expect(sequences().length).toBeGreaterThanOrEqual(10);
  });

  it("has one message outstanding", () => {
    const { board, sequences } = withServer(() => {}, { interval: "1s" });
    board.clock.run(5_500);
    expect(sequences()).toEqual([1]);
  });

  it("backs off from a server that closes at once, and sends a message at most twice", () => {
    const { board, sequences, connections } = withServer((peer) => peer.close());
    board.clock.run(120_000);
    const counts = new Map<number, number>();
    for (const seq of sequences()) counts.set(seq, (counts.get(seq) ?? 0) + 1);
    expect(Math.max(...counts.values())).toBe(2);
    expect(connections.length).toBeLessThan(20);
  });

  it("sends a message again that crossed the server's goodbye", () => {
    let answered = 0;
    const { board, sequences, journal } = withServer((peer) => {
      // Answers the first on each connection and closes on the second without an answer.
      if (answered++ % 2 === 0) peer.write(bytes("ok\n"));
      else peer.close();
    });
    board.clock.run(30_500);
    const seen = sequences();
    expect(journal.warnings.filter((line) => line.startsWith("server"))).toEqual([]); // at once, without back-off
    expect([...new Set(seen)]).toEqual(upTo(new Set(seen).size));
    expect(new Set(seen).size).toBeGreaterThanOrEqual(28);
  });

  it("is not harmed by 10 MB of an answer", () => {
    const flood = new Uint8Array(10_000_000).fill(0x61);
    const { board, sequences, journal } = withServer((peer) => peer.write(flood));
    board.clock.run(20_500);
    expect(sequences()).toEqual(upTo(sequences().length));
    expect(sequences().length).toBeGreaterThanOrEqual(19);
    expect(journal.receipts.every((receipt) => receipt.length <= 120)).toBe(true);
  });

  it("keeps the newest 64 readings while the server is away, and delivers them in order", () => {
    const { board, sequences } = withServer((peer) => peer.write(bytes("ok\n")));
    board.net.listen("10.0.0.2", 9000, undefined);
    board.net.resetAll();
    board.clock.run(200_000);
    expect(sequences()).toEqual([]);
    let count = 0;
    board.net.listen("10.0.0.2", 9000, (peer) => {
      peer.onData = (data) => {
        count += new TextDecoder().decode(data).split("\n").length - 1;
        peer.write(bytes("ok\n"));
      };
    });
    board.clock.run(60_000);
    expect(count).toBeGreaterThanOrEqual(64);
    expect(count).toBeLessThanOrEqual(64 + 61);
  });

  it("does not take a receipt that comes too late for the next message's", () => {
    const { board, journal } = withServer(() => {}, { interval: "10s" });
    board.net.listen("10.0.0.2", 9000, (peer) => {
      peer.onData = (data) => {
        const { seq } = JSON.parse(new TextDecoder().decode(data));
        if (seq < 3) board.clock.timer.set(() => peer.write(bytes(`stored ${seq}\n`)), 10_500);
      };
    });
    board.clock.run(60_000);
    expect(journal.receipts).toEqual([]);
  });

  it("loses one reading, not all, to a connection that is dead without a word", () => {
    let dead = false;
    const seen: number[] = [];
    const { board } = withServer(() => {}, { interval: "10s" });
    board.net.listen("10.0.0.2", 9000, (peer) => {
      const isOld = !dead;
      peer.onData = (data) => {
        if (dead && isOld) return;
        seen.push(JSON.parse(new TextDecoder().decode(data)).seq as number);
        peer.write(bytes("ok\n"));
      };
    });
    board.clock.run(30_500);
    dead = true;
    board.clock.run(300_000);
    expect(upTo(Math.max(...seen)).filter((seq) => !seen.includes(seq)).length).toBeLessThanOrEqual(1);
    expect(seen.length).toBeGreaterThanOrEqual(31);
  });

  it("says once that the server cannot be reached, with the reason", () => {
    const { board, journal } = withServer(() => {}, { server: "nowhere.test:9000" });
    board.clock.run(60_000);
    expect(journal.warnings.filter((line) => line.includes("nowhere.test"))).toEqual([
      "server nowhere.test:9000: no address found for this name; trying again",
    ]);
  });

  it("stops with nothing left open", () => {
    const { board, node } = withServer((peer) => peer.write(bytes("ok")));
    board.clock.run(5_000);
    let stopped = false;
    node.stop(() => {
      stopped = true;
    });
    board.clock.run(60_000);
    expect(stopped).toBe(true);
    expect(board.net.connections).toBe(0);
  });

  it("counts the messages that got no receipt", () => {
    const { board, broker } = withServer(() => {}, {
      broker: "mqtt://10.0.0.1",
      interval: "10s",
      diagnostics: "60s",
      spread: 0,
    });
    board.clock.run(61_000);
    const diagnostics = broker.payloads("home/livingroom/diagnostics");
    expect(JSON.parse(diagnostics[1])).toMatchObject({ unconfirmed: 6 });
  });

  it("adds a receipt up from what comes less than 200 ms apart", () => {
    const { board, journal } = withServer(
      (peer) => {
        for (const [delay, part] of [
          [0, "a"],
          [150, "b"],
          [300, "c"],
        ] as const)
          board.timer.set(() => peer.write(bytes(part)), delay);
      },
      { interval: "2s" },
    );
    board.clock.run(9_000);
    expect(journal.receipts.length).toBeGreaterThanOrEqual(4);
    expect(new Set(journal.receipts)).toEqual(new Set(["abc"]));
  });

  it("shows what is not printable of a receipt as points", () => {
    const { board, journal } = withServer((peer) => peer.write(bytes("a\u0001b\u007fü\r\n")));
    board.clock.run(2_500);
    expect(journal.receipts[0]).toBe("a.b...");
  });

  it("keeps a connection on which many short receipts come", () => {
    const { board, connections, journal } = withServer((peer) => peer.write(bytes(`${"x".repeat(100)}\n`)));
    board.clock.run(60_500);
    expect(journal.receipts.length).toBeGreaterThanOrEqual(59);
    expect(connections).toHaveLength(1);
  });

  it("closes the connection of a server that does not stop talking, and goes on", () => {
    const { board, connections, sequences } = withServer((peer) => {
      const talk = () => {
        peer.write(new Uint8Array(1_000).fill(0x61));
        board.timer.set(talk, 100);
      };
      talk();
    });
    board.clock.run(10_500);
    expect(sequences().length).toBeGreaterThanOrEqual(9);
    expect(connections.length).toBeGreaterThanOrEqual(9);
  });

  it.each([
    ["keeps the connection", false],
    ["closes it after each receipt", true],
  ])("delivers what has waited in one go to a server that %s", (_what, closes) => {
    const wifi = new VirtualWiFi();
    const { board, sequences } = withServer(
      (peer) => {
        peer.write(bytes(closes ? "ok" : "ok\n"));
        if (closes) peer.close();
      },
      {},
      { wifi },
    );
    board.clock.run(20_500);
    expect(sequences()).toEqual([]);
    wifi.set(true);
    board.clock.run(1_000);
    expect(sequences().length).toBeGreaterThanOrEqual(20);
    expect(sequences()).toEqual(upTo(sequences().length));
  });

  it("takes a connection that the server closes while nothing is under way for no trouble", () => {
    const { board, sequences, journal } = withServer(
      (peer) => {
        peer.write(bytes("ok\n"));
        board.timer.set(() => peer.close(), 1_000);
      },
      { interval: "10s" },
    );
    board.clock.run(60_500);
    expect(sequences()).toEqual(upTo(sequences().length));
    expect(journal.receipts.length).toBeGreaterThanOrEqual(6);
    expect(journal.warnings.filter((line) => line.startsWith("server"))).toEqual([]);
  });

  it("backs off from a server that answered once and closes at once since then", () => {
    let answers = 1;
    const { board, connections } = withServer((peer) => {
      if (answers-- > 0) peer.write(bytes("ok\n"));
      else peer.close();
    });
    board.clock.run(120_000);
    expect(connections.length).toBeLessThan(20);
  });

  it("speaks of each trouble once, and returns quickly from a short one after a long one", () => {
    const { board, journal } = withServer((peer) => peer.write(bytes("ok\n")));
    const { net } = board;
    const accept = (peer: Peer) => {
      peer.onData = () => peer.write(bytes("ok\n"));
    };
    const trouble = (milliseconds: number) => {
      net.listen("10.0.0.2", 9000, undefined);
      net.resetAll();
      board.clock.run(milliseconds);
      net.listen("10.0.0.2", 9000, accept);
    };
    board.clock.run(5_000);
    trouble(600_000);
    board.clock.run(90_000);
    trouble(2_500);
    const before = journal.receipts.length;
    board.clock.run(8_000);
    expect(journal.receipts.length).toBeGreaterThan(before);
    expect(journal.warnings.filter((line) => line.startsWith("server"))).toHaveLength(2);
  });

  it("gives an attempt up after 10 s, and tries again", () => {
    const { board, journal, sequences } = withServer((peer) => peer.write(bytes("ok\n")));
    board.net.blackHole = true;
    board.clock.run(9_990);
    expect(journal.warnings.filter((line) => line.startsWith("server"))).toEqual([]);
    board.clock.run(2_000);
    expect(journal.warnings).toContain("server 10.0.0.2:9000: no connection in time; trying again");
    board.net.blackHole = false;
    board.clock.run(30_000);
    expect(sequences().length).toBeGreaterThan(30);
  });

  it("does not listen to a name server that answers after that", () => {
    const { board } = withServer(() => {});
    board.net.latency = 10_900;
    board.clock.run(60_000);
    expect(board.net.connects).toBe(0);
  });

  it("opens nothing after it was stopped, whatever comes then", () => {
    const wifi = new VirtualWiFi();
    const { board, node } = withServer(() => {}, { spread: 0 }, { wifi });
    board.clock.run(5_000);
    wifi.set(true);
    node.stop(() => {});
    wifi.set(false);
    wifi.set(true);
    board.clock.run(60_000);
    expect(board.net.connects).toBe(0);
  });

  it("does not try while there is no network, and closes when it goes", () => {
    const wifi = new VirtualWiFi();
    const { board, sequences } = withServer((peer) => peer.write(bytes("ok\n")), {}, { wifi });
    board.clock.run(10_000);
    expect(board.net.connects).toBe(0);
    wifi.set(true);
    board.clock.run(3_000);
    expect(board.net.connections).toBe(1);
    wifi.set(false);
    board.clock.run(60_000);
    expect(board.net.connections).toBe(0);
    expect(board.net.connects).toBe(1);
    wifi.set(true);
    board.clock.run(5_000);
    expect(sequences()).toEqual(upTo(sequences().length));
    expect(sequences().length).toBeGreaterThan(70);
  });

  it("sends a message again whose receipt was under way when the network went", () => {
    const wifi = new VirtualWiFi();
    const { board, sequences } = withServer(() => {}, { interval: "60s" }, { wifi });
    board.clock.run(2_000);
    wifi.set(true);
    board.clock.run(1_000);
    wifi.set(false);
    board.clock.run(1_000);
    wifi.set(true);
    board.clock.run(1_000);
    expect(sequences()).toEqual([1, 1]);
  });

  it("sends nothing twice when it is told again that the network is there", () => {
    const wifi = new VirtualWiFi();
    const { board, sequences } = withServer(() => {}, { interval: "60s" }, { wifi });
    board.clock.run(2_000);
    wifi.set(true);
    board.clock.run(1_000);
    wifi.set(true);
    board.clock.run(1_000);
    expect(sequences()).toEqual([1]);
  });
});
