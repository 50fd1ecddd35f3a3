/**
 * Streams as servers send them and as they must not: mostly well formed packets, so that what is wrong comes at any place,
 * with one thing wrong here and there, and on top of that streams that are cut, spliced and damaged.
 */

import type { Dice } from "./dice.js";
import { Packets } from "./packets.js";
import { Type } from "./specification.js";
import { BAD_TEXT } from "./text.js";

/** Whole packets that only a client sends: CONNECT, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT. */
const OF_CLIENTS = [
  [0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 1, 0x61],
  [0x82, 6, 0, 1, 0, 1, 0x61, 1],
  [0xa2, 5, 0, 1, 0, 1, 0x61],
  [0xc0, 0],
  [0xe0, 0],
];

/** Remaining Lengths, of more than there is or of more bytes than are allowed. */
const LENGTHS = [
  [0xff, 0x7f],
  [0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x80, 0x80],
  [0xff, 0xff, 0xff, 0xff, 0x7f],
];

const ODDITIES = 22;

export class Grammar {
  #dice: Dice;
  #one: Packets;
  #turn: number;

  /** @param turn which oddity is put in; all have been in turn after some two dozen */
  constructor(dice: Dice, turn: number) {
    this.#dice = dice;
    this.#one = new Packets(dice);
    this.#turn = turn;
  }

  stream(): Uint8Array {
    const dice = this.#dice;
    let bytes: number[];
    const kind = dice.below(20);
    if (kind < 14) bytes = [...this.#packets(), ...this.#oddPacket(this.#turn), ...this.#packets()];
    else if (kind < 15) bytes = this.#packets();
    else if (kind < 17) bytes = this.#damaged(this.#packets());
    else if (kind < 18) bytes = this.#spliced(this.#packets(), this.#packets());
    else if (kind < 19) bytes = [this.#controlByte(), ...dice.bytes(dice.below(12))];
    else bytes = dice.bytes(dice.below(40));
    if (dice.once(8)) bytes = [...this.#one.connack(), ...bytes];
    if (dice.once(6)) bytes.length = dice.below(bytes.length + 1);
    return Uint8Array.from(bytes);
  }

  /** As a server sends them, but for one in sixteen. */
  #packets(): number[] {
    const dice = this.#dice;
    const bytes: number[] = [];
    for (let count = dice.below(4); count > 0; count--) {
      bytes.push(...(dice.once(16) ? this.#oddPacket(dice.below(ODDITIES)) : this.#one.any()));
    }
    return bytes;
  }

  /** With something that is, most of the time, forbidden. */
  #oddPacket(oddity: number): number[] {
    const dice = this.#dice;
    const one = this.#one;
    const any = one.any();
    const [first, length] = any;
    switch (oddity % ODDITIES) {
      case 0: // another type, other flags
        return [this.#controlByte(), ...any.slice(1)];
      case 1:
        return [(first & 0xf0) | dice.below(16), ...any.slice(1)];
      case 2:
        return [0x30 | dice.pick([0x06, 0x07, 0x08, 0x09, 0x0e, 0x0f]), ...one.publish(one.topic()).slice(1)];
      case 3: // another Remaining Length
        return [first, (length + dice.pick([-3, -2, -1, 1, 2, 3])) & 0xff, ...any.slice(2)];
      case 4: // of any size, up to the 256 MB of four bytes and beyond
        return [first, ...dice.pick(LENGTHS), ...any.slice(2)];
      case 5:
        return [first, ...dice.bytes(dice.below(6)), ...any.slice(2)];
      case 6:
        return one.publish(dice.pick(BAD_TEXT));
      case 7:
        return one.publish([...one.topic(), ...dice.pick(BAD_TEXT), ...one.topic()]);
      case 8: // wildcards
        return one.publish([...one.topic(), dice.pick([0x23, 0x2b]), ...one.topic()].slice(dice.below(3)));
      case 9:
        return one.publish([]);
      case 10: // a topic that does not fit into the packet, or whose identifier does not
        return one.publish(one.topic(), dice.pick([-3, -1, 1, 2, 3, 500, 65_000]));
      case 11: // about the packet limit
        return one.publish(new Array<number>(dice.between(115, 128)).fill(0x62));
      case 12:
        return one.publish(new Array<number>(dice.pick([196, 504, 506, 508, 600])).fill(0x62));
      case 13:
        return one.connack();
      case 14:
        return one.frame(Type.SUBACK, 0, [...one.id(), ...one.codes(), dice.below(256)]);
      case 15:
        return one.frame(Type.SUBACK, 0, [
          ...one.id(),
          ...new Array<number>(dice.pick([0, 120, 122, 123, 124, 200])).fill(1),
        ]);
      case 16:
        return dice.pick(OF_CLIENTS);
      case 17: // packet identifier 0
        return one.publish(one.topic(), 0, [0, 0]);
      case 18:
        return dice.once(4)
          ? one.frame(Type.SUBACK, 0, [0, 0, 1])
          : [...one.acknowledgement().slice(0, -2), 0, 0];
      case 19: // too short for what it must have
        return one.frame(Type.PUBLISH, dice.below(6), [0, 1, 0x61, 0, 1].slice(0, dice.below(6)));
      case 20: // a body of another size
        return one.frame(first >> 4, first & 15, dice.bytes(dice.below(6)));
      default:
        return dice.bytes(dice.below(8));
    }
  }

  /** Of any type that a server may send, or, now and then, may not. */
  #controlByte(): number {
    return this.#dice.once(2)
      ? this.#dice.below(256)
      : this.#dice.pick([0x20, 0x30, 0x32, 0x34, 0x40, 0x50, 0x62, 0x70, 0x90, 0xb0, 0xd0]);
  }

  /** Bits turned, bytes put in, taken out, repeated or exchanged. */
  #damaged(bytes: number[]): number[] {
    const dice = this.#dice;
    for (let count = dice.between(1, 3); count > 0 && bytes.length > 0; count--) {
      const at = dice.below(bytes.length);
      const length = dice.between(1, 4);
      switch (dice.below(5)) {
        case 0:
          bytes[at] ^= 1 << dice.below(8);
          break;
        case 1:
          bytes[at] = dice.pick([0, 1, 0x7f, 0x80, 0xff]);
          break;
        case 2:
          bytes.splice(at, length);
          break;
        case 3:
          bytes.splice(at, 0, ...dice.bytes(length));
          break;
        default:
          bytes.splice(at, 0, ...bytes.slice(at, at + length));
          break;
      }
    }
    return bytes;
  }

  #spliced(first: number[], second: number[]): number[] {
    const dice = this.#dice;
    return [...first.slice(0, dice.below(first.length + 1)), ...second.slice(dice.below(second.length + 1))];
  }
}
