import MQTTClient from "../../firmware/mqtt/client.js";
import type { MQTTError } from "../../firmware/mqtt/error.js";
import type { TCPClass, TCPOptions } from "../../firmware/ports.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { VirtualNetwork } from "../../host-sim/boards/virtual/network.js";

/** A client on a socket whose callbacks the test calls itself; its name is resolved. */
export function onHandSocket(write: (data: Uint8Array) => number) {
  const clock = new VirtualClock();
  const net = new VirtualNetwork(clock);
  const errors: MQTTError[] = [];
  const writable: number[] = [];
  let socket: TCPOptions | undefined;
  let arriving = new Uint8Array(0);
  const io = class {
    constructor(options: TCPOptions) {
      socket = options;
    }
    read(into: Uint8Array): void {
      into.set(arriving.subarray(0, into.length));
      arriving = arriving.slice(into.length);
    }
    write = write;
    close(): void {}
  } as unknown as TCPClass;
  const client = new MQTTClient({
    host: "10.0.0.1",
    id: "a",
    timer: clock.timer,
    clock,
    dns: { io: net.Resolver },
    socket: { io },
    onReadable: () => {}, // leaves it all unread
    onWritable: (count) => writable.push(count),
    onError: (error) => errors.push(error as MQTTError),
  });
  clock.run(100);
  return {
    client,
    errors,
    writable,
    /** Bytes that the client has not taken. */
    left: () => arriving.length,
    room: (count: number) => socket?.onWritable?.call({} as never, count),
    arrive(...bytes: number[]) {
      arriving = Uint8Array.from(bytes);
      socket?.onReadable?.call({} as never, bytes.length);
    },
  };
}
