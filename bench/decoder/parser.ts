import { PacketHeader, Parse, parseHeader } from "../../firmware/mqtt/packets.js";
import { REFUSALS, type Refusal } from "./refusals.js";
import { Found, firstPacket, Outcome, Type } from "./specification.js";

/** What a client with the default `packetLimit` has for a header. */
export const LIMIT = 511;

/** The specification's finding of the last comparison. */
export const found = new Found();
/** One for many packets, as a client has it; a stream begins with a new one. */
let header = new PacketHeader();

/**
 * Does `parseHeader` say of the packet at `bytes[from]`, of which all before `to` has come, what the specification says?
 * @returns the specification's outcome, or `undefined` where they differ
 */
export function verdict(bytes: Uint8Array, from: number, to: number, limit: number): Outcome | undefined {
  const outcome = firstPacket(bytes, from, to, limit, found);
  const result = parseHeader(bytes, from, to, limit, header);
  let same: boolean;
  if (outcome === Outcome.MORE) same = result === Parse.MORE;
  else if (outcome === Outcome.REFUSED)
    same = result === Parse.FAULT && header.fault === wordsOf(found.refusal);
  else same = result === Parse.DONE && samePacket(from);
  return same ? outcome : undefined;
}

function wordsOf(refusal: Refusal): string {
  return REFUSALS[refusal as Exclude<Refusal, Refusal.NONE>].words;
}

function samePacket(from: number): boolean {
  if (header.packet !== found.type || header.id !== found.id) return false;
  const end = from + header.length;
  switch (found.type) {
    case Type.PUBLISH:
      return (
        end === found.payload &&
        end + header.payloadLength === found.end &&
        header.QoS === found.QoS &&
        header.retain === found.retain &&
        header.duplicate === found.duplicate &&
        header.topicStart === found.topic &&
        header.topicEnd === found.topicEnd
      );
    case Type.CONNACK:
      return (
        end === found.end &&
        header.sessionPresent === found.sessionPresent &&
        header.returnCode === found.returnCode
      );
    case Type.SUBACK:
      return end === found.end && header.codesStart === found.codes && header.codesEnd === found.end;
    default:
      return end === found.end;
  }
}

/** What each of the two says, for a report. */
export function describeVerdict(bytes: Uint8Array, from: number, to: number, limit: number): string {
  const found = new Found();
  const header = new PacketHeader();
  const outcome = ["more", "a packet", "refused"][firstPacket(bytes, from, to, limit, found)];
  const result = ["more", "a packet", "refused"][parseHeader(bytes, from, to, limit, header)];
  const input = Buffer.from(bytes.subarray(from, to)).toString("hex");
  return (
    `parseHeader says of ${input}: ${result} ${JSON.stringify(header)}\n` +
    `  in place of: ${outcome} ${found.refusal ? wordsOf(found.refusal) : JSON.stringify(found)}`
  );
}

/**
 * Compares on all of a stream: every packet of it, with every number of bytes there; what lies behind them is no part of it.
 * @returns what differs, in words, or `undefined`
 */
export function compareParser(stream: Uint8Array, limit: number): string | undefined {
  const { length } = stream;
  const buffer = new Uint8Array(length + 4);
  header = new PacketHeader();
  for (const beyond of [0x00, 0xff]) {
    for (let from = 0; ; from = found.end) {
      let outcome: Outcome | undefined = Outcome.MORE;
      for (let to = from; outcome === Outcome.MORE && to <= length; to++) {
        buffer.fill(beyond);
        buffer.set(stream.subarray(0, to));
        outcome = verdict(buffer, from, to, limit);
        if (outcome === undefined) return describeVerdict(buffer, from, to, limit);
      }
      if (outcome !== Outcome.PACKET || found.end > length) break;
    }
  }
  return undefined;
}
