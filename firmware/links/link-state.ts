/**
 * The states of a link to a broker, pure: an event is a function from the present state to the next, and
 * nothing here owns a socket or a timer. `MQTTLink` acts on the state it gets back.
 *
 * ```
 *           start            network up          wait over          CONNACK           SUBACK
 *  STOPPED -------> OFFLINE ------------> WAITING ---------> CONNECTING ----> SUBSCRIBING ----> ONLINE
 *                      ^                     ^                    |                |               |
 *                      |                     +------ lost --------+----------------+---------------+
 *                      +------------------------- network down, from any of them
 *
 *  stop: ONLINE -> LEAVING (the goodbye is under way) -> STOPPED; every other state -> STOPPED at once
 * ```
 */
export const enum LinkState {
  STOPPED,
  /** The network interface has no address. */
  OFFLINE,
  /** Backing off before an attempt. */
  WAITING,
  /** Name, socket, CONNACK: the client's own deadline bounds it. */
  CONNECTING,
  /** SUBSCRIBE is sent; its deadline runs. */
  SUBSCRIBING,
  ONLINE,
  /** `offline` is published, its PUBACK awaited; then DISCONNECT. */
  LEAVING,
}

export function start(state: LinkState, networkUp: boolean): LinkState {
  if (state !== LinkState.STOPPED) return state;
  return networkUp ? LinkState.WAITING : LinkState.OFFLINE;
}

export function networkChanged(state: LinkState, up: boolean): LinkState {
  if (state === LinkState.STOPPED) return state;
  if (state === LinkState.LEAVING) return up ? state : LinkState.STOPPED;
  if (!up) return LinkState.OFFLINE;
  return state === LinkState.OFFLINE ? LinkState.WAITING : state;
}

export function waitOver(state: LinkState): LinkState {
  return state === LinkState.WAITING ? LinkState.CONNECTING : state;
}

/** CONNACK accepted; `subscribe` where there are subscriptions and the broker does not have them. */
export function accepted(state: LinkState, subscribe: boolean): LinkState {
  if (state !== LinkState.CONNECTING) return state;
  return subscribe ? LinkState.SUBSCRIBING : LinkState.ONLINE;
}

export function subscribed(state: LinkState): LinkState {
  return state === LinkState.SUBSCRIBING ? LinkState.ONLINE : state;
}

/** The connection failed, or never came to be. */
export function lost(state: LinkState): LinkState {
  switch (state) {
    case LinkState.CONNECTING:
    case LinkState.SUBSCRIBING:
    case LinkState.ONLINE:
      return LinkState.WAITING;
    case LinkState.LEAVING:
      return LinkState.STOPPED;
    default:
      return state;
  }
}

export function stop(state: LinkState): LinkState {
  return state === LinkState.ONLINE ? LinkState.LEAVING : LinkState.STOPPED;
}

/** The goodbye was acknowledged, or its deadline has passed. */
export function left(state: LinkState): LinkState {
  return state === LinkState.LEAVING ? LinkState.STOPPED : state;
}
