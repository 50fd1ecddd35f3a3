/** The ESP32's one Wi-Fi interface. It must exist before its MAC address can be asked for. */

import WiFi from "embedded:network/interface/wifi";
import Timer from "timer";
import type { Settings } from "../config.js";
import { WiFiStation } from "../links/wifi-station.js";
import type { Monitor } from "../monitor.js";

let station: WiFiStation | undefined;

const wifi = new WiFi({
  onChanged() {
    station?.changed();
  },
});

/** The station's MAC address as twelve hexadecimal digits. */
export function macAddress(): string {
  return (wifi.MAC ?? "").replaceAll(":", "").toLowerCase();
}

export function openStation(settings: Settings, monitor: Monitor): WiFiStation {
  const { ssid, password } = settings;
  station = new WiFiStation({ wifi, ssid, password, timer: Timer, monitor });
  return station;
}
