/**
 * An MQTT 3.1.1 client with the shape of ECMA-419's `embedded:network/mqtt/client`, on any ECMA-419 TCP class.
 *
 * One object is one connection: it resolves the broker's name, opens the socket, sends CONNECT, and lives until
 * it is closed or `onError` reports its end. Reconnecting is the business of whoever made it.
 *
 * What arrives lies in one buffer of `packetLimit` bytes; packet headers must fit in it, payloads are handed over
 * in pieces as they come. While the application leaves bytes unread, or the socket has no room for the
 * acknowledgement a packet calls for, nothing more is taken from the socket: TCP holds the broker back.
 *
 * Beyond ECMA-419, `onReadable` tells `retain` and `duplicate` and is called with a count of 0 for an empty
 * payload; CONNACK's control message tells `sessionPresent`, PUBACK's is reused: copy what you keep; `onError` gets an `MQTTError`.
 */

import { Alarm } from "../alarm.js";
import { hostPort } from "../codec/endpoint.js";
import { readUTF8, utf8Length, writeUTF8 } from "../codec/utf8.js";
import { Views } from "../codec/views.js";
import { errorText } from "../error-text.js";
import type {
  Bytes,
  Clock,
  IO,
  MQTTClientOptions,
  MQTTControl,
  MQTTReadableOptions,
  MQTTWriteOptions,
  TCP,
  TCPClass,
} from "../ports.js";
import { MQTTError, Reason, returnCodeText } from "./error.js";
import { KeepAlive, Verdict } from "./keep-alive.js";
import { Output } from "./output.js";
import {
  connectPacket,
  hasWildcard,
  Packet,
  PacketHeader,
  Parse,
  parseHeader,
  subscriptionPacket,
} from "./packets.js";
import { Session } from "./session.js";

/** Our client's options beyond those of ECMA-419. */
export interface ClientOptions extends MQTTClientOptions {
  /** QoS 2 state that outlives this connection. Default: a new one, which forgets with the connection. */
  session?: Session;
  /** Bytes for received packet headers and for sent packets, 128 to 65,535. Two buffers. Default: 512. */
  packetLimit?: number;
  /** Milliseconds from construction to CONNACK. Default: 30,000, a few TCP retransmissions. */
  connectTimeout?: number;
}

const enum State {
  RESOLVING,
  CONNECTING,
  /** CONNECT is sent, CONNACK has not come. */
  HANDSHAKE,
  CONNECTED,
  CLOSED,
}

/** All that is kept of the options, which hold on to more than is needed. */
interface Callbacks {
  readonly onReadable: ClientOptions["onReadable"];
  readonly onWritable: ClientOptions["onWritable"];
  readonly onControl: ClientOptions["onControl"];
  readonly onError: ClientOptions["onError"];
}

export default class MQTTClient {
  readonly target: unknown;
  #callbacks: Callbacks;
  #clock: Clock;
  #session: Session;
  /** CleanSession. */
  #clean: boolean;
  #state = State.RESOLVING;
  #socket: TCP | undefined;
  #server: string;
  /** The CONNECT packet, until it is sent. */
  #connect: Uint8Array | undefined;

  #output: Output;
  #input: Uint8Array;
  #views: Views;
  /** The bytes `#input[#head]` to `#input[#tail]` have arrived and are not parsed or read. */
  #head = 0;
  #tail = 0;
  /** Bytes that the socket holds, as far as it told. */
  #pending = 0;
  #header = new PacketHeader();
  /** What is told of each PUBACK, which is what comes for a reading. */
  #puback: MQTTControl = { operation: Packet.PUBACK, id: 0 };
  /** A PUBLISH is being received and not acknowledged yet. */
  #receiving = false;
  /** Bytes of its payload that are still to come out of `#input`. */
  #payload = 0;
  /** Bytes of `#input` the application was told of and has not read. */
  #unread = 0;
  /** Its QoS 2 repetition has been handed over before: drop it. */
  #repeated = false;
  /** Receiving goes on when it rings. */
  #receiveAlarm: Alarm;
  #inCallback = false;

  /** Milliseconds, 0 is off. */
  #keepAlivePeriod: number;
  /** From CONNACK on. */
  #keepAlive: KeepAlive | undefined;
  /** The connect deadline first, keep-alive after. */
  #watch: Alarm;

  /**
   * @throws RangeError when an option breaks the protocol; nothing is open then
   */
  constructor(options: ClientOptions) {
    const { host, port = 1883, keepAlive = 0, packetLimit = 512, connectTimeout = 30_000, will } = options;
    const { clean = true } = options;
    if (!host) throw new RangeError("MQTT host is missing");
    const seconds = Math.ceil(keepAlive / 1000);
    if (!(seconds >= 0 && seconds <= 0xffff))
      throw new RangeError(`MQTT keepAlive ${keepAlive} ms; 0 to 65,535,000`);
    if (!(packetLimit >= 128 && packetLimit <= 0xffff))
      throw new RangeError(`MQTT packetLimit ${packetLimit}; 128 to 65,535`);

    this.target = options["target"];
    const { onReadable, onWritable, onControl, onError } = options;
    this.#callbacks = { onReadable, onWritable, onControl, onError };
    this.#receiveAlarm = new Alarm(options.timer, this);
    this.#watch = new Alarm(options.timer, this);
    this.#clock = options.clock;
    this.#session = options.session ?? new Session();
    this.#clean = clean;
    this.#keepAlivePeriod = seconds * 1000;
    this.#server = hostPort(host, port);
    this.#input = new Uint8Array(packetLimit);
    this.#views = new Views(this.#input);
    this.#output = new Output(packetLimit, () => this.#keepAlive?.sent(this.#clock.ticks()));
    this.#connect = connectPacket({
      id: options.id,
      clean,
      keepAlive: seconds,
      user: options.user,
      password: options.password,
      will: will && {
        topic: will.topic,
        message: messageBytes(will.message),
        QoS: will.QoS ?? 0,
        retain: !!will.retain,
      },
    });

    this.#watch.set(connectTimeout);
    const { dns, socket } = options;
    try {
      new dns.io(dns).resolve({
        host,
        onResolved: (_host, address) => {
          if (this.#state !== State.RESOLVING) return;
          this.#state = State.CONNECTING;
          this.open(socket, address, host, port);
        },
        onError: () => {
          if (this.#state === State.RESOLVING)
            this.fail(Reason.NAME, `no address found for the broker "${host}"`);
        },
      });
    } catch (error) {
      this.close();
      throw error;
    }
  }

  private open(socket: IO<TCPClass>, address: string, host: string, port: number): void {
    try {
      this.#socket = new socket.io({
        ...socket,
        address,
        host,
        port,
        onReadable: (count) => this.onReadable(count),
        onWritable: (count) => this.onWritable(count),
        onError: (reason) => this.onSocketError(reason),
      });
      this.#output.socket = this.#socket;
    } catch (error) {
      this.fail(Reason.SOCKET, `cannot open a connection to ${this.#server}: ${errorText(error)}`);
    }
  }

  /** Closes without a word to the broker, which then publishes the will; write DISCONNECT first to prevent it. */
  close(): void {
    this.#state = State.CLOSED;
    this.#watch.clear();
    this.#receiveAlarm.clear();
    this.#output.close();
    this.#pending = this.#payload = this.#unread = 0;
    this.#connect = undefined;
    this.#receiving = false;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  get format(): string {
    return "buffer";
  }

  set format(value: string) {
    if (value !== "buffer") throw new RangeError("format is always buffer");
  }

  /**
   * Writes one control packet, by default a PUBLISH with `data` as payload. A payload longer than `data` is
   * announced as `byteLength`; the rest follows in further calls without options.
   *
   * Without `id`, identifiers count from 1 to 65,535 and begin again. Whoever has messages under way for longer
   * than that gives identifiers of its own. Behind DISCONNECT nothing can be written, and the client answers nothing.
   *
   * @returns the bytes that can be written next, control packets of the client's own not counted
   * @throws Error when not connected, or when the packet is larger than the free space: nothing is written then
   */
  write(data: Bytes | null, options?: MQTTWriteOptions): number {
    if (this.#state !== State.CONNECTED) throw new Error("MQTT client is not connected");
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    const output = this.#output;
    if (output.isWithinMessage) {
      if (options || !bytes) throw new Error("MQTT message is not complete yet");
      output.continue(bytes);
      return output.free;
    }
    if (!options) throw new Error("MQTT write without options");
    const operation = options.operation ?? Packet.PUBLISH;
    switch (operation) {
      case Packet.PUBLISH:
        output.publish(bytes ?? new Uint8Array(0), options);
        break;
      case Packet.SUBSCRIBE:
      case Packet.UNSUBSCRIBE:
        output.send(subscriptionPacket(operation, options.id ?? output.takeId(), options.items ?? []));
        break;
      case Packet.PUBACK:
      case Packet.PUBREC:
      case Packet.PUBREL:
      case Packet.PUBCOMP:
        if (!options.id) throw new RangeError("MQTT acknowledgement without a packet id");
        output.acknowledge(operation, options.id);
        break;
      case Packet.PINGREQ:
        this.ping();
        break;
      case Packet.DISCONNECT:
        output.empty(Packet.DISCONNECT);
        output.close(); // nothing goes out behind it [MQTT-3.14.4-2]
        break;
      default:
        throw new RangeError(`MQTT operation ${operation} is not a client's to write`);
    }
    return output.free;
  }

  /** Writes the packets that `more` has held back. @returns the bytes that can be written next */
  flush(): number {
    this.#output.flush();
    return this.#output.free;
  }

  /**
   * Reads of the message that `onReadable` told of.
   * @param count bytes wanted, or a buffer to fill. Default: all that was told of
   * @returns a new buffer or, where one was given, the number of bytes written to it; `undefined` if there are none
   */
  read(count?: number): ArrayBuffer | undefined;
  read(buffer: Bytes): number | undefined;
  read(what?: number | Bytes): ArrayBuffer | number | undefined {
    const unread = this.#unread;
    if (unread === 0) return undefined;
    let into: Uint8Array;
    if (what === undefined || typeof what === "number") {
      const count = what ?? unread;
      if (!(count > 0)) throw new RangeError("read count is not positive");
      into = new Uint8Array(Math.min(count, unread));
    } else {
      into = what instanceof ArrayBuffer ? new Uint8Array(what) : what;
      if (into.length > unread) into = into.subarray(0, unread);
    }
    const count = into.length;
    into.set(this.#input.subarray(this.#head, this.#head + count));
    this.consume(count);
    if (this.#unread === 0 && !this.#inCallback) {
      // Not from here: the caller does not expect `onReadable` while it is reading.
      this.#receiveAlarm.set(0);
    }
    return typeof what === "object" ? count : (into.buffer as ArrayBuffer);
  }

  // --- writing -------------------------------------------------------------------------------------------------

  private ping(): void {
    this.#output.empty(Packet.PINGREQ);
    this.#keepAlive?.pinged(this.#clock.ticks());
  }

  private onWritable(count: number): void {
    const output = this.#output;
    if (!output.socket) return;
    output.tell(count);
    if (this.#state === State.CONNECTING) {
      const connect = this.#connect as Uint8Array;
      if (count < connect.length) return; // the deadline bounds the wait
      this.#state = State.HANDSHAKE;
      this.#connect = undefined;
      output.send(connect);
      return;
    }
    if (this.#state !== State.CONNECTED) return;
    if (!output.isWithinMessage) this.receive(); // an acknowledgement may have waited for room
    this.tellWritable();
  }

  private tellWritable(): void {
    const { free } = this.#output;
    if (this.#state === State.CONNECTED && free > 0) this.#callbacks.onWritable?.call(this, free);
  }

  // --- receiving -----------------------------------------------------------------------------------------------

  private onReadable(count: number): void {
    if (this.#state === State.CONNECTING) {
      if (count > 0)
        this.fail(Reason.PROTOCOL, violation(this.#server, "it spoke before CONNECT [MQTT-3.2.0-1]"));
      return;
    }
    this.#pending = count;
    this.receive();
  }

  /** Moves bytes from the socket to the input and parses them until something has to be waited for. */
  private receive(): void {
    if (this.#inCallback) return;
    for (;;) {
      this.parse();
      const socket = this.#socket;
      if (!socket || this.#pending === 0 || this.#unread > 0) return;
      if (this.#head > 0) {
        this.#input.copyWithin(0, this.#head, this.#tail);
        this.#tail -= this.#head;
        this.#head = 0;
      }
      const input = this.#input;
      const count = Math.min(this.#pending, input.length - this.#tail);
      if (count === 0) return; // waits for room to acknowledge
      socket.read(this.#views.of(this.#tail, this.#tail + count));
      this.#tail += count;
      this.#pending -= count;
      this.#keepAlive?.received(this.#clock.ticks());
    }
  }

  private parse(): void {
    const header = this.#header;
    while (this.#socket && this.#unread === 0) {
      if (this.#receiving) {
        if (this.#payload > 0) {
          if (this.#head === this.#tail) return;
          this.deliver(false);
          continue;
        }
        if (!this.finishPublish(header)) return;
        continue;
      }
      // One byte of the input stays for the payload, so that a message is told of with its first bytes.
      const result = parseHeader(this.#input, this.#head, this.#tail, this.#input.length - 1, header);
      if (result === Parse.MORE) return;
      if (result === Parse.FAULT) {
        return this.fail(Reason.PROTOCOL, violation(this.#server, header.fault));
      }
      if ((header.packet === Packet.CONNACK) !== (this.#state === State.HANDSHAKE)) {
        return this.fail(
          Reason.PROTOCOL,
          violation(
            this.#server,
            this.#state === State.HANDSHAKE
              ? "its first packet is not CONNACK [MQTT-3.2.0-1]"
              : "a second CONNACK",
          ),
        );
      }
      if (header.packet === Packet.PUBLISH) {
        if (header.payloadLength > 0 && this.#head + header.length === this.#tail) return;
        if (!this.beginPublish(header)) return;
      } else if (!this.control(header)) return;
    }
  }

  private beginPublish(header: PacketHeader): boolean {
    const { topicStart, topicEnd } = header;
    const topic = readUTF8(this.#input, topicStart, topicEnd);
    if (topic === undefined || hasWildcard(this.#input, topicStart, topicEnd)) {
      this.fail(
        Reason.PROTOCOL,
        violation(this.#server, "PUBLISH with a bad topic [MQTT-1.5.3-1], [MQTT-3.3.2-2]"),
      );
      return false;
    }
    this.#head += header.length;
    this.#receiving = true;
    this.#payload = header.payloadLength;
    this.#repeated = header.QoS === 2 && this.#session.has(header.id);
    this.deliver(true, topic);
    return true;
  }

  /** Tells the application of what is there of the payload. */
  private deliver(first: boolean, topic?: string): void {
    const count = Math.min(this.#payload, this.#tail - this.#head);
    if (this.#repeated) {
      this.#head += count;
      this.#payload -= count;
      return;
    }
    const header = this.#header;
    const options: MQTTReadableOptions = { more: count < this.#payload };
    if (first) {
      options.topic = topic as string;
      options.QoS = header.QoS;
      options.byteLength = header.payloadLength;
      options.retain = header.retain;
      options.duplicate = header.duplicate;
    }
    const onReadable = this.#callbacks.onReadable;
    this.#unread = count;
    if (!onReadable) return this.consume(count);
    this.#inCallback = true;
    try {
      onReadable.call(this, count, options);
    } finally {
      this.#inCallback = false;
    }
  }

  private consume(count: number): void {
    this.#head += count;
    this.#payload -= count;
    this.#unread -= count;
    if (this.#payload === 0) this.remember();
  }

  /** A QoS 2 message is the application's once it has read all of it; from then on it is a repetition [MQTT-4.3.3-2]. */
  private remember(): void {
    const header = this.#header;
    if (header.QoS === 2 && !this.#repeated) this.#repeated = this.#session.add(header.id);
  }

  /** The application has read all of the message: only now is it acknowledged. False while there is no room for that. */
  private finishPublish(header: PacketHeader): boolean {
    if (header.QoS > 0) {
      this.remember();
      if (header.QoS === 2 && !this.#repeated) {
        this.fail(
          Reason.PROTOCOL,
          `${this.#server} has more QoS 2 messages under way than this client can track`,
        );
        return false;
      }
      if (!this.#output.canAcknowledge) return false;
      this.#output.acknowledge(header.QoS === 1 ? Packet.PUBACK : Packet.PUBREC, header.id);
    }
    this.#receiving = false;
    return true;
  }

  /** Handles a packet without payload. False when the client is closed or must wait for room. */
  private control(header: PacketHeader): boolean {
    const { packet, id } = header;
    if (packet === Packet.PUBREC || packet === Packet.PUBREL) {
      if (!this.#output.canAcknowledge) return false;
      if (packet === Packet.PUBREL) this.#session.delete(id);
      this.#output.acknowledge(packet === Packet.PUBREC ? Packet.PUBREL : Packet.PUBCOMP, id);
    }
    this.#head += header.length;
    if (packet === Packet.PUBACK) {
      const puback = this.#puback;
      puback.id = id;
      this.tellControl(puback);
      return this.#socket !== undefined;
    }
    const message: MQTTControl = { operation: packet };
    if (packet === Packet.SUBACK) message.payload = this.#input.slice(header.codesStart, header.codesEnd);
    if (id !== 0) message.id = id;
    if (packet === Packet.CONNACK) {
      if (header.returnCode !== 0) {
        this.fail(
          Reason.REFUSED,
          `${this.#server} refused the MQTT connection: ${returnCodeText(header.returnCode)} (return code ${header.returnCode})`,
          header.returnCode,
        );
        return false;
      }
      if (header.sessionPresent && this.#clean) {
        this.fail(
          Reason.PROTOCOL,
          violation(this.#server, "CONNACK with session present after CleanSession [MQTT-3.2.2-1]"),
        );
        return false;
      }
      this.connected(header.sessionPresent);
      message.sessionPresent = header.sessionPresent;
    }
    this.tellControl(message);
    return this.#socket !== undefined;
  }

  private tellControl(message: MQTTControl): void {
    this.#inCallback = true;
    try {
      this.#callbacks.onControl?.call(this, message);
      if (message.operation === Packet.CONNACK) this.tellWritable();
    } finally {
      this.#inCallback = false;
    }
  }

  // --- connection ----------------------------------------------------------------------------------------------

  private connected(sessionPresent: boolean): void {
    this.#state = State.CONNECTED;
    if (!sessionPresent) this.#session.clear();
    this.#watch.clear();
    if (this.#keepAlivePeriod === 0) return;
    this.#keepAlive = new KeepAlive(this.#keepAlivePeriod, this.#clock.ticks());
    this.#watch.set(this.#keepAlive.wait);
  }

  onAlarm(alarm: Alarm): void {
    if (alarm === this.#watch) this.onWatch();
    else this.receive();
  }

  private onWatch(): void {
    const keepAlive = this.#keepAlive;
    if (!keepAlive) return this.fail(Reason.TIMEOUT, this.timeoutText());
    const now = this.#clock.ticks();
    switch (keepAlive.judge(now)) {
      case Verdict.DEAD:
        return this.fail(Reason.TIMEOUT, `${this.#server} has stopped answering`);
      case Verdict.PING:
        if (this.#output.canPing) this.ping();
        else keepAlive.pinged(now);
        break;
      case Verdict.FINE:
        break;
    }
    this.#watch.set(keepAlive.wait);
  }

  private onSocketError(reason: Error | undefined): void {
    const why = reason ? ` (${errorText(reason)})` : "";
    const what =
      this.#state === State.CONNECTING
        ? `no connection to ${this.#server}`
        : this.#state === State.HANDSHAKE
          ? `${this.#server} closed the connection instead of answering CONNECT`
          : `the connection to ${this.#server} was lost`;
    this.fail(Reason.SOCKET, what + why);
  }

  private timeoutText(): string {
    switch (this.#state) {
      case State.RESOLVING:
        return `no answer from the name server about ${this.#server}`;
      case State.CONNECTING:
        return `no connection to ${this.#server} in time`;
      default:
        return `${this.#server} accepted the TCP connection and then said nothing (is it an MQTT broker?)`;
    }
  }

  private fail(reason: Reason, message: string, returnCode = 0): void {
    if (this.#state === State.CLOSED) return;
    this.close();
    this.#callbacks.onError?.call(this, new MQTTError(reason, message, returnCode));
  }

  static readonly CONNECT = 1;
  static readonly CONNACK = 2;
  static readonly PUBLISH = 3;
  static readonly PUBACK = 4;
  static readonly PUBREC = 5;
  static readonly PUBREL = 6;
  static readonly PUBCOMP = 7;
  static readonly SUBSCRIBE = 8;
  static readonly SUBACK = 9;
  static readonly UNSUBSCRIBE = 10;
  static readonly UNSUBACK = 11;
  static readonly PINGREQ = 12;
  static readonly PINGRESP = 13;
  static readonly DISCONNECT = 14;
}

function violation(server: string, how: string): string {
  return `${server} broke the MQTT protocol: ${how}`;
}

function messageBytes(message: string | ArrayBuffer): Uint8Array {
  if (typeof message !== "string") return new Uint8Array(message);
  const bytes = new Uint8Array(utf8Length(message));
  writeUTF8(bytes, 0, message);
  return bytes;
}
