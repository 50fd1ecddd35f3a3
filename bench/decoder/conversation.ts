/** What a whole connection must come to by MQTT 3.1.1: every event and every answer, as a function of the bytes and the stage. */

import { Refusal } from "./refusals.js";
import { Found, firstPacket, Outcome, Type, topicText } from "./specification.js";

/** What the application is told: a message, of which perhaps not all has come, or another packet. */
export interface Event {
  /** All but the payload. */
  readonly what: string;
  /** A character for each byte. */
  payload: string;
}

export interface Rules {
  /** Bytes that the client has for a packet; its header is shorter by one. */
  readonly packetLimit: number;
  /** Did CONNECT ask for CleanSession? */
  readonly clean: boolean;
  /** QoS 2 messages that the client can have under way, and those it has from an earlier connection. */
  readonly capacity: number;
  readonly known: readonly number[];
  /** CONNACK has come. */
  readonly accepted: boolean;
  /** Can the client answer? */
  readonly answers: boolean;
}

export interface Conversation {
  readonly events: readonly Event[];
  /** The client's answers, as bytes. */
  readonly answers: readonly number[];
  /** Why it ends; NONE while it goes on. */
  readonly refusal: Refusal;
  /** It ends by CONNACK's return code. */
  readonly returnCode: number;
}

export function messageText(
  topic: string,
  QoS: number,
  retain: boolean,
  duplicate: boolean,
  length: number,
): string {
  return `PUBLISH ${JSON.stringify(topic)} QoS ${QoS}${retain ? " retain" : ""}${duplicate ? " dup" : ""} of ${length}`;
}

export function controlText(type: number, id: number, codes: string, sessionPresent: boolean): string {
  return `packet ${type}${id ? ` id ${id}` : ""}${codes ? ` codes ${codes}` : ""}${sessionPresent ? " session" : ""}`;
}

/** Bytes as a string with a character for each. */
export function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");
}

const found = new Found();

export function conversation(bytes: Uint8Array, rules: Rules): Conversation {
  const events: Event[] = [];
  const answers: number[] = [];
  const known = new Set(rules.known);
  let { accepted } = rules;
  const result = (refusal: Refusal, returnCode = 0) => ({ events, answers, refusal, returnCode });

  for (let at = 0; ; at = found.end) {
    const outcome = firstPacket(bytes, at, bytes.length, rules.packetLimit - 1, found);
    if (outcome === Outcome.MORE) return result(Refusal.NONE);
    if (outcome === Outcome.REFUSED) return result(found.refusal);
    const { type, id, end } = found;
    if (!accepted && type !== Type.CONNACK) return result(Refusal.NOT_CONNACK);
    if (accepted && type === Type.CONNACK) return result(Refusal.SECOND_CONNACK);

    if (type === Type.PUBLISH) {
      const { QoS, payload } = found;
      // A message begins with its first byte of payload, where it has any.
      if (payload < end && payload === bytes.length) return result(Refusal.NONE);
      const topic = topicText(bytes.subarray(found.topic, found.topicEnd));
      if (topic === undefined) return result(Refusal.TOPIC_TEXT);
      const there = Math.min(end, bytes.length);
      if (QoS < 2 || !known.has(id)) {
        const what = messageText(topic, QoS, found.retain, found.duplicate, end - payload);
        events.push({ what, payload: latin1(bytes, payload, there) });
      }
      if (there < end) return result(Refusal.NONE);
      if (QoS === 0) continue;
      if (QoS === 2 && !known.has(id)) {
        if (known.size === rules.capacity) return result(Refusal.TOO_MANY_QOS_2);
        known.add(id);
      }
      if (!rules.answers) return result(Refusal.NONE);
      answers.push(...answer(QoS === 1 ? Type.PUBACK : Type.PUBREC, id));
      continue;
    }

    if (type === Type.CONNACK) {
      if (found.returnCode > 0) return result(Refusal.NONE, found.returnCode);
      if (found.sessionPresent && rules.clean) return result(Refusal.CLEAN_SESSION);
      if (!found.sessionPresent) known.clear();
      accepted = true;
    } else if (type === Type.PUBREC || type === Type.PUBREL) {
      if (!rules.answers) return result(Refusal.NONE);
      known.delete(type === Type.PUBREL ? id : 0);
      answers.push(...answer(type === Type.PUBREC ? Type.PUBREL : Type.PUBCOMP, id));
    }
    const codes = type === Type.SUBACK ? [...bytes.subarray(found.codes, end)].join(",") : "";
    const session = type === Type.CONNACK && found.sessionPresent;
    events.push({ what: controlText(type, id, codes, session), payload: "" });
  }
}

/** Sections 3.4 to 3.7: PUBREL alone has a flag. */
function answer(type: Type, id: number): number[] {
  return [type * 16 + (type === Type.PUBREL ? 2 : 0), 2, id >> 8, id & 0xff];
}
