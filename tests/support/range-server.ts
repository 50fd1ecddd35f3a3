import type { Peer } from "../../host-sim/boards/virtual/network.js";

/** A request that has come. */
export interface RangeRequest {
  readonly target: string;
  /** Names in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  readonly first: number;
  readonly last: number;
}

/** How a server answers one request; what it does not write is not answered. */
export type Answer = (request: RangeRequest, peer: Peer, file: Uint8Array) => void;

/** The head of a right answer, with what is given in place of its own. */
export function headOf(
  { first, last }: RangeRequest,
  total: number,
  changes: { status?: string; fields?: Record<string, string | undefined> } = {},
): string {
  const fields: Record<string, string | undefined> = {
    Date: "Sat, 21 Nov 2026 02:00:00 GMT",
    "Content-Type": "application/octet-stream",
    "Content-Range": `bytes ${first}-${last}/${total}`,
    "Content-Length": String(last - first + 1),
    ...changes.fields,
  };
  const lines = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${changes.status ?? "206 Partial Content"}\r\n${lines.join("")}\r\n`;
}

export function text(line: string): Uint8Array {
  return Buffer.from(line, "latin1");
}

/** As every server should. */
export const rightAnswer: Answer = (request, peer, file) => {
  peer.write(text(headOf(request, file.length)));
  peer.write(file.subarray(request.first, request.last + 1));
};

/** Serves one file by ranges in the virtual network, and misbehaves as a test says. */
export class RangeServer {
  file: Uint8Array;
  answer: Answer = rightAnswer;
  readonly requests: RangeRequest[] = [];
  connections = 0;
  /** Of the latest connection. */
  peer: Peer | undefined;

  constructor(file: Uint8Array) {
    this.file = file;
  }

  /** For `VirtualNetwork.listen`. */
  readonly accept = (peer: Peer): void => {
    this.connections += 1;
    this.peer = peer;
    let heard = "";
    peer.onData = (bytes) => {
      heard += Buffer.from(bytes).toString("latin1");
      for (let end = heard.indexOf("\r\n\r\n"); end >= 0; end = heard.indexOf("\r\n\r\n")) {
        const request = parse(heard.slice(0, end));
        heard = heard.slice(end + 4);
        this.requests.push(request);
        this.answer(request, peer, this.file);
      }
    };
  };

  /** How often each byte from 0 on was asked for, as the count of the block that it is in. */
  fetches(blockLength = 4_096): number[] {
    const counts = new Array<number>(Math.ceil(this.file.length / blockLength)).fill(0);
    for (const { first } of this.requests) counts[first / blockLength] += 1;
    return counts;
  }
}

function parse(head: string): RangeRequest {
  const [request, ...lines] = head.split("\r\n");
  const fields = new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const range = /^bytes=(\d+)-(\d+)$/.exec(fields.get("range") ?? "");
  return { target: request.split(" ")[1], fields, first: Number(range?.[1]), last: Number(range?.[2]) };
}
