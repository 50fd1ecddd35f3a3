/** Why a client must end a connection over what the server sent, in the order in which the specification comes to it. */
export const enum Refusal {
  NONE,
  TYPE,
  FLAGS,
  PUBREL_FLAGS,
  QOS_3,
  DUPLICATE,
  LENGTH_FIELD,
  PUBLISH_SHORT,
  TOPIC_EMPTY,
  TOPIC_LONG,
  TOPIC_LIMIT,
  TOPIC_TEXT,
  PUBLISH_ID,
  PINGRESP_BODY,
  SUBACK_SHORT,
  SUBACK_LIMIT,
  SUBACK_CODE,
  ACKNOWLEDGEMENT_SIZE,
  ACKNOWLEDGEMENT_ID,
  CONNACK_FLAGS,
  CONNACK_CODE,
  CONNACK_SESSION,
  // From here on the packet is well formed and comes at the wrong time.
  SPOKE_FIRST,
  NOT_CONNACK,
  SECOND_CONNACK,
  CLEAN_SESSION,
  TOO_MANY_QOS_2,
}

export interface Clause {
  /** What the client says of it, to the letter. */
  readonly words: string;
  /** MQTT 3.1.1, OASIS Standard of 29 October 2014. */
  readonly clause: string;
}

const entry = (words: string, clause: string): Clause => ({ words, clause });

/** [MQTT-4.8.0-1]: each protocol violation ends the connection; [MQTT-4.8.0-2]: so does a full buffer. */
export const REFUSALS: Readonly<Record<Exclude<Refusal, Refusal.NONE>, Clause>> = {
  [Refusal.TYPE]: entry("a packet type that no server sends", "table 2.1"),
  [Refusal.FLAGS]: entry("reserved flags are set [MQTT-2.2.2-2]", "MQTT-2.2.2-2"),
  [Refusal.PUBREL_FLAGS]: entry("PUBREL with wrong flags [MQTT-3.6.1-1]", "MQTT-3.6.1-1"),
  [Refusal.QOS_3]: entry("PUBLISH with QoS 3 [MQTT-3.3.1-4]", "MQTT-3.3.1-4"),
  [Refusal.DUPLICATE]: entry("PUBLISH with DUP at QoS 0 [MQTT-3.3.1-2]", "MQTT-3.3.1-2"),
  [Refusal.LENGTH_FIELD]: entry("Remaining Length of more than four bytes (section 2.2.3)", "section 2.2.3"),
  [Refusal.PUBLISH_SHORT]: entry("PUBLISH too short for its topic [MQTT-3.3.2-1]", "MQTT-3.3.2-1"),
  [Refusal.TOPIC_EMPTY]: entry("PUBLISH with an empty topic [MQTT-4.7.3-1]", "MQTT-4.7.3-1"),
  [Refusal.TOPIC_LONG]: entry("PUBLISH with a topic longer than the packet", "MQTT-3.3.2-1, section 2.2.3"),
  [Refusal.TOPIC_LIMIT]: entry("PUBLISH with a topic beyond the packet limit", "MQTT-4.8.0-2"),
  [Refusal.TOPIC_TEXT]: entry(
    "PUBLISH with a bad topic [MQTT-1.5.3-1], [MQTT-3.3.2-2]",
    "MQTT-1.5.3-1, MQTT-1.5.3-2, MQTT-3.3.2-2",
  ),
  [Refusal.PUBLISH_ID]: entry("PUBLISH with packet identifier 0 [MQTT-2.3.1-1]", "MQTT-2.3.1-1"),
  [Refusal.PINGRESP_BODY]: entry("PINGRESP with a body (section 3.13)", "section 3.13"),
  [Refusal.SUBACK_SHORT]: entry("SUBACK without a return code (section 3.9)", "MQTT-3.8.4-5"),
  [Refusal.SUBACK_LIMIT]: entry("SUBACK beyond the packet limit", "MQTT-4.8.0-2"),
  [Refusal.SUBACK_CODE]: entry("SUBACK with a reserved return code [MQTT-3.9.3-2]", "MQTT-3.9.3-2"),
  [Refusal.ACKNOWLEDGEMENT_SIZE]: entry(
    "acknowledgement whose Remaining Length is not 2",
    "sections 3.2.1, 3.4.1 to 3.7.1, 3.11.1",
  ),
  [Refusal.ACKNOWLEDGEMENT_ID]: entry("packet identifier 0 [MQTT-2.3.1-1]", "MQTT-2.3.1-6, MQTT-2.3.1-7"),
  [Refusal.CONNACK_FLAGS]: entry("CONNACK with reserved flags set (section 3.2.2.1)", "section 3.2.2.1"),
  [Refusal.CONNACK_CODE]: entry("CONNACK with a reserved return code (section 3.2.2.3)", "MQTT-3.2.2-6"),
  [Refusal.CONNACK_SESSION]: entry("refusing CONNACK with session present [MQTT-3.2.2-4]", "MQTT-3.2.2-4"),
  [Refusal.SPOKE_FIRST]: entry("it spoke before CONNECT [MQTT-3.2.0-1]", "MQTT-3.2.0-1"),
  [Refusal.NOT_CONNACK]: entry("its first packet is not CONNACK [MQTT-3.2.0-1]", "MQTT-3.2.0-1"),
  [Refusal.SECOND_CONNACK]: entry("a second CONNACK", "section 3.2, MQTT-3.1.0-2"),
  [Refusal.CLEAN_SESSION]: entry(
    "CONNACK with session present after CleanSession [MQTT-3.2.2-1]",
    "MQTT-3.2.2-1",
  ),
  [Refusal.TOO_MANY_QOS_2]: entry("more QoS 2 messages under way than this client can track", "MQTT-4.8.0-2"),
};
