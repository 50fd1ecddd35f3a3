import { describe, expect, it } from "@jest/globals";
import type { TCPOptions } from "../../firmware/ports.js";
import type { Peer } from "../../host-sim/boards/virtual/network.js";
import { seededRandom } from "../../host-sim/boards/virtual/random.js";
import { BLOCK, rangeBench } from "../support/range-bench.js";
import { type Answer, headOf, rightAnswer, text } from "../support/range-server.js";

const SILENT = "the server does not answer";
const SLOW = "the server is too slow";
const MORE = "the server sends more than it was asked for";
const NO_HTTP = "what answers is no HTTP server";
const ENDED = "the connection ended within the server's answer: closed by the other end";
const LENGTH = "the server's answer has another length than its range";
const RANGE = "the server sends another range than it was asked for";

type Fields = Record<string, string | undefined>;

/** An answer with fields in place of its own. */
const withFields =
  (fields: Fields): Answer =>
  (request, peer, file) => {
    peer.write(text(headOf(request, file.length, { fields })));
    peer.write(file.subarray(request.first, request.last + 1));
  };

/** An answer with a status, and a body that is no part of the file. */
const withStatus =
  (status: string, fields: Fields = {}): Answer =>
  (request, peer, file) => {
    const body = "<html>no</html>";
    const own = { "Content-Range": undefined, "Content-Length": String(body.length), ...fields };
    peer.write(text(headOf(request, file.length, { status, fields: own })));
    peer.write(text(body));
  };

const asIs =
  (line: string): Answer =>
  (_request, peer) =>
    peer.write(text(line));

/** Sends the same again and again, each `period` milliseconds. */
function endlessly(bench: ReturnType<typeof rangeBench>, peer: Peer, line: string, period: number): void {
  let isOver = false;
  peer.onClose = () => {
    isOver = true;
  };
  const once = () => {
    if (isOver) return;
    peer.write(text(line));
    bench.clock.timer.set(once, period);
  };
  once();
}

function quiet(bench: ReturnType<typeof rangeBench>): void {
  bench.clock.run(1_000);
  expect([bench.domain.pending, bench.net.connections]).toEqual([0, 0]);
}

describe("a client of ranges and an answer that is not what it asked for", () => {
  it.each<[string, Answer, string, boolean]>([
    ["the whole file", withStatus("200 OK"), "the server does not answer range requests", false],
    ["no such file", withStatus("404 Not Found"), "the server answers 404", false],
    ["no such range", withStatus("416 x"), "the server's file is another one: it has no such range", true],
    ["an error", withStatus("500 Internal Server Error"), "the server answers 500", false],
    ["that it is busy", withStatus("503 x", { "Retry-After": "5" }), "the server answers 503", false],
    ["no content", withStatus("204 No Content"), "the server answers 204", false],
    [
      "the right range by a status of its own",
      (request, peer, file) => {
        peer.write(text(headOf(request, file.length, { status: "207 x" })));
        peer.write(file.subarray(request.first, request.last + 1));
      },
      "the server answers 207",
      false,
    ],
    ["another place", withStatus("302 Found", { Location: "http://x/" }), "the server answers 302", false],
    ["a request for a password", withStatus("401 x"), "the server answers 401", false],
    ["nothing new", withStatus("304 Not Modified"), "the server answers 304", false],
    ["a part that is encoded", withFields({ "Content-Encoding": "gzip" }), LENGTH, true],
    ["chunks", withFields({ "Transfer-Encoding": "chunked", "Content-Length": undefined }), LENGTH, true],
    ["chunks, and a length", withFields({ "Transfer-Encoding": "chunked" }), LENGTH, true],
    ["no length", withFields({ "Content-Length": undefined }), LENGTH, true],
    ["a length that is too small", withFields({ "Content-Length": "4095" }), LENGTH, true],
    ["a length that is too large", withFields({ "Content-Length": "4097" }), LENGTH, true],
    ["the whole file's length", withFields({ "Content-Length": "16484" }), LENGTH, true],
    ["a length that is none", withFields({ "Content-Length": "4096 bytes" }), LENGTH, true],
    ["two lengths", withFields({ "Content-Length": "4096\r\nContent-Length: 4097" }), LENGTH, true],
    ["no range", withFields({ "Content-Range": undefined }), RANGE, true],
    [
      "parts in parts",
      withFields({ "Content-Range": undefined, "Content-Type": "multipart/byteranges" }),
      RANGE,
      true,
    ],
    ["an earlier range", withFields({ "Content-Range": "bytes 0-4095/16484" }), RANGE, true],
    ["a range that begins later", withFields({ "Content-Range": "bytes 4097-8191/16484" }), RANGE, true],
    ["a range that ends earlier", withFields({ "Content-Range": "bytes 4096-8190/16484" }), RANGE, true],
    ["a range that ends later", withFields({ "Content-Range": "bytes 4096-8192/16484" }), RANGE, true],
    ["a range of nobody knows how much", withFields({ "Content-Range": "bytes 4096-8191/*" }), RANGE, true],
    [
      "a range of a longer file",
      withFields({ "Content-Range": "bytes 4096-8191/16485" }),
      "the server's file has 16485 bytes, and the image 16484",
      true,
    ],
    [
      "a range of a shorter file",
      withFields({ "Content-Range": "bytes 4096-8191/9000" }),
      "the server's file has 9000 bytes, and the image 16484",
      true,
    ],
    ["something else than HTTP", asIs("SSH-2.0-OpenSSH_9.2p1\r\n"), NO_HTTP, false],
    ["HTTP/2", asIs("HTTP/2 206\r\n\r\n"), NO_HTTP, false],
    ["an empty line", asIs("\r\n"), NO_HTTP, false],
    ["a TLS alert", asIs("\x15\x03\x03\0\x02\x02\x0a\n"), NO_HTTP, false],
    [
      "a head without end",
      asIs(`HTTP/1.1 206 OK\r\n${"X: y\r\n".repeat(3_000)}`),
      "the server's answer has no end of its header",
      false,
    ],
    ["a line without end", asIs("x".repeat(17_000)), "the server's answer has no end of its header", false],
  ])("%s: is told, and the next one that is right is taken", (_what, answer, reason, isWrong) => {
    for (const segment of [0, 1]) {
      const bench = rangeBench({ answer });
      bench.net.segment = segment;
      expect(bench.fetch(1)).toEqual({ reason, isWrong });
      expect(bench.got()).toEqual([]);
      quiet(bench);
      bench.server.answer = rightAnswer;
      expect(bench.fetch(1)).toBeUndefined();
      expect(bench.done).toEqual([bench.block(1)]);
    }
  });

  it.each([
    ["in the same piece", 0, 1],
    ["in the same piece, and much of it", 0, 5_000],
  ])("more than that, %s: is wrong", (_what, _delay, count) => {
    const bench = rangeBench({
      answer: (request, peer, file) => {
        const rest = Buffer.alloc(count, 7);
        peer.write(
          Buffer.concat([
            text(headOf(request, file.length)),
            file.subarray(request.first, request.last + 1),
            rest,
          ]),
        );
      },
    });
    expect(bench.fetch(1)).toEqual({ reason: MORE, isWrong: true });
    expect(bench.got().length).toBe(BLOCK);
    expect(bench.done).toEqual([]);
    quiet(bench);
  });

  it("more than that, of which the first byte begins a new piece of what is read at once: is wrong", () => {
    // Head and body end with a piece of 512 bytes.
    const bench = rangeBench();
    bench.server.answer = (request, peer, file) => {
      const { length } = headOf(request, file.length, { fields: { X: "" } });
      const head = headOf(request, file.length, { fields: { X: "y".repeat((1_024 - length) % 512) } });
      expect(head.length % 512).toBe(0);
      peer.write(
        Buffer.concat([text(head), file.subarray(request.first, request.last + 1), Uint8Array.of(1)]),
      );
    };
    expect(bench.fetch(1)).toEqual({ reason: MORE, isWrong: true });
    quiet(bench);
  });

  it("more than that, later: ends the connection, and the next part comes over a new one", () => {
    const bench = rangeBench();
    bench.server.answer = (request, peer, file) => {
      rightAnswer(request, peer, file);
      bench.clock.timer.set(() => endlessly(bench, peer, "more and more\n", 10), 100);
    };
    for (let block = 0; block < 3; block++) {
      expect(bench.fetch(block)).toBeUndefined();
      bench.clock.run(1_000);
      expect(bench.net.connections).toBe(0);
    }
    expect(bench.done[2]).toEqual(bench.block(2));
    expect(bench.server.connections).toBe(3);
    quiet(bench);
  });

  it("more than that, just when the next part is asked for: fails, and the next attempt succeeds", () => {
    const bench = rangeBench();
    bench.server.answer = (request, peer, file) => {
      rightAnswer(request, peer, file);
      bench.clock.timer.set(() => endlessly(bench, peer, "more and more\n", 10), 1);
    };
    bench.fetch(0);
    expect(bench.fetch(1)).toEqual({ reason: NO_HTTP, isWrong: false });
    expect(bench.fetch(1)).toBeUndefined();
    expect(bench.done[1]).toEqual(bench.block(1));
  });

  it("data without end, as fast as the network has it: takes no more than was asked for", () => {
    const bench = rangeBench();
    bench.server.answer = (request, peer, file) => {
      rightAnswer(request, peer, file);
      endlessly(bench, peer, "z".repeat(1_000), 1);
    };
    let asked = 0;
    while (bench.done.length < 3 && asked++ < 10) bench.fetch(bench.done.length);
    expect(bench.done).toHaveLength(3);
    expect(bench.done[2]).toEqual(bench.block(2));
    quiet(bench);
  });

  it("answers before the answer without end: is too slow", () => {
    const bench = rangeBench();
    bench.server.answer = (_request, peer) => endlessly(bench, peer, "HTTP/1.1 100 Continue\r\n\r\n", 100);
    expect(bench.fetch(0)).toEqual({ reason: SLOW, isWrong: false });
    expect(bench.failures[0].at).toBeLessThan(150_000);
    quiet(bench);
  });
});

describe("a client of ranges and a way there that fails", () => {
  it("says that the name has no address", () => {
    const bench = rangeBench({ url: "http://nowhere.example/x" });
    expect(bench.fetch(0)).toEqual({ reason: "no address found for nowhere.example", isWrong: false });
    quiet(bench);
  });

  it("says that the name server does not answer", () => {
    const bench = rangeBench({
      dns: {
        io: class {
          resolve() {}
        },
      } as never,
    });
    expect(bench.fetch(0)).toEqual({ reason: SILENT, isWrong: false });
    expect(bench.failures[0].at).toBe(20_000);
    quiet(bench);
  });

  it("says what the resolver throws, and what the socket's constructor throws", () => {
    const resolver = class {
      resolve(): void {
        throw new Error("no network");
      }
    };
    expect(rangeBench({ dns: { io: resolver } as never }).fetch(0)).toEqual({
      reason: "no network",
      isWrong: false,
    });
    const socket = class {
      constructor() {
        throw new Error("no memory for TLS");
      }
    };
    const bench = rangeBench({ socket: { io: socket } as never });
    expect(bench.fetch(0)).toEqual({ reason: "no memory for TLS", isWrong: false });
    quiet(bench);
  });

  it("says that nobody listens", () => {
    const bench = rangeBench({ url: "http://files.example:81/x" });
    const reason = "no connection to the server: connection refused";
    expect(bench.fetch(0)).toEqual({ reason, isWrong: false });
    quiet(bench);
  });

  it("says that there is no connection, where it is not told why", () => {
    const io = class {
      constructor({ onError }: TCPOptions) {
        bench.domain.timer.set(() => onError.call(undefined as never), 5);
      }
      close(): void {}
    };
    const bench = rangeBench({ socket: { io } as never });
    expect(bench.fetch(0)).toEqual({ reason: "no connection to the server", isWrong: false });
    quiet(bench);
  });

  it("says that a failed socket could not be written or read, and that nothing was wrong with the file", () => {
    const failing = (part: "read" | "write") =>
      class {
        constructor({ onWritable, onReadable }: TCPOptions) {
          bench.domain.timer.set(() => onWritable.call(undefined as never, 5_000), 5);
          if (part === "read") bench.domain.timer.set(() => onReadable.call(undefined as never, 5), 10);
        }
        write(): number {
          if (part === "write") throw new Error("write failed");
          return 1_000;
        }
        read(): number {
          throw new Error("read failed");
        }
        close(): void {}
      };
    let bench = rangeBench({ socket: { io: failing("write") } as never });
    expect(bench.fetch(0)).toEqual({ reason: "no connection to the server: write failed", isWrong: false });
    quiet(bench);
    bench = rangeBench({ socket: { io: failing("read") } as never });
    expect(bench.fetch(0)).toEqual({
      reason: `${ENDED.slice(0, ENDED.indexOf(":"))}: read failed`,
      isWrong: false,
    });
    quiet(bench);
  });

  it("asks over another connection where the kept one fails as it is written to", () => {
    const bench = rangeBench();
    const io = bench.host.TCP as unknown as new (options: object) => { write(data: Uint8Array): number };
    let writes = 0;
    const failing = class extends io {
      override write(data: Uint8Array): number {
        writes += 1;
        if (writes === 2) throw new Error("not connected");
        return super.write(data);
      }
    };
    const kept = rangeBench({ socket: { io: failing } as never, dns: { io: bench.host.Resolver } });
    for (let block = 0; block < 3; block++) {
      kept.ask(block);
      bench.clock.run(100);
    }
    expect(kept.failures).toEqual([]);
    expect(kept.done).toHaveLength(3);
    expect(bench.server.connections).toBe(2);
  });

  it("lets what its owner throws be the owner's", () => {
    const bench = rangeBench({
      onDone: () => {
        throw new Error("a mistake");
      },
    });
    expect(() => bench.fetch(0)).toThrow("a mistake");
  });

  it("gives up after 20 s in which nothing comes: connecting, before the head, in it, in the body", () => {
    const silent = rangeBench();
    silent.net.blackHole = true;
    expect(silent.fetch(0)).toEqual({ reason: SILENT, isWrong: false });
    expect(silent.failures[0].at).toBe(20_000);
    const stages: Answer[] = [
      () => {},
      (request, peer, file) => peer.write(text(headOf(request, file.length).slice(0, 50))),
      (request, peer, file) => peer.write(text(headOf(request, file.length))),
      (request, peer, file) => {
        peer.write(text(headOf(request, file.length)));
        peer.write(file.subarray(request.first, request.last));
      },
    ];
    for (const answer of stages) {
      const bench = rangeBench({ answer });
      expect(bench.fetch(0)).toEqual({ reason: SILENT, isWrong: false });
      expect(bench.failures[0].at).toBeGreaterThanOrEqual(20_000);
      expect(bench.failures[0].at).toBeLessThan(20_100);
      quiet(bench);
      bench.server.answer = rightAnswer;
      expect(bench.fetch(0)).toBeUndefined();
    }
  });

  it("counts the silence anew with each byte, and gives up after two minutes all the same", () => {
    const bench = rangeBench();
    bench.server.answer = (request, peer, file) => {
      peer.write(text(headOf(request, file.length)));
      endlessly(bench, peer, "x", 10_000);
    };
    expect(bench.fetch(0)).toEqual({ reason: SLOW, isWrong: false });
    expect(bench.failures[0].at).toBeGreaterThanOrEqual(120_000);
    expect(bench.failures[0].at).toBeLessThan(140_000);
    quiet(bench);
  });

  it("waits 20 s on a connection that was kept and is dead, and asks over another one next time", () => {
    const bench = rangeBench();
    bench.fetch(0);
    bench.net.blackHole = true;
    expect(bench.fetch(1)).toEqual({ reason: SILENT, isWrong: false });
    bench.net.blackHole = false;
    expect(bench.fetch(1)).toBeUndefined();
    expect(bench.done[1]).toEqual(bench.block(1));
  });

  it.each([0, 1, 20, 200, 300, 4_000, 4_200])("says that the connection ended after %d bytes", (count) => {
    const bench = rangeBench();
    bench.server.answer = (request, peer, file) => {
      const all = Buffer.concat([
        text(headOf(request, file.length)),
        file.subarray(request.first, request.last + 1),
      ]);
      peer.write(all.subarray(0, count));
      peer.close();
    };
    expect(bench.fetch(0)).toEqual({ reason: ENDED, isWrong: false });
    expect(bench.server.requests).toHaveLength(1);
    quiet(bench);
  });

  it("asks again only where nothing of the answer had come", () => {
    const bench = rangeBench();
    bench.fetch(0);
    bench.server.answer = (_request, peer) => {
      peer.write(text("H"));
      peer.close();
    };
    expect(bench.fetch(1)).toEqual({ reason: ENDED, isWrong: false });
    expect(bench.server.requests).toHaveLength(2);
  });

  it("ends a kept connection over which something came that nobody asked for", () => {
    const bench = rangeBench();
    let peer: Peer | undefined;
    bench.server.answer = (request, to, file) => {
      peer = to;
      rightAnswer(request, to, file);
    };
    bench.fetch(0);
    peer?.write(text("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"));
    bench.clock.run(100);
    expect(bench.net.connections).toBe(0);
    expect(bench.fetch(1)).toBeUndefined();
    expect(bench.failures).toEqual([]);
  });

  it("does not hurry back to who speaks first while there is no room for the request", () => {
    const bench = rangeBench({ sendBuffer: 10 });
    let accepted = 0;
    bench.net.listen("10.0.0.2", 8070, (peer) => {
      accepted += 1;
      peer.write(text("220 mail.example ESMTP\r\n"));
    });
    bench.ask(0);
    bench.clock.run(10_000);
    expect(accepted).toBe(1);
    expect(bench.failures.map(({ reason }) => reason)).toEqual([NO_HTTP]);
  });

  it("leaves neither timers nor connections behind, after thousands of failures of every kind", () => {
    const random = seededRandom(5);
    const bench = rangeBench();
    const rubbish = (request: Parameters<Answer>[0], file: Uint8Array) =>
      Buffer.concat([text(headOf(request, file.length)), file.subarray(request.first, request.last + 1)]);
    bench.server.answer = (request, peer, file) => {
      const all = rubbish(request, file);
      const at = Math.floor(random() * 300);
      const how = random();
      if (how < 0.3) all[at] ^= 1 << Math.floor(random() * 8);
      peer.write(how < 0.6 ? all.subarray(0, at) : all);
      if (how < 0.5) peer.close();
      else if (how < 0.7) peer.write(text("more"));
    };
    const counts = () => [bench.domain.pending, bench.net.connections];
    for (let i = 0; i < 10_000; i++) {
      bench.fetch(Math.floor(random() * 5));
      if (random() < 0.01) bench.net.resetAll();
      if (i % 100 === 0) bench.clock.run(30_000);
      expect(bench.domain.pending).toBeLessThanOrEqual(1);
      expect(bench.net.connections).toBeLessThanOrEqual(2);
      bench.done.length = 0;
      bench.failures.length = 0;
    }
    bench.client.close();
    bench.clock.run(30_000);
    expect(counts()).toEqual([0, 0]);
    bench.server.answer = rightAnswer;
    expect(bench.fetch(3)).toBeUndefined();
    expect(bench.done).toEqual([bench.block(3)]);
  });
});
