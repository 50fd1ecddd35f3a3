import dns from "node:dns";
import Timer from "./timer.js";

/** Moddable's module `system`, which is also the global `System`. */
const System = {
  /** @param callback without an address where there is none */
  resolve(name: string, callback: (name: string, address?: string) => void): void {
    dns.lookup(name, { order: "ipv4first" }, (error, address) => {
      if (error) callback(name);
      else callback(name, address);
    });
  },

  /** The device is the process. */
  restart(): never {
    process.exit(0);
  },

  setTimeout(callback: () => void, delay?: number): Timer {
    return Timer.set(callback, delay);
  },

  clearTimeout(timer: Timer | undefined): void {
    Timer.clear(timer);
  },

  setInterval(callback: () => void, delay: number): Timer {
    return Timer.repeat(callback, delay);
  },

  clearInterval(timer: Timer | undefined): void {
    Timer.clear(timer);
  },
};

export default System;
