import { radio } from "../board.js";
import System from "./system.js";

/** Moddable's module `net`. */
const Net = {
  get(property: string): string | number | undefined {
    switch (property) {
      case "IP":
        return radio.address ?? "127.0.0.1";
      case "MAC":
        return radio.MAC.replaceAll(":", "").toUpperCase();
      case "SSID":
      case "BSSID":
      case "RSSI":
        return radio.joined?.[property];
      default:
        return undefined;
    }
  },

  resolve(name: string, callback: (name: string, address?: string) => void): void {
    System.resolve(name, callback);
  },
};

export default Net;
