import type {
  ResolverClass,
  TCP,
  TCPClass,
  TCPOptions,
  Timer,
  UDP,
  UDPClass,
  UDPOptions,
} from "../../../firmware/ports.js";
import type { ResolveOptions } from "../../io/resolver.js";
import type { VirtualNetwork } from "./network.js";

/** Everything that ends when a board loses its power or is reset: its timers, sockets and name look-ups fall silent. */
export class Power {
  /** The processor is stuck in a loop: no timer rings. */
  hangs = false;
  #isOn = true;
  #net: VirtualNetwork;
  #sockets = new Set<TCP | UDP>();

  constructor(net: VirtualNetwork) {
    this.#net = net;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Nobody is told: the peers of open connections go on believing in them. */
  off(): void {
    this.#isOn = false;
    this.#net.silently(() => {
      for (const socket of [...this.#sockets]) socket.close();
    });
  }

  timer(timer: Timer): Timer {
    return {
      set: (callback, delay) => {
        return timer.set(() => {
          if (this.#isOn && !this.hangs) callback();
        }, delay);
      },
      clear: (handle) => timer.clear(handle),
    };
  }

  tcp(Base: TCPClass): TCPClass {
    const sockets = this.#sockets;
    return class extends Base {
      constructor(options: TCPOptions) {
        super(options);
        sockets.add(this);
      }

      override close(): void {
        sockets.delete(this);
        super.close();
      }
    };
  }

  udp(Base: UDPClass): UDPClass {
    const sockets = this.#sockets;
    return class extends Base {
      constructor(options: UDPOptions) {
        super(options);
        sockets.add(this);
      }

      override close(): void {
        sockets.delete(this);
        super.close();
      }
    };
  }

  resolver(Base: ResolverClass): ResolverClass {
    const power = this;
    return class extends Base {
      override resolve({ host, onResolved, onError }: ResolveOptions): void {
        super.resolve({
          host,
          onResolved: (name, address) => {
            if (power.isOn) onResolved?.(name, address);
          },
          onError: (name) => {
            if (power.isOn) onError?.(name);
          },
        });
      }
    };
  }
}
