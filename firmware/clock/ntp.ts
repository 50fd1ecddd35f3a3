/**
 * The packets of SNTP, as bytes: a request, what an answer to it is worth, and the time in it. Pure. The sources are
 * RFC 5905 (NTP version 4: format in section 7.3, checks in section 8) and RFC 4330 (SNTP: checks in section 5,
 * kiss-o'-death in section 8).
 */

/** The port of time servers. */
export const NTP_PORT = 123;

/** Bytes of a request, and of an answer without extensions. */
export const PACKET_LENGTH = 48;

/** What an answer is worth. */
export const enum Verdict {
  GOOD,
  /** No answer to this request: noise, or from somebody who has not seen it. The true one may still come. */
  FOREIGN,
  /** The server does not want to be asked again (kiss codes DENY and RSTR). */
  REFUSED,
  /** The server wants to be asked less often (kiss code RATE). */
  SLOWER,
  /** The server does not know the time itself, and says so. */
  UNSYNCHRONISED,
  /** The server says a time that cannot be. */
  IMPLAUSIBLE,
}

const enum At {
  FLAGS = 0,
  STRATUM = 1,
  ROOT_DELAY = 4,
  ROOT_DISPERSION = 8,
  /** Of stratum 0: four letters, the kiss code. */
  REFERENCE = 12,
  ORIGINATE = 24,
  RECEIVE = 32,
  TRANSMIT = 40,
}

const CLIENT = 3;
const SERVER = 4;
const VERSION = 4;

/** The leap indicator of a clock that is not synchronised. */
const LEAP_UNKNOWN = 3;

/** The largest stratum of a clock that is synchronised. */
const STRATUM_LIMIT = 15;

const DENY = 0x44454e59;
const RSTR = 0x52535452;
const RATE = 0x52415445;

/** Seconds from 1900 to 1970. */
const SECONDS_TO_1970 = 2_208_988_800;

/** 2^32: the fraction of a second in a timestamp counts these. */
const SECOND = 0x1_0000_0000;

/** Milliseconds after which timestamps begin anew, as they do on 7 February 2036: 2^32 seconds. */
const ERA = SECOND * 1_000;

/** Root delay and dispersion count these in a second. */
const SHORT_SECOND = 0x1_0000;

/**
 * Seconds that a server may be wrong by its own account: MAXDISP of RFC 5905, where its answer means nothing any more.
 * Not less: Windows domain controllers say 10 s of themselves and are right within one.
 */
const DISTANCE_LIMIT = 16;

/**
 * Milliseconds after the firmware's first day in which a time is believed: 20 years, which is how long the makers of NOR
 * flash promise that an image lasts. It takes 1970 (which the era makes 2106) and other nonsense out.
 */
const LIFETIME = 20 * 365.25 * 86_400_000;

/**
 * Writes a request. It tells nothing of the device: where NTP has the sender's clock there is a random number, which
 * only a server that got the request can send back, and all else is zero (RFC 9109 has the same reason for ports;
 * draft-ietf-ntp-data-minimization).
 *
 * @param into `PACKET_LENGTH` bytes
 * @param random from 0 up to but not including 1
 */
export function writeRequest(into: Uint8Array, random: () => number): void {
  into.fill(0);
  into[At.FLAGS] = (VERSION << 3) | CLIENT;
  for (let i = At.TRANSMIT; i < PACKET_LENGTH; i++) into[i] = random() * 256;
}

/**
 * What `answer` is worth as the answer to `request`. Its source has been checked already.
 * @param firstDay a moment that has passed for certain, milliseconds since 1970
 */
export function judge(request: Uint8Array, answer: Uint8Array, firstDay: number): Verdict {
  if (!isAnswer(request, answer)) return Verdict.FOREIGN;
  const stratum = answer[At.STRATUM];
  if (stratum === 0) return kiss(uint32(answer, At.REFERENCE));
  if (
    stratum > STRATUM_LIMIT ||
    answer[At.FLAGS] >> 6 === LEAP_UNKNOWN ||
    (uint32(answer, At.TRANSMIT) === 0 && uint32(answer, At.TRANSMIT + 4) === 0) ||
    distance(answer) >= DISTANCE_LIMIT
  )
    return Verdict.UNSYNCHRONISED;
  if (processing(answer) < 0 || transmitted(answer, firstDay) > firstDay + LIFETIME)
    return Verdict.IMPLAUSIBLE;
  return Verdict.GOOD;
}

/**
 * The time at the moment at which a good answer arrived, in whole milliseconds since 1970: what the server said, and
 * half of the time that was spent on the way.
 *
 * @param roundTrip milliseconds from the request to the answer
 * @param firstDay as in `judge`
 */
export function timeOnArrival(answer: Uint8Array, roundTrip: number, firstDay: number): number {
  // A server whose clock was set between the two says that it took longer than the whole: then it took nothing.
  const onTheWay = Math.max(0, roundTrip - processing(answer));
  return Math.round(transmitted(answer, firstDay) + onTheWay / 2);
}

function isAnswer(request: Uint8Array, answer: Uint8Array): boolean {
  if (answer.length < PACKET_LENGTH) return false;
  const version = (answer[At.FLAGS] >> 3) & 7;
  if ((answer[At.FLAGS] & 7) !== SERVER || (version !== VERSION && version !== VERSION - 1)) return false;
  for (let i = 0; i < 8; i++) if (answer[At.ORIGINATE + i] !== request[At.TRANSMIT + i]) return false;
  return true;
}

function kiss(code: number): Verdict {
  if (code === DENY || code === RSTR) return Verdict.REFUSED;
  return code === RATE ? Verdict.SLOWER : Verdict.UNSYNCHRONISED;
}

/** Seconds that the server may be wrong, by its own account (RFC 5905, appendix A.5.1.1). */
function distance(answer: Uint8Array): number {
  return (uint32(answer, At.ROOT_DELAY) / 2 + uint32(answer, At.ROOT_DISPERSION)) / SHORT_SECOND;
}

/** Milliseconds that the server had the request for; negative where it answered before. Right across an era's end. */
function processing(answer: Uint8Array): number {
  const seconds = (uint32(answer, At.TRANSMIT) - uint32(answer, At.RECEIVE)) | 0;
  const fraction = uint32(answer, At.TRANSMIT + 4) - uint32(answer, At.RECEIVE + 4);
  return seconds * 1_000 + (fraction / SECOND) * 1_000;
}

/** When the server sent its answer, milliseconds since 1970: in the first era in which that is not before `firstDay`. */
function transmitted(answer: Uint8Array, firstDay: number): number {
  const seconds = uint32(answer, At.TRANSMIT) - SECONDS_TO_1970;
  const time = seconds * 1_000 + (uint32(answer, At.TRANSMIT + 4) / SECOND) * 1_000;
  return time < firstDay ? time + ERA : time;
}

function uint32(bytes: Uint8Array, at: number): number {
  return bytes[at] * 0x1000000 + ((bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]);
}
