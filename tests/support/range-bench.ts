import { parseHTTPAddress } from "../../firmware/codec/http-url.js";
import type { IO, ResolverClass, TCPClass } from "../../firmware/ports.js";
import { RangeClient, type RangeClientOptions } from "../../firmware/update/range-client.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { VirtualNetwork } from "../../host-sim/boards/virtual/network.js";
import { seededRandom } from "../../host-sim/boards/virtual/random.js";
import { type Answer, RangeServer } from "./range-server.js";

export const BLOCK = 4_096;

/** Any bytes, the same for the same seed. */
export function anyBytes(size: number, seed = 1): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length: size }, () => random() * 256);
}

export interface RangeBenchOptions {
  file?: Uint8Array;
  answer?: Answer;
  url?: string;
  dns?: IO<ResolverClass>;
  socket?: IO<TCPClass>;
  /** Bytes of the socket's send buffer. */
  sendBuffer?: number;
  ticks?: number;
  onData?: RangeClientOptions["onData"];
  onDone?: () => void;
  onFailed?: RangeClientOptions["onFailed"];
}

/** A client of ranges and a server that has a file of four blocks and 100 bytes, in a virtual network. */
export function rangeBench(options: RangeBenchOptions = {}) {
  const clock = new VirtualClock({ ticks: options.ticks ?? 0 });
  const net = new VirtualNetwork(clock);
  const domain = clock.domain();
  const host = net.host({ domain });
  const server = new RangeServer(options.file ?? anyBytes(4 * BLOCK + 100));
  if (options.answer) server.answer = options.answer;
  net.name("files.example", "10.0.0.2");
  net.listen("10.0.0.2", 8070, server.accept);
  const address = parseHTTPAddress(options.url ?? "http://files.example:8070/image.bin");
  if (!address) throw new Error("no address");
  let got: number[] = [];
  const done: Uint8Array[] = [];
  const failures: { reason: string; isWrong: boolean; at: number }[] = [];
  const client = new RangeClient({
    dns: options.dns ?? { io: host.Resolver },
    socket: options.socket ?? {
      io: host.TCP,
      ...(options.sendBuffer !== undefined && { sendBuffer: options.sendBuffer }),
    },
    timer: domain.timer,
    clock,
    address,
    agent: "Hearth/0.1.0",
    onData: (bytes) => {
      got.push(...bytes);
      options.onData?.(bytes);
    },
    onDone: () => {
      done.push(Uint8Array.from(got));
      options.onDone?.();
    },
    onFailed: (reason, isWrong) => {
      failures.push({ reason, isWrong, at: clock.elapsed });
      options.onFailed?.(reason, isWrong);
    },
  });
  const size = () => server.file.length;
  const ask = (block = 0) => {
    got = [];
    client.request(block * BLOCK, Math.min((block + 1) * BLOCK, size()) - 1, size());
  };
  return {
    ...{ clock, net, domain, host, server, client, done, failures, ask },
    /** What has come of the present range. */
    got: () => got,
    /** Asks for a block and lets time pass until it has come, or failed. @returns what failed */
    fetch(block = 0): { reason: string; isWrong: boolean } | undefined {
      const before = [done.length, failures.length];
      ask(block);
      clock.runUntil(() => done.length > before[0] || failures.length > before[1], 1_000_000);
      const failure = failures[before[1]];
      return failure && { reason: failure.reason, isWrong: failure.isWrong };
    },
    /** The bytes of a block, as the server has them. */
    block: (index: number) => server.file.slice(index * BLOCK, (index + 1) * BLOCK),
  };
}
