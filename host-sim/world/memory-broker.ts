import mqttPacket, { type IConnectPacket, type IPublishPacket, type Packet, type QoS } from "mqtt-packet";
import type { Peer } from "../boards/virtual/network.js";
import { pubackBytes, readPublish } from "./common-packets.js";
import { hasWildcard, Subscribers } from "./subscribers.js";

/** A message that the broker has taken from a client. */
export interface Published {
  readonly client: string;
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly dup: boolean;
  readonly messageId: number | undefined;
}

interface BrokerSession {
  /** As in the order of the sessions. */
  readonly place: number;
  /** Ends with its connection. */
  clean: boolean;
  filters: Map<string, QoS>;
  /** Waits for a client that is away. */
  queue: { message: Published; qos: QoS }[];
  nextId: number;
  /** QoS 2 identifiers received and not released. */
  received: Set<number>;
  /** Packets sent and not acknowledged, which a returning client gets again. */
  unacknowledged: Map<number, Packet>;
  connection: BrokerConnection | undefined;
}

interface BrokerConnection {
  peer: Peer;
  id: string;
  will: IConnectPacket["will"] | undefined;
}

/**
 * An MQTT 3.1.1 broker in memory, for simulated time: everything happens in the call that brings the bytes, so that the
 * same script always gives the same run. The packets are `mqtt-packet`'s, but for the commonest. It keeps sessions, retained messages and wills,
 * and does as it is told where a test wants it to misbehave.
 */
export class MemoryBroker {
  /** Everything that clients have published, wills included, in order; empty without a history. */
  readonly published: Published[] = [];
  /** Each packet that has come, in order: `client:cmd`; empty without a history. */
  readonly log: string[] = [];
  readonly retained = new Map<string, Published>();
  /** CONNECT is answered with this code. */
  returnCode = 0;
  /** Kinds of packets that are taken and not answered, such as `"publish"` or `"pingreq"`; `"connect"` too. */
  readonly mute = new Set<string>();
  onPublish: ((message: Published) => void) | undefined;
  /** A client is accepted, just before it is told so. */
  onConnect: ((client: string, isSessionPresent: boolean) => void) | undefined;
  #sessions = new Map<string, BrokerSession>();
  #subscribers = new Subscribers<BrokerSession>();
  #places = 0;
  #connections = new Set<BrokerConnection>();
  #keepsHistory: boolean;

  /** @param options.history false for a run so long that memory counts: use `onPublish` */
  constructor(options: { history?: boolean } = {}) {
    this.#keepsHistory = options.history ?? true;
  }

  /** Clients that are connected. */
  get clients(): string[] {
    return [...this.#connections].map((connection) => connection.id);
  }

  /** The topic filters of a client's session. */
  filters(id: string): string[] {
    return [...(this.#sessions.get(id)?.filters.keys() ?? [])];
  }

  /** Payloads that were published to `topic`. */
  payloads(topic: string): string[] {
    return this.published.filter((message) => message.topic === topic).map((message) => message.payload);
  }

  /** Sessions that are kept, for clients that are connected and others. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** Is killed and started again: no connection is known any more, no will published, no clean session kept. */
  restart(): void {
    for (const { id } of this.#connections) {
      const session = this.#sessions.get(id);
      if (session) session.connection = undefined;
      if (session?.clean) this.#forget(id, session);
    }
    this.#connections.clear();
  }

  /** Forgets all sessions, as a broker without a store does when it restarts. */
  forgetSessions(): void {
    this.#sessions.clear();
    this.#subscribers.clear();
  }

  /** For `VirtualNetwork.listen`. */
  readonly accept = (peer: Peer): void => {
    const parser = mqttPacket.parser({ protocolVersion: 4 });
    let connection: BrokerConnection | undefined;
    /** Bytes of a packet that is not whole yet, and that the parser has. */
    let incomplete = 0;
    const onPacket = (packet: Packet) => {
      if (this.#keepsHistory) this.log.push(`${connection?.id ?? ""}:${packet.cmd}`);
      if (packet.cmd === "connect" && connection)
        drop(); // [MQTT-3.1.0-2]
      else if (packet.cmd === "connect") connection = this.#connect(peer, packet);
      else if (connection) this.#handle(connection, packet);
    };
    parser.on("packet", onPacket);
    const drop = () => {
      peer.close();
      if (connection) this.#gone(connection);
    };
    parser.on("error", drop);
    peer.onData = (bytes) => {
      const publish = incomplete === 0 && connection ? readPublish(bytes) : undefined;
      if (publish) onPacket(publish);
      else incomplete = parser.parse(Buffer.from(bytes));
    };
    peer.onClose = () => {
      if (connection) this.#gone(connection);
    };
  };

  /** Sends a message to all who subscribe to its topic, as if another client had published it. */
  publish(topic: string, payload: string, qos: 0 | 1 | 2 = 0, retain = false): void {
    this.#distribute({ client: "", topic, payload, qos, retain, dup: false, messageId: undefined });
  }

  /** Sends a client any bytes. */
  inject(id: string, bytes: Uint8Array): void {
    this.#sessions.get(id)?.connection?.peer.write(bytes);
  }

  #send(peer: Peer, packet: Packet): void {
    if (this.mute.has(packet.cmd)) return;
    if (packet.cmd === "puback") peer.write(pubackBytes(packet.messageId as number));
    else peer.write(new Uint8Array(mqttPacket.generate(packet)));
  }

  #connect(peer: Peer, packet: IConnectPacket): BrokerConnection | undefined {
    if (this.mute.has("connect")) return undefined;
    if (this.returnCode !== 0) {
      this.#send(peer, { cmd: "connack", sessionPresent: false, returnCode: this.returnCode });
      peer.close();
      return undefined;
    }
    const id = packet.clientId;
    const other = this.#sessions.get(id)?.connection;
    if (other) {
      other.peer.close();
      this.#gone(other);
    }
    let session = this.#sessions.get(id); // a clean one has gone with its connection
    const sessionPresent = session !== undefined && packet.clean === false;
    if (!session || !sessionPresent) {
      if (session) this.#subscribers.forget(session);
      session = {
        place: session?.place ?? this.#places++,
        clean: packet.clean !== false,
        filters: new Map(),
        queue: [],
        nextId: 1,
        received: new Set(),
        unacknowledged: new Map(),
        connection: undefined,
      };
    }
    const connection: BrokerConnection = { peer, id, will: packet.will };
    session.connection = connection;
    this.#sessions.set(id, session);
    this.#connections.add(connection);
    this.onConnect?.(id, sessionPresent);
    this.#send(peer, { cmd: "connack", sessionPresent, returnCode: 0 });
    for (const waiting of session.unacknowledged.values()) {
      this.#send(peer, waiting.cmd === "publish" ? { ...waiting, dup: true } : waiting); // [MQTT-4.4.0-1]
    }
    for (const { message, qos } of session.queue.splice(0)) this.#deliver(session, message, qos, false);
    return connection;
  }

  #forget(id: string, session: BrokerSession): void {
    this.#sessions.delete(id);
    this.#subscribers.forget(session);
  }

  #gone(connection: BrokerConnection): void {
    if (!this.#connections.delete(connection)) return;
    const session = this.#sessions.get(connection.id);
    if (session?.connection === connection) {
      session.connection = undefined;
      if (session.clean) this.#forget(connection.id, session);
    }
    const { will } = connection;
    if (will) {
      this.#distribute({
        client: connection.id,
        topic: will.topic,
        payload: will.payload.toString(),
        qos: will.qos ?? 0,
        retain: will.retain ?? false,
        dup: false,
        messageId: undefined,
      });
    }
  }

  #handle(connection: BrokerConnection, packet: Packet): void {
    if (this.mute.has(packet.cmd)) return;
    const { peer } = connection;
    const session = this.#sessions.get(connection.id);
    if (!session || !this.#connections.has(connection)) return peer.close(); // forgotten
    switch (packet.cmd) {
      case "publish":
        this.#receive(connection, session, packet);
        break;
      case "pubrel":
        session.received.delete(packet.messageId as number);
        this.#send(peer, { cmd: "pubcomp", messageId: packet.messageId as number });
        break;
      case "puback":
      case "pubcomp":
        session.unacknowledged.delete(packet.messageId as number);
        break;
      case "pubrec": {
        const release: Packet = { cmd: "pubrel", messageId: packet.messageId as number };
        session.unacknowledged.set(packet.messageId as number, release);
        this.#send(peer, release);
        break;
      }
      case "subscribe": {
        const granted = packet.subscriptions.map(({ topic, qos }) => {
          session.filters.set(topic, qos);
          this.#subscribers.add(session, topic);
          return qos;
        });
        this.#send(peer, { cmd: "suback", messageId: packet.messageId as number, granted });
        for (const { message, qos } of this.#retainedFor(packet.subscriptions))
          this.#deliver(session, message, qos, true);
        break;
      }
      case "unsubscribe":
        for (const filter of packet.unsubscriptions) {
          session.filters.delete(filter);
          this.#subscribers.remove(session, filter);
        }
        this.#send(peer, { cmd: "unsuback", messageId: packet.messageId as number, granted: [] });
        break;
      case "pingreq":
        this.#send(peer, { cmd: "pingresp" });
        break;
      case "disconnect":
        connection.will = undefined;
        break;
    }
  }

  *#retainedFor(
    subscriptions: readonly { topic: string; qos: QoS }[],
  ): Generator<{ message: Published; qos: QoS }> {
    const filters = subscriptions.map(({ topic, qos }) => [topic, qos] as const);
    const isExact = !filters.some(([filter]) => hasWildcard(filter));
    const candidates = isExact
      ? filters.flatMap(([filter]) => this.retained.get(filter) ?? [])
      : this.retained.values();
    for (const message of candidates) {
      const qos = grantedFor(filters, message);
      if (qos !== undefined) yield { message, qos };
    }
  }

  #receive(connection: BrokerConnection, session: BrokerSession, packet: IPublishPacket): void {
    const { topic, qos, retain, dup, messageId } = packet;
    const message: Published = {
      client: connection.id,
      topic,
      payload: packet.payload.toString(),
      qos,
      retain,
      dup,
      messageId,
    };
    if (qos === 2) {
      const repeated = session.received.has(messageId as number);
      session.received.add(messageId as number);
      if (!repeated) this.#distribute(message);
      this.#send(connection.peer, { cmd: "pubrec", messageId: messageId as number });
      return;
    }
    this.#distribute(message);
    if (qos === 1) this.#send(connection.peer, { cmd: "puback", messageId: messageId as number });
  }

  #distribute(message: Published): void {
    if (this.#keepsHistory) this.published.push(message);
    if (message.retain) {
      if (message.payload === "") this.retained.delete(message.topic);
      else this.retained.set(message.topic, message);
    }
    this.onPublish?.(message);
    for (const session of this.#subscribers.candidates(message.topic)) {
      const qos = grantedFor(session.filters, message);
      if (qos !== undefined) this.#deliver(session, message, qos, false);
    }
  }

  #deliver(session: BrokerSession, message: Published, qos: QoS, retain: boolean): void {
    const connection = session.connection;
    if (!connection) {
      if (qos > 0) session.queue.push({ message, qos });
      return;
    }
    const packet: IPublishPacket = {
      cmd: "publish",
      topic: message.topic,
      payload: message.payload,
      qos,
      retain,
      dup: false,
    };
    if (qos > 0) {
      packet.messageId = session.nextId;
      session.unacknowledged.set(session.nextId, packet);
      session.nextId = session.nextId === 0xffff ? 1 : session.nextId + 1;
    }
    this.#send(connection.peer, packet);
  }
}

/** The QoS at which a subscriber gets a message, section 3.8.4; `undefined` where no filter matches. */
function grantedFor(filters: Iterable<readonly [string, QoS]>, message: Published): QoS | undefined {
  let granted: QoS | undefined;
  for (const [filter, qos] of filters) {
    if (matches(filter, message.topic)) granted = Math.max(granted ?? 0, qos) as QoS;
  }
  return atMost(granted, message);
}

function atMost(granted: QoS | undefined, { qos }: Published): QoS | undefined {
  return granted === undefined ? undefined : (Math.min(granted, qos) as QoS);
}

/** Whether a topic filter matches a topic, section 4.7. */
function matches(filter: string, topic: string): boolean {
  if (topic.startsWith("$") && !filter.startsWith("$")) return false; // [MQTT-4.7.2-1]
  const levels = topic.split("/");
  const parts = filter.split("/");
  for (let i = 0; i < parts.length; i++) {
    if (parts[i] === "#") return true;
    if (i >= levels.length || (parts[i] !== "+" && parts[i] !== levels[i])) return false;
  }
  return parts.length === levels.length;
}
