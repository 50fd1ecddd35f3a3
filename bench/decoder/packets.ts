import type { Dice } from "./dice.js";
import { Type } from "./specification.js";
import { GOOD_TEXT } from "./text.js";

const IDS = [1, 1, 1, 2, 2, 3, 255, 256, 0x0102, 65_535];
const CODES = [0, 1, 2, 0x80];

/** Packets of a server at random; well formed, where nothing else is said. */
export class Packets {
  #dice: Dice;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** Any that a connected server may send. */
  any(): number[] {
    const dice = this.#dice;
    switch (dice.below(10)) {
      case 0:
        return this.frame(Type.SUBACK, 0, [...this.id(), ...this.codes()]);
      case 1:
        return this.frame(Type.PINGRESP, 0, []);
      case 2:
      case 3:
        return this.acknowledgement();
      case 4:
        return this.frame(Type.PUBREL, 2, this.id());
      default:
        return this.publish(this.topic());
    }
  }

  /**
   * @param topic its bytes, whatever they are
   * @param wrongBy what its length says too much
   */
  publish(topic: number[], wrongBy = 0, id = this.id()): number[] {
    const dice = this.#dice;
    const QoS = id[1] + id[0] === 0 ? 1 + dice.below(2) : dice.below(3);
    const flags = (QoS > 0 && dice.once(4) ? 8 : 0) | (QoS << 1) | dice.below(2);
    const length = Math.max(0, topic.length + wrongBy);
    const payload = dice.bytes(dice.once(25) ? dice.between(100, 600) : dice.pick([0, 0, 1, 2, 5, 12]));
    return this.frame(Type.PUBLISH, flags, [
      (length >> 8) & 0xff,
      length & 0xff,
      ...topic,
      ...(QoS > 0 ? id : []),
      ...payload,
    ]);
  }

  /** Also with flags and return codes that there are not. */
  connack(): number[] {
    const dice = this.#dice;
    return this.frame(Type.CONNACK, 0, [
      dice.pick([0, 0, 0, 1, 1, 2, 0xff]),
      dice.pick([0, 0, 0, 1, 5, 6, 0x80, 0xff]),
    ]);
  }

  acknowledgement(): number[] {
    const type = this.#dice.pick([Type.PUBACK, Type.PUBREC, Type.PUBREL, Type.PUBCOMP, Type.UNSUBACK]);
    return this.frame(type, type === Type.PUBREL ? 2 : 0, this.id());
  }

  topic(): number[] {
    const dice = this.#dice;
    return Array.from({ length: dice.between(1, 2) }, () => dice.pick(GOOD_TEXT)).flat();
  }

  id(): number[] {
    const id = this.#dice.pick(IDS);
    return [id >> 8, id & 0xff];
  }

  codes(): number[] {
    const dice = this.#dice;
    return Array.from({ length: dice.between(1, 3) }, () => dice.pick(CODES));
  }

  /** Remaining Length is right; once in a while in more bytes than it needs, which no clause forbids. */
  frame(type: number, flags: number, body: number[]): number[] {
    const length: number[] = [];
    let rest = body.length;
    do {
      length.push((rest & 127) | 128);
      rest >>= 7;
    } while (rest > 0);
    if (this.#dice.once(10)) while (length.length < 4 && !this.#dice.once(3)) length.push(128);
    length[length.length - 1] &= 127;
    return [(type << 4) | flags, ...length, ...body];
  }
}
