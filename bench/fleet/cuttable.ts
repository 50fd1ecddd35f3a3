/** Sockets that can all be cut at once, as when a router loses its power. */

import type net from "node:net";
import type { Board } from "../../firmware/compose.js";
import { TCP, type TCPOptions } from "../../host-sim/io/tcp.js";
import { TLS, type TLSOptions } from "../../host-sim/io/tls.js";

const open = new Set<net.Socket>();

function kept(socket: net.Socket): net.Socket {
  open.add(socket);
  return socket.once("close", () => open.delete(socket));
}

class CuttableTCP extends TCP {
  protected override connect(address: string, port: number, options: TCPOptions): net.Socket {
    return kept(super.connect(address, port, options));
  }
}

class CuttableTLS extends TLS {
  protected override connect(address: string, port: number, options: TLSOptions): net.Socket {
    return kept(super.connect(address, port, options));
  }
}

/** The board with such sockets. */
export function onCuttable(board: Board): Board {
  const { tls } = board;
  return {
    ...board,
    tcp: { ...board.tcp, io: CuttableTCP },
    ...(tls && { tls: (settings) => ({ ...tls(settings), io: CuttableTLS }) }),
  };
}

/** Ends every connection without a goodbye; both ends see a reset. */
export function cutAll(): void {
  for (const socket of [...open]) socket.resetAndDestroy();
}
