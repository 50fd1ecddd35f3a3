/** Where in its life the client is when the stream comes. */
export const enum Stage {
  /** The socket is open and has no room for CONNECT yet. */
  CONNECTING,
  HANDSHAKE,
  /** As HANDSHAKE, with a CONNACK in front of the stream. */
  ACCEPTING,
  CONNECTED,
  /** The application has not read the payload of the PUBLISH before. */
  UNREAD,
  /** That PUBLISH was read, and there is no room to acknowledge it. */
  NO_ROOM,
  /** The application has written a part of a message: nothing may come in between. */
  WRITING,
  /** The application has written a message that may wait for more: it goes out before anything else. */
  HOLDING,
  /** The application has written DISCONNECT and waits for the server to close. */
  DISCONNECTED,
  /** Closed by the application, while a socket that should know better goes on. */
  CLOSED,
}

export const STAGES: readonly (readonly [Stage, string])[] = [
  [Stage.CONNECTING, "before CONNECT is sent"],
  [Stage.HANDSHAKE, "before CONNACK"],
  [Stage.ACCEPTING, "together with CONNACK"],
  [Stage.CONNECTED, "connected"],
  [Stage.UNREAD, "behind a message that is not read"],
  [Stage.NO_ROOM, "without room to acknowledge"],
  [Stage.WRITING, "within a message of the application's"],
  [Stage.HOLDING, "while a message of the application's is held back"],
  [Stage.DISCONNECTED, "after DISCONNECT"],
  [Stage.CLOSED, "closed"],
];

/** A message that waits for the application or for room when the stream comes: QoS 1, identifier 7. */
const WAITING = [0x32, 11, 0, 1, 0x77, 0, 7, 0x75, 0x6e, 0x72, 0x65, 0x61, 0x64];

/** What the server sends before the stream. */
export function prelude(stage: Stage, sessionPresent: boolean): number[] {
  const connack = [0x20, 2, sessionPresent ? 1 : 0, 0];
  switch (stage) {
    case Stage.CONNECTING:
    case Stage.HANDSHAKE:
      return [];
    case Stage.UNREAD:
    case Stage.NO_ROOM:
      return [...connack, ...WAITING];
    default:
      return connack;
  }
}
