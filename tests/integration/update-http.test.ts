import { createHash } from "node:crypto";
import fs from "node:fs";
import https from "node:https";
import net from "node:net";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import send from "send";
import { parseHTTPAddress } from "../../firmware/codec/http-url.js";
import { Download } from "../../firmware/update/download.js";
import { seededRandom } from "../../host-sim/boards/virtual/random.js";
import { Resolver } from "../../host-sim/io/resolver.js";
import { TCP } from "../../host-sim/io/tcp.js";
import { TLS } from "../../host-sim/io/tls.js";
import { Flash } from "../../host-sim/storage/flash.js";
import { serveImage } from "../../services/ota/image-server.js";
import { Authority, type Pair, selfSigned } from "../support/certificates.js";
import { freePort, hasProgram, loopbackServer, temporaryDirectory, until } from "../support/peers.js";
import { itWith, Running, scratchDirectory, stopAll } from "../support/programs.js";
import { anyBytes } from "../support/range-bench.js";

const BLOCK = 4_096;
const BLOCKS = 32;
const FILE = anyBytes(30 * BLOCK + 123);
const SHA256 = createHash("sha256").update(FILE).digest();

/** The device's time goes so much faster than ours: its 20 s of patience are 0.4 s. */
const HASTE = 50;

const directory = temporaryDirectory();
const cleanups: (() => unknown)[] = [];
let home: Authority;
let stranger: Authority;

beforeAll(() => {
  if (!hasProgram("openssl")) return;
  home = new Authority(directory.path, "home");
  stranger = new Authority(directory.path, "stranger");
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await stopAll();
});
afterAll(() => directory.remove());

interface Started {
  /** What it has told, in its order; progress is a number. */
  readonly told: string[];
  readonly slot: string;
  /** What it said but for progress, each run of equal ones once. */
  words(): string[];
  until(word: RegExp): Promise<void>;
  close(): void;
}

/** Downloads with a laptop's sockets into a slot in a file; a fault has it begin again, as an update does, up to `tries`. */
function start(url: string, options: { authority?: Pair; tries?: number; slot?: string } = {}): Started {
  const slot = options.slot ?? scratchDirectory();
  const address = parseHTTPAddress(url);
  if (!address) throw new Error(`no address: ${url}`);
  const told: string[] = [];
  const secure = options.authority ? { certificate: fs.readFileSync(options.authority.cert) } : {};
  const socket = address.secure ? { io: TLS, nodelay: true, secure } : { io: TCP, nodelay: true };
  let tries = options.tries ?? 1;
  let download: Download;
  const begin = () => {
    download = new Download({
      dns: { io: Resolver } as never,
      socket: socket as never,
      timer: {
        set: (callback, delay) => setTimeout(callback, delay / HASTE),
        clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
      },
      clock: { ticks: () => (performance.now() * HASTE) | 0, now: () => Date.now() },
      random: seededRandom(7),
      address,
      agent: "Hearth/0.1.0",
      flash: Flash.open({ directory: slot, path: "ota_1", blocks: BLOCKS }),
      size: FILE.length,
      sha256: new Uint8Array(SHA256),
      digest: () => {
        const hash = createHash("sha256");
        return { write: (data) => void hash.update(data), close: () => new Uint8Array(hash.digest()) };
      },
      onProgress: () => told.push(String(download.done)),
      onVerifying: () => told.push("verifying"),
      onWaiting: (reason) => told.push(reason),
      onFault: (reason) => {
        told.push(`fault: ${reason}`);
        tries -= 1;
        if (tries > 0) begin();
      },
      onVerified: () => told.push("verified"),
    });
    download.start(0);
  };
  begin();
  cleanups.push(() => download.close());
  return {
    told,
    slot,
    words: () => told.filter((word, i) => !/^\d+$/.test(word) && word !== told[i - 1]),
    until: async (word) => until(() => told.some((line) => word.test(line))),
    close: () => download.close(),
  };
}

/** What is in the slot, as far as the image goes. */
const inSlot = ({ slot }: Started) =>
  fs.readFileSync(path.join(slot, "ota_1.flash")).subarray(0, FILE.length);

/** Done to the last byte. */
async function complete(download: Started): Promise<void> {
  await download.until(/^verified$/);
  expect(inSlot(download).equals(FILE)).toBe(true);
  const progress = download.told.filter((word) => /^\d+$/.test(word)).map(Number);
  expect(progress.at(-1)).toBe(FILE.length);
}

const oneLine = (words: readonly string[]) => expect(words.filter((word) => /[\r\n]/.test(word))).toEqual([]);

/** A right answer to what `heard` asks for. */
function answerTo(heard: string): { head: string; body: Uint8Array } {
  const [, first, last] = /^range: bytes=(\d+)-(\d+)\r$/im.exec(heard) ?? [];
  const body = FILE.subarray(Number(first), Number(last) + 1);
  const range = `Content-Range: bytes ${first}-${last}/${FILE.length}`;
  return { head: `HTTP/1.1 206 Partial Content\r\n${range}\r\nContent-Length: ${body.length}\r\n\r\n`, body };
}

/** A server that does what it is told with each request. */
async function rawServer(answer: (socket: net.Socket, heard: string, count: number) => void) {
  let count = 0;
  const server = await loopbackServer((socket) => {
    let heard = "";
    socket.setNoDelay(true);
    socket.on("data", (data) => {
      heard += data.toString("latin1");
      for (let end = heard.indexOf("\r\n\r\n"); end >= 0; end = heard.indexOf("\r\n\r\n")) {
        const one = heard.slice(0, end + 2);
        heard = heard.slice(end + 4);
        answer(socket, one, count++);
      }
    });
  });
  cleanups.push(() => server.close());
  return { ...server, url: `http://127.0.0.1:${server.port}/x`, asked: () => count };
}

const rightly = (socket: net.Socket, heard: string) => {
  const { head, body } = answerTo(heard);
  socket.write(head);
  socket.write(body);
};

describe("an image from a server that does as it should", () => {
  it("comes to be in the slot, from the server of images", async () => {
    const image = { bytes: Buffer.from(FILE), sha256: SHA256.toString("hex") };
    const server = await serveImage(image, { host: "127.0.0.1", port: 0 });
    cleanups.push(() => server.close());
    const download = start(`http://localhost:${server.port}${server.path}`);
    await complete(download);
    expect(download.words()).toEqual(["verifying", "verified"]);
  });

  itWith("nginx")("comes from nginx (needs nginx)", async () => {
    const where = scratchDirectory();
    fs.chmodSync(where, 0o755);
    fs.writeFileSync(path.join(where, "x.bin"), FILE);
    const port = await freePort();
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    const lines = [
      "daemon off; master_process off; error_log stderr notice;",
      `pid ${where}/pid; events {}`,
      "http { access_log off; keepalive_requests 7;",
      ...temporary.map((name) => `${name}_temp_path ${where}/${name};`),
      `server { listen 127.0.0.1:${port}; root ${where}; } }`,
    ];
    fs.writeFileSync(path.join(where, "conf"), lines.join("\n"));
    const nginx = new Running("nginx", ["-p", where, "-e", "stderr", "-c", path.join(where, "conf")]);
    await nginx.until(/start worker process|using the "epoll"/);
    await until(() => canConnect(port));
    const download = start(`http://127.0.0.1:${port}/x.bin`);
    await complete(download);
    expect(download.words()).toEqual(["verifying", "verified"]);
    const missing = start(`http://127.0.0.1:${port}/y.bin`);
    await missing.until(/^the server answers 404$/);
  });
});

/** Whether somebody listens; asked again and again. */
function canConnect(port: number): boolean {
  const known = listening.get(port);
  if (known !== undefined) return known;
  const socket = net.connect(port, "127.0.0.1");
  socket.on("connect", () => {
    listening.set(port, true);
    socket.destroy();
  });
  socket.on("error", () => {});
  return false;
}
const listening = new Map<number, boolean>();

describe("an image from a server that does not", () => {
  itWith("python3")("know ranges: says so, and waits (needs python3)", async () => {
    const where = scratchDirectory();
    fs.writeFileSync(path.join(where, "x.bin"), FILE);
    const port = await freePort();
    const python = new Running("python3", ["-u", "-m", "http.server", "-b", "127.0.0.1", String(port)], {
      cwd: where,
    });
    await python.until(/Serving HTTP/);
    const download = start(`http://127.0.0.1:${port}/x.bin`);
    await until(() => download.told.length >= 3);
    expect(download.words()).toEqual(["the server does not answer range requests"]);
  });

  it("listen, and does later", async () => {
    const port = await freePort();
    const download = start(`http://127.0.0.1:${port}/x`);
    await until(() => download.told.length >= 2);
    expect(download.words()).toEqual([
      "no connection to the server: connection refused: nothing listens there",
    ]);
    const server = net.createServer((socket) => {
      socket.on("data", (heard) => rightly(socket, heard.toString("latin1"))).on("error", () => {});
    });
    server.listen(port, "127.0.0.1");
    cleanups.push(() => new Promise((resolve) => server.close(resolve)));
    await complete(download);
  });

  it("have a name", async () => {
    const download = start("http://nowhere.invalid/x");
    await until(() => download.told.length >= 1);
    expect(download.words()).toEqual(["no address found for nowhere.invalid"]);
  });

  it.each([1, 2, 3, 4, 5, 6])(
    "keep its connections, is slow and lossy, by the dice of seed %d",
    async (seed) => {
      const random = seededRandom(seed);
      let faults = 0;
      const server = await rawServer((socket, heard, count) => {
        const { head, body } = answerTo(heard);
        const all = Buffer.concat([Buffer.from(head, "latin1"), body]);
        const dice = random();
        if (count >= 60 || dice < 0.4) return void socket.write(all);
        faults += 1;
        const at = Math.floor(random() * (random() < 0.5 ? head.length : all.length));
        if (dice < 0.55) socket.write(all.subarray(0, at), () => socket.destroy());
        else if (dice < 0.7) socket.write(all.subarray(0, at), () => socket.resetAndDestroy());
        else if (dice < 0.8) socket.end(all);
        else if (dice < 0.85) socket.write(all.subarray(0, at));
        else if (dice < 0.9)
          socket.write(`HTTP/1.1 50${Math.floor(random() * 5)} Busy\r\nContent-Length: 0\r\n\r\n`);
        else {
          // In pieces, some time between them.
          for (let from = 0, i = 0; from < all.length; from += 1_000, i++) {
            const piece = all.subarray(from, from + 1_000);
            setTimeout(() => socket.write(piece), i * 10);
          }
        }
      });
      const download = start(server.url);
      await complete(download);
      expect(faults).toBeGreaterThan(10);
      oneLine(download.words());
      for (const word of download.words())
        expect(word).toMatch(
          /^(verif|the connection ended within the server's answer|no connection to|the server (answers 50|does not answer$))/,
        );
      // At most one block twice at each failure.
      expect(server.asked()).toBeLessThanOrEqual(31 + faults);
    },
  );

  it.each([
    [
      "a wrong length",
      (text: string) => text.replace(/Length: \d+/, "Length: 4097"),
      "another length than its range",
    ],
    [
      "no length",
      (text: string) => text.replace(/Content-Length: \d+\r\n/, ""),
      "another length than its range",
    ],
    [
      "a wrong range",
      (text: string) => text.replace(/bytes \d+/, "bytes 1"),
      "another range than it was asked for",
    ],
    [
      "another file's length",
      (text: string) => text.replace(/\/\d{5,}/, "/99"),
      "has 99 bytes, and the image 123003",
    ],
  ])("say %s: is at fault, and when it is well again the image is whole", async (_what, change, reason) => {
    const server = await rawServer((socket, heard, count) => {
      const { head, body } = answerTo(heard);
      socket.write(count === 10 || count === 11 ? change(head) : head);
      socket.write(body);
    });
    const download = start(server.url, { tries: 3 });
    await complete(download);
    const faults = download.told.filter((word) => word.startsWith("fault"));
    expect(faults).toHaveLength(2);
    for (const fault of faults) expect(fault).toContain(reason);
    expect(server.asked()).toBe(31 + 2);
  });

  it("end: takes what it asked for, again and again, and the rest of it nowhere", async () => {
    const server = await rawServer((socket, heard) => {
      rightly(socket, heard);
      const more = () => {
        if (!socket.destroyed) socket.write(FILE.subarray(0, 10_000), () => setImmediate(more));
      };
      setTimeout(more, 1);
    });
    const before = process.memoryUsage().rss;
    const download = start(server.url, { tries: 100 });
    await complete(download);
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
    for (const word of download.words())
      expect(word).toMatch(/^(verif|fault: the server sends more|what answers is no HTTP server)/);
  });

  it("end its answer's head", async () => {
    const server = await rawServer((socket, heard, count) => {
      if (count > 0) return rightly(socket, heard);
      socket.write(`HTTP/1.1 206 OK\r\n${"X: y\r\n".repeat(10_000)}`);
    });
    const download = start(server.url);
    await complete(download);
    expect(download.words()[0]).toBe("the server's answer has no end of its header");
  });

  it("have the image, but another one of its length: ends, and forgets it", async () => {
    let file: Uint8Array = FILE.slice();
    file[100_000] ^= 1;
    const server = await rawServer((socket, heard) => {
      const { head, body } = answerTo(heard);
      socket.write(head);
      socket.write(file.subarray(body.byteOffset, body.byteOffset + body.length));
    });
    const download = start(server.url);
    await download.until(/^fault/);
    expect(download.words().at(-1)).toMatch(/^fault: the image's digest is not the manifest's/);
    file = FILE;
    await complete(start(server.url, { slot: download.slot }));
    expect(server.asked()).toBe(62);
  });

  it("live as long as the download: a new one goes on, in a new file handle as after a restart", async () => {
    const server = await rawServer((socket, heard, count) => {
      if (count < 12) rightly(socket, heard);
    });
    const download = start(server.url);
    await until(() => server.asked() === 13);
    download.close();
    const { length } = download.told;
    expect(download.told.at(-1)).toBe(String(12 * BLOCK));
    const well = await rawServer(rightly);
    await complete(start(well.url, { slot: download.slot }));
    expect(well.asked()).toBe(31 - 12);
    expect(download.told).toHaveLength(length);
  });
});

describe("an image at https://", () => {
  const run = itWith("openssl");

  async function secureServer({ cert, key }: Pair) {
    const where = scratchDirectory();
    fs.writeFileSync(path.join(where, "x.bin"), FILE);
    const server = https.createServer(
      { cert: fs.readFileSync(cert), key: fs.readFileSync(key) },
      (request, response) => send(request, request.url ?? "", { root: where }).pipe(response),
    );
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    });
    return (server.address() as net.AddressInfo).port;
  }

  run("comes from a server that the authority vouches for (needs openssl)", async () => {
    const port = await secureServer(home.issue("right"));
    const download = start(`https://localhost:${port}/x.bin`, { authority: home });
    await complete(download);
    expect(download.words()).toEqual(["verifying", "verified"]);
  });

  run.each<[string, () => Pair, RegExp]>([
    ["another authority vouches for", () => stranger.issue("other"), /authority/],
    ["nobody vouches for", () => selfSigned(directory.path, "alone"), /authority/],
    ["has expired", () => home.issue("expired", { from: -20, to: -10 }), /has ended|expired|valid until/],
    ["is for tomorrow", () => home.issue("early", { from: 1, to: 10 }), /not valid|not yet|begins/],
    ["is another server's", () => home.issue("named", { names: "DNS:other.example" }), /other\.example/],
  ])(
    "is not fetched with a certificate that %s, and is once it is right (needs openssl)",
    async (_w, pair, reason) => {
      const port = await secureServer(pair());
      const download = start(`https://localhost:${port}/x.bin`, { authority: home });
      await until(() => download.told.length >= 2);
      const words = download.words();
      oneLine(words);
      expect(words).toHaveLength(1);
      expect(words[0]).toMatch(/^no connection to the server: /);
      expect(words[0]).toMatch(reason);
      expect(inSlot(download).subarray(0, BLOCK).equals(Buffer.alloc(BLOCK, 0xff))).toBe(true);
      const right = await secureServer(home.issue(`right-${port}`));
      await complete(start(`https://localhost:${right}/x.bin`, { authority: home, slot: closed(download) }));
    },
  );

  run("is not fetched from who speaks no TLS (needs openssl)", async () => {
    const server = await loopbackServer((socket) => {
      socket.on("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    });
    cleanups.push(() => server.close());
    const download = start(`https://localhost:${server.port}/x.bin`, { authority: home });
    await until(() => download.told.length >= 2);
    expect(download.words()).toHaveLength(1);
    expect(download.words()[0]).toMatch(/^no connection to the server: .*TLS/);
  });

  const closed = (download: Started) => {
    download.close();
    return download.slot;
  };
});

describe("an image and a disk that is full", () => {
  /** A process that may write no file longer than 64 KB. */
  const limited = (where: string) => {
    const modules = new URL("../../", import.meta.url).pathname;
    const program = `
      import { SlotImage } from "${modules}firmware/update/slot-image.js";
      import { Flash } from "${modules}host-sim/storage/flash.js";
      try {
        const flash = Flash.open({ directory: ${JSON.stringify(where)}, path: "ota_1", blocks: ${BLOCKS} });
        const image = new SlotImage(flash, ${FILE.length}, new Uint8Array(32));
        for (; !image.isComplete; image.endBlock()) {
          image.beginBlock();
          image.write(new Uint8Array(image.last + 1 - image.done));
          console.log("block at", image.done);
        }
      } catch (error) {
        console.log(error.message);
      }`;
    const options = ["--no-warnings", "--input-type=module", "-e", program];
    return new Running("bash", ["-c", 'ulimit -f 64; exec "$@"', "-", process.execPath, ...options]);
  };

  itWith("bash")("says that the slot's file cannot be made (needs bash)", async () => {
    const where = scratchDirectory();
    const run = limited(where);
    expect(await run.exited).toBe(0);
    expect(run.lines).toEqual([expect.stringMatching(/ota_1\.flash cannot be made: .*(large|big)/)]);
    expect(fs.readdirSync(where)).toEqual([]);
  });

  itWith("bash")("says that the slot's file cannot be written (needs bash)", async () => {
    const where = scratchDirectory();
    fs.writeFileSync(path.join(where, "ota_1.flash"), Buffer.alloc(BLOCKS * BLOCK, 0xff));
    const run = limited(where);
    expect(await run.exited).toBe(0);
    expect(run.lines).toEqual([expect.stringMatching(/ota_1\.flash cannot be written: .*(large|big)/)]);
  });
});
