import mqttPacket, { type IPublishPacket, type Packet } from "mqtt-packet";

/** A packet, as it passed. */
export interface Passed {
  /** The connection's number, from 1 on. */
  readonly connection: number;
  /** From the device to the broker. */
  readonly up: boolean;
  readonly packet: Packet;
}

/** One connection, as it is told what passes on it. */
export interface Tapped {
  up(bytes: Uint8Array): void;
  down(bytes: Uint8Array): void;
  /** An end has closed it. */
  end(who: "device" | "server"): void;
}

/** Watches connections: every byte of them as a trace, and the MQTT packets that they make. */
export class Wire {
  /** Each write on a connection, `<milliseconds> <service> <connection> > <bytes>`, in order; `<` is down to the device. */
  readonly trace: string[] = [];
  /** Those of MQTT connections, in order. */
  readonly packets: Passed[] = [];
  #now: () => number;
  #count = 0;

  /** @param now milliseconds since the start */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A connection that has been opened to a service, such as `mqtt`, whose packets are then read. */
  open(service: string): Tapped {
    const connection = ++this.#count;
    const note = (what: string) => this.trace.push(`${this.#now()} ${service} ${connection} ${what}`);
    const reads = (up: boolean): ((bytes: Uint8Array) => void) => {
      if (service !== "mqtt") return () => {};
      const parser = mqttPacket.parser({ protocolVersion: 4 });
      parser.on("error", (error) => note(`what passed is no MQTT: ${error.message}`));
      parser.on("packet", (packet: Packet) => this.packets.push({ connection, up, packet }));
      return (bytes) => parser.parse(Buffer.from(bytes));
    };
    const readsUp = reads(true);
    const readsDown = reads(false);
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
    note("opened");
    return {
      up: (bytes) => {
        note(`> ${hex(bytes)}`);
        readsUp(bytes);
      },
      down: (bytes) => {
        note(`< ${hex(bytes)}`);
        readsDown(bytes);
      },
      end: (who) => note(`closed by the ${who}`),
    };
  }

  /** The packets from the device of this kind. */
  sent<Command extends Packet["cmd"]>(cmd: Command): Extract<Packet, { cmd: Command }>[] {
    return this.#of(true, cmd);
  }

  /** The packets to the device of this kind. */
  received<Command extends Packet["cmd"]>(cmd: Command): Extract<Packet, { cmd: Command }>[] {
    return this.#of(false, cmd);
  }

  /** What the device has published to `topic`, DUP included, in order. */
  published(topic: string): IPublishPacket[] {
    return this.sent("publish").filter((packet) => packet.topic === topic);
  }

  #of<Command extends Packet["cmd"]>(up: boolean, cmd: Command): Extract<Packet, { cmd: Command }>[] {
    return this.packets
      .filter((passed) => passed.up === up && passed.packet.cmd === cmd)
      .map(({ packet }) => packet as Extract<Packet, { cmd: Command }>);
  }
}
