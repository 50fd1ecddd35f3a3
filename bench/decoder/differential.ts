/** The same stream to our client and to mqtt-packet, another decoder: what each takes, and where each refuses. */

import mqttPacket, { type Packet } from "mqtt-packet";
import { controlText, type Event, messageText } from "./conversation.js";
import type { Dice } from "./dice.js";
import { expectation } from "./judge.js";
import { Refusal } from "./refusals.js";
import { TYPE_NAMES } from "./specification.js";
import type { Stage } from "./stage.js";
import { Trial } from "./trial.js";
import { PLAIN, type Way } from "./way.js";

/** How the two disagree, other than by a refusal of ours. */
export const enum Disagreement {
  REPEATED = "a QoS 2 message again, before its PUBREL",
  BEHIND_REFUSAL = "packets behind a CONNACK that refuses",
}

/** What says that ours is right. */
export const DISAGREEMENTS: Readonly<Record<Disagreement, string>> = {
  [Disagreement.REPEATED]: "MQTT-4.3.3-2",
  [Disagreement.BEHIND_REFUSAL]: "MQTT-3.2.2-5",
};

export const enum Theirs {
  /** mqtt-packet takes the packet for a good one: by the clause, ours is right. */
  TAKES = "takes it",
  /** It judges packets when they are whole, and this one is not; no clause says how early to refuse. */
  WAITS = "waits for the rest",
}

/** Called for each disagreement that a clause explains. */
export type Explained = (which: Refusal | Disagreement, theirs: Theirs) => void;

interface Decoded {
  readonly event: Event;
  /** The packet identifier of a PUBLISH of QoS 2, otherwise 0. */
  readonly exactlyOnce: number;
  /** That of a PUBREL, otherwise 0. */
  readonly release: number;
}

/**
 * Each disagreement is explained by what the specification says of the stream, not by what our client says of it.
 * @returns a disagreement that nothing explains, in words, or `undefined`
 */
export function compare(
  stream: Uint8Array,
  stage: Stage,
  dice: Dice,
  explained: Explained,
): string | undefined {
  const way: Way = { ...PLAIN, stage, cuts: [], packetLimit: 512 };
  const trial = new Trial(stream, way, dice);
  const { refusal, returnCode } = expectation(trial.bytes, way);
  const { events, missing } = trial.application;
  const isOver = trial.errors.length > 0;
  // A message that has begun is told of here, and there when it is whole.
  const ours = missing > 0 && !isOver ? events.slice(0, -1) : events;
  const theirs = decode(trial.bytes);
  const underWay = new Set<number>();
  /** A CONNACK that refuses has come. */
  let refusing = false;
  let next = 0;
  for (const { event, exactlyOnce, release } of theirs.packets) {
    underWay.delete(release);
    const should = ours[next];
    if (refusing) {
      explained(Disagreement.BEHIND_REFUSAL, Theirs.TAKES);
      return undefined;
    }
    if (underWay.has(exactlyOnce)) explained(Disagreement.REPEATED, Theirs.TAKES);
    else if (should?.what === event.what && should.payload === event.payload) next += 1;
    else if (!should && isOver && returnCode > 0 && event.what === refusingText(returnCode)) refusing = true;
    else if (!should && isOver && refusal !== Refusal.NONE) {
      explained(refusal, Theirs.TAKES);
      return undefined;
    } else return `mqtt-packet takes ${event.what}, we ${should?.what ?? trial.errors[0]?.message ?? "wait"}`;
    if (exactlyOnce > 0) underWay.add(exactlyOnce);
  }
  if (next < ours.length) return `we take ${ours[next].what}, mqtt-packet ${theirs.refusal ?? "waits"}`;
  if (theirs.refusal !== undefined)
    return isOver ? undefined : `we wait, mqtt-packet refuses: ${theirs.refusal}`;
  if (!isOver || refusing) return undefined;
  if (refusal === Refusal.NONE) return `we refuse (${trial.errors[0].message}), mqtt-packet waits`;
  explained(refusal, Theirs.WAITS);
  return undefined;
}

const refusingText = (returnCode: number) => `refusal ${returnCode}`;

function decode(bytes: Uint8Array): { packets: Decoded[]; refusal: string | undefined } {
  const packets: Decoded[] = [];
  let refusal: string | undefined;
  const parser = mqttPacket.parser({ protocolVersion: 4 });
  parser.on("packet", (packet) => packets.push(decoded(packet)));
  parser.on("error", (error) => {
    refusal ??= error.message;
  });
  parser.parse(Buffer.from(bytes));
  return { packets, refusal };
}

function decoded(packet: Packet): Decoded {
  const id = packet.messageId ?? 0;
  if (packet.cmd === "publish") {
    const payload = packet.payload as Buffer;
    const what = messageText(packet.topic, packet.qos, packet.retain, packet.dup, payload.length);
    const exactlyOnce = packet.qos === 2 ? id : 0;
    return { event: { what, payload: payload.toString("latin1") }, exactlyOnce, release: 0 };
  }
  const type = TYPE_NAMES.indexOf(packet.cmd.toUpperCase());
  const codes = packet.cmd === "suback" ? packet.granted.join(",") : "";
  const what =
    packet.cmd === "connack" && packet.returnCode
      ? refusingText(packet.returnCode)
      : controlText(type, id, codes, packet.cmd === "connack" && packet.sessionPresent);
  return { event: { what, payload: "" }, exactlyOnce: 0, release: packet.cmd === "pubrel" ? id : 0 };
}
