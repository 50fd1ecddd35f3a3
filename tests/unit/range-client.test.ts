import { describe, expect, it } from "@jest/globals";
import { BLOCK, rangeBench } from "../support/range-bench.js";
import { headOf, rightAnswer, text } from "../support/range-server.js";

/** Milliseconds without a byte after which a request is given up, and those for a whole range, with the look behind them. */
const SILENCE = 20_000;
const PATIENCE = 120_000;

describe("a client of ranges", () => {
  it("fetches one part after the other over one connection, which it keeps", () => {
    const bench = rangeBench();
    for (let block = 0; block < 5; block++) {
      expect(bench.fetch(block)).toBeUndefined();
      expect(bench.done[block]).toEqual(bench.block(block));
      bench.clock.run(5_000);
    }
    expect(bench.done[4].length).toBe(100);
    expect(bench.server.connections).toBe(1);
    expect(bench.domain.pending).toBe(0);
    bench.client.close();
    bench.clock.run(100);
    expect(bench.net.connections).toBe(0);
  });

  it("asks as RFC 9110 has it", () => {
    const bench = rangeBench({ url: "http://files.example:8070/a/b.bin?c=d" });
    bench.fetch(1);
    const [{ target, fields }] = bench.server.requests;
    expect(target).toBe("/a/b.bin?c=d");
    expect(Object.fromEntries(fields)).toEqual({
      host: "files.example:8070",
      range: "bytes=4096-8191",
      "accept-encoding": "identity",
      "user-agent": "Hearth/0.1.0",
    });
  });

  it("fetches the last bytes of a file, and one of one byte", () => {
    const bench = rangeBench({ file: Uint8Array.of(7) });
    expect(bench.fetch(0)).toBeUndefined();
    expect(bench.done).toEqual([Uint8Array.of(7)]);
    expect(bench.server.requests[0].fields.get("range")).toBe("bytes=0-0");
  });

  it.each([1, 2, 3, 511, 512, 513, 1_460])("takes what comes in pieces of %d bytes", (segment) => {
    const bench = rangeBench();
    bench.net.segment = segment;
    bench.net.latency = 0;
    for (let block = 0; block < 5; block++) expect(bench.fetch(block)).toBeUndefined();
    expect(bench.done.map((bytes) => bytes.length)).toEqual([BLOCK, BLOCK, BLOCK, BLOCK, 100]);
    expect(bench.done[3]).toEqual(bench.block(3));
    expect(bench.server.connections).toBe(1);
  });

  it("hands out its bytes in pieces of at most 512, none of them empty", () => {
    const lengths: number[] = [];
    const bench = rangeBench({ onData: (bytes) => lengths.push(bytes.length) });
    bench.fetch(0);
    expect(Math.max(...lengths)).toBe(512);
    expect(Math.min(...lengths)).toBeGreaterThan(0);
  });

  it("waits until the socket has room for its request", () => {
    const probe = rangeBench();
    probe.fetch(0);
    const length = [...probe.server.requests[0].fields].reduce(
      (sum, [name, value]) => sum + name.length + value.length + 4,
      "GET /image.bin HTTP/1.1\r\n\r\n".length,
    );
    const bench = rangeBench({ sendBuffer: length });
    bench.net.latency = 1_000;
    for (let i = 0; i < 4; i++) expect(bench.fetch(0)).toBeUndefined();
    expect(bench.server.connections).toBe(1);
    const narrow = rangeBench({ sendBuffer: length - 1 });
    expect(narrow.fetch(0)).toEqual({ reason: "the server does not answer", isWrong: false });
    expect(narrow.server.requests).toEqual([]);
  });

  describe("whose first request has not gone out when its answer is there", () => {
    /** The answer overtakes the acknowledgement of what it answers. */
    function overtaken() {
      const bench = rangeBench();
      const io = bench.host.TCP as unknown as new (
        options: object,
      ) => { onTransportSent(count: number): void };
      const late = class extends io {
        override onTransportSent(count: number): void {
          bench.domain.timer.set(() => super.onTransportSent(count), 500);
        }
      };
      const socket = { io: late, sendBuffer: 200 } as never;
      const slow = rangeBench({ socket, dns: { io: bench.host.Resolver } });
      slow.ask(0);
      bench.clock.run(100);
      expect(slow.done).toHaveLength(1);
      return { bench, slow };
    }

    it("writes the next one when it has", () => {
      const { bench, slow } = overtaken();
      slow.ask(1);
      bench.clock.run(100);
      expect(bench.server.requests).toHaveLength(1);
      bench.clock.run(1_000);
      expect(bench.server.requests).toHaveLength(2);
      expect(slow.done[1]).toEqual(slow.block(1));
      expect(bench.server.connections).toBe(1);
    });

    it("asks over another connection where something comes that nobody asked for", () => {
      const { bench, slow } = overtaken();
      slow.ask(1);
      bench.server.peer?.write(text("HTTP/1.1 408 Request Timeout\r\n\r\n"));
      bench.clock.run(100);
      expect(slow.failures).toEqual([]);
      expect(slow.done[1]).toEqual(slow.block(1));
      expect(bench.server.connections).toBe(2);
    });

    it("asks over another connection where this one ends", () => {
      const { bench, slow } = overtaken();
      slow.ask(1);
      bench.server.peer?.close();
      bench.clock.run(100);
      expect(slow.failures).toEqual([]);
      expect(slow.done[1]).toEqual(slow.block(1));
      expect(bench.server.connections).toBe(2);
    });
  });

  it("asks anew where the server had closed the connection that it kept", () => {
    const bench = rangeBench();
    bench.server.answer = (request, peer, file) => {
      rightAnswer(request, peer, file);
      bench.clock.timer.set(() => peer.close(), 1_000);
    };
    for (let block = 0; block < 5; block++) {
      expect(bench.fetch(block)).toBeUndefined();
      bench.clock.run(5_000);
    }
    expect(bench.done[4]).toEqual(bench.block(4));
    expect(bench.server.connections).toBe(5);
  });

  it("asks again, once, where the server closes the kept connection while the request is under way", () => {
    const bench = rangeBench();
    bench.server.answer = (request, peer, file) => {
      rightAnswer(request, peer, file);
      // Its end crosses the next request.
      bench.clock.timer.set(() => peer.close(), 1_000 + bench.net.latency);
    };
    bench.fetch(0);
    const at = bench.clock.elapsed;
    bench.clock.run(1_000 - bench.net.latency);
    bench.ask(1);
    bench.clock.run(1_000);
    expect(bench.clock.elapsed - at).toBeLessThan(3_000);
    expect(bench.failures).toEqual([]);
    expect(bench.done[1]).toEqual(bench.block(1));
  });

  it("gives up where the server closes a second time", () => {
    const bench = rangeBench();
    bench.fetch(0);
    bench.server.answer = (_request, peer) => peer.close();
    expect(bench.fetch(1)).toEqual({
      reason: "the connection ended within the server's answer: closed by the other end",
      isWrong: false,
    });
    expect(bench.server.connections).toBe(2);
    expect(bench.server.requests).toHaveLength(3);
  });

  it.each([
    ["says that it closes", { fields: { Connection: "close" } }, true],
    ["says so, and lets that be another one's to do", { fields: { Connection: "close" } }, false],
    ["speaks HTTP/1.0", { status: "1.0" }, true],
    ["speaks HTTP/1.0 and closes nothing", { status: "1.0" }, false],
  ])("makes a new connection for each part where the server %s", (_what, changes, closes) => {
    const bench = rangeBench();
    bench.server.answer = (request, peer, file) => {
      let head = headOf(request, file.length, "fields" in changes ? { fields: changes.fields } : {});
      if ("status" in changes) head = head.replace("HTTP/1.1", "HTTP/1.0");
      peer.write(text(head));
      peer.write(file.subarray(request.first, request.last + 1));
      if (closes) peer.close();
    };
    for (let block = 0; block < 3; block++) expect(bench.fetch(block)).toBeUndefined();
    bench.clock.run(100);
    expect(bench.server.connections).toBe(3);
    expect(bench.net.connections).toBe(0);
    expect(bench.done[2]).toEqual(bench.block(2));
  });

  it("passes over answers that come before the answer", () => {
    const bench = rangeBench();
    bench.server.answer = (request, peer, file) => {
      peer.write(text("HTTP/1.1 100 Continue\r\nX: y\r\n\r\n"));
      peer.write(text("HTTP/1.1 103 Early Hints\r\nContent-Length: 7\r\nContent-Range: bytes 0-6/9\r\n\r\n"));
      rightAnswer(request, peer, file);
    };
    for (const segment of [0, 1]) {
      bench.net.segment = segment;
      expect(bench.fetch(1)).toBeUndefined();
      expect(bench.done.at(-1)).toEqual(bench.block(1));
    }
  });

  it("takes an answer whose head and body come in one piece with another one's end before it", () => {
    const bench = rangeBench();
    bench.server.answer = (request, peer, file) => {
      const all = [
        text("HTTP/1.1 100 Continue\r\n\r\n"),
        text(headOf(request, file.length)),
        file.subarray(request.first, request.last + 1),
      ];
      peer.write(Buffer.concat(all));
    };
    expect(bench.fetch(2)).toBeUndefined();
    expect(bench.done[0]).toEqual(bench.block(2));
  });

  it("may be asked for the next part while it tells that one has come", () => {
    let next = 1;
    const bench = rangeBench({
      onDone: () => {
        if (next < 5) bench.ask(next++);
      },
    });
    bench.ask(0);
    bench.clock.run(10_000);
    expect(bench.failures).toEqual([]);
    expect(bench.done.map((bytes) => bytes.length)).toEqual([BLOCK, BLOCK, BLOCK, BLOCK, 100]);
    expect(bench.done[3]).toEqual(bench.block(3));
    expect(bench.server.connections).toBe(1);
  });

  it("may be asked for the next part at once where the server closes behind each", () => {
    let next = 1;
    const bench = rangeBench({
      answer: (request, peer, file) => {
        peer.write(text(headOf(request, file.length, { fields: { Connection: "close" } })));
        peer.write(file.subarray(request.first, request.last + 1));
        peer.close();
      },
      onDone: () => {
        if (next < 5) bench.ask(next++);
      },
    });
    bench.ask(0);
    bench.clock.run(10_000);
    expect(bench.failures).toEqual([]);
    expect(bench.done).toHaveLength(5);
    expect(bench.server.connections).toBe(5);
  });

  it("may be asked again while it tells that it failed", () => {
    const bench = rangeBench({
      onFailed: () => {
        if (bench.failures.length < 3) bench.ask(0);
        else {
          bench.server.answer = rightAnswer;
          bench.ask(0);
        }
      },
      answer: (_request, peer) => peer.write(text("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy")),
    });
    bench.ask(0);
    bench.clock.run(10_000);
    expect(bench.failures.map(({ reason }) => reason)).toEqual(new Array(3).fill("the server answers 503"));
    expect(bench.done).toEqual([bench.block(0)]);
  });

  it.each(["onData", "onDone", "onFailed"] as const)("may be closed in %s", (where) => {
    const close = () => bench.client.close();
    const bench = rangeBench({ [where]: close });
    if (where === "onFailed") bench.server.answer = (_request, peer) => peer.close();
    bench.ask(0);
    bench.clock.run(1_000);
    expect(bench.domain.pending).toBe(0);
    expect(bench.net.connections).toBe(0);
    expect(bench.done).toHaveLength(where === "onDone" ? 1 : 0);
    expect(bench.failures).toHaveLength(where === "onFailed" ? 1 : 0);
    expect(bench.got().length).toBe(where === "onData" ? 512 : where === "onDone" ? BLOCK : 0);
  });

  it("may be closed in onData though nothing is missing then", () => {
    const bench = rangeBench({ file: Uint8Array.of(1, 2, 3), onData: () => bench.client.close() });
    bench.ask(0);
    bench.clock.run(60_000);
    expect(bench.got()).toEqual([1, 2, 3]);
    expect([bench.done, bench.failures]).toEqual([[], []]);
    expect([bench.domain.pending, bench.net.connections]).toEqual([0, 0]);
  });

  it("may be closed in onData and asked again there", () => {
    let isFirst = true;
    const bench = rangeBench({
      onData: () => {
        if (!isFirst) return;
        isFirst = false;
        bench.client.close();
        bench.ask(1);
      },
    });
    bench.ask(0);
    bench.clock.run(1_000);
    expect(bench.failures).toEqual([]);
    expect(bench.done).toEqual([bench.block(1)]);
  });

  it("ends where the receiver throws, which is told as something wrong", () => {
    let count = 0;
    const bench = rangeBench({
      onData: () => {
        count += 1;
        if (count === 3) throw new Error("the flash is worn");
      },
    });
    expect(bench.fetch(0)).toEqual({ reason: "the flash is worn", isWrong: true });
    bench.clock.run(1_000);
    expect(count).toBe(3);
    expect(bench.net.connections).toBe(0);
    expect(bench.domain.pending).toBe(0);
    expect(bench.fetch(0)).toBeUndefined();
    expect(bench.done).toEqual([bench.block(0)]);
  });

  it("tells whoever has closed it nothing of what it throws then", () => {
    const bench = rangeBench({
      onData: () => {
        bench.client.close();
        throw new Error("the flash is worn");
      },
    });
    bench.ask(0);
    bench.clock.run(60_000);
    expect([bench.done, bench.failures]).toEqual([[], []]);
  });

  it("is quiet once it is closed, at whatever moment, and can be asked again", () => {
    for (let at = 0; at < 40; at++) {
      const bench = rangeBench();
      bench.ask(0);
      bench.clock.run(at);
      bench.client.close();
      bench.client.close();
      const { length } = bench.done;
      bench.clock.run(60_000);
      expect([bench.done.length, bench.failures.length]).toEqual([length, 0]);
      expect([bench.domain.pending, bench.net.connections]).toEqual([0, 0]);
      expect(bench.fetch(1)).toBeUndefined();
      expect(bench.done.at(-1)).toEqual(bench.block(1));
    }
  });

  it("keeps its time across the wrap of the ticks", () => {
    const bench = rangeBench({ ticks: 0x7fff_ffff - 5_000, answer: () => {} });
    expect(bench.fetch(0)?.reason).toBe("the server does not answer");
    expect(bench.failures[0].at).toBe(SILENCE);
  });

  it("takes a slow server's word for less than two minutes", () => {
    const bench = rangeBench();
    bench.server.answer = (request, peer, file) => {
      peer.write(text(headOf(request, file.length)));
      let at = request.first;
      const one = () => {
        peer.write(file.subarray(at, at + 40));
        at += 40;
        if (at <= request.last) bench.clock.timer.set(one, 1_000);
      };
      one();
    };
    // 103 seconds; the last piece is longer than what is left.
    expect(bench.fetch(0)?.reason).toBe("the server sends more than it was asked for");
    expect(bench.got().length).toBe(BLOCK);
    bench.server.answer = (request, peer, file) => {
      peer.write(text(headOf(request, file.length)));
      for (let i = 0; i < 64; i++) {
        const part = file.slice(request.first + i * 64, request.first + (i + 1) * 64);
        bench.clock.timer.set(() => peer.write(part), i * 1_800);
      }
    };
    expect(bench.fetch(0)).toBeUndefined();
    expect(bench.done).toEqual([bench.block(0)]);
    expect(bench.clock.elapsed).toBeLessThan(2 * PATIENCE);
  });
});
