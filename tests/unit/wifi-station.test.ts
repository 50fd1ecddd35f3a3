import { describe, expect, it } from "@jest/globals";
import { type WiFi, WiFiStation } from "../../firmware/links/wifi-station.js";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";

/** The ESP32's interface as it was seen to behave, with an access point that is there or not. */
class Interface implements WiFi {
  connection = 200;
  RSSI: number | undefined = -61;
  attempts: object[] = [];
  isThere = true;
  /** The access point lets it in and no DHCP server answers. */
  givesNoAddress = false;
  onChanged: () => void = () => {};
  #clock: VirtualClock;
  #attempt = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  connect(options: object): void {
    if (this.connection === 300) throw new Error("already connecting");
    this.attempts.push(options);
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#tell(300);
    this.#clock.timer.set(() => {
      if (attempt !== this.#attempt) return;
      if (!this.isThere) return this.#tell(200);
      this.#tell(400);
      if (!this.givesNoAddress) this.#tell(500);
    }, 2_400);
  }

  disconnect(): void {
    this.#attempt += 1;
    this.connection = 200;
    this.#clock.timer.set(() => this.onChanged(), 100); // late and without news
  }

  lose(): void {
    this.#tell(200);
  }

  #tell(connection: number): void {
    this.connection = connection;
    this.onChanged();
  }
}

function bench(password = "correct horse", ssid = "Home") {
  const clock = new VirtualClock();
  const wifi = new Interface(clock);
  const changes: boolean[] = [];
  const warnings: string[] = [];
  const monitor = { warning: (text: string) => warnings.push(text) };
  const station = new WiFiStation({ wifi, ssid, password, timer: clock.timer, monitor });
  wifi.onChanged = () => station.changed();
  station.start((up) => changes.push(up));
  return { clock, wifi, changes, warnings, station };
}

describe("the Wi-Fi station", () => {
  it("connects, tells of the address once, and leaves it at that", () => {
    const { clock, wifi, changes, warnings, station } = bench();
    expect(station.signal).toBeUndefined();
    clock.run(600_000);
    expect(changes).toEqual([true]);
    expect(wifi.attempts).toEqual([{ SSID: "Home", password: "correct horse" }]);
    expect(warnings).toEqual([]);
    expect(station.signal).toBe(-61);
  });

  it("gives no password to an open network", () => {
    expect(bench("").wifi.attempts).toEqual([{ SSID: "Home" }]);
  });

  it("tries again for as long as the access point is away, and says what may be wrong", () => {
    const { clock, wifi, changes, warnings } = bench();
    wifi.isThere = false;
    clock.run(3_600_000);
    expect(wifi.attempts.length).toBeGreaterThan(400);
    expect(warnings[0]).toBe('no connection to Wi-Fi "Home": out of reach, or a wrong password');
    expect(changes).toEqual([]);
    wifi.isThere = true;
    clock.run(10_000);
    expect(changes).toEqual([true]);
  });

  it("tells of a loss once, and returns", () => {
    const { clock, wifi, changes, station } = bench();
    clock.run(10_000);
    wifi.lose();
    wifi.lose();
    expect(changes).toEqual([true, false]);
    expect(station.signal).toBeUndefined();
    clock.run(10_000);
    expect(changes).toEqual([true, false, true]);
  });

  it("ends an attempt that gets no address, and is not led astray by the late word of its end", () => {
    const { clock, wifi, changes, warnings } = bench();
    wifi.givesNoAddress = true;
    clock.run(200_000);
    expect(wifi.attempts).toHaveLength(4);
    expect(warnings).toHaveLength(3);
    wifi.givesNoAddress = false;
    clock.run(70_000);
    expect(changes).toEqual([true]);
  });

  it("survives an interface that is connecting already", () => {
    const clock = new VirtualClock();
    const wifi = new Interface(clock);
    wifi.connection = 300;
    const changes: boolean[] = [];
    const station = new WiFiStation({ wifi, ssid: "a", password: "", timer: clock.timer, monitor: {} });
    wifi.onChanged = () => station.changed();
    station.start((up) => changes.push(up));
    clock.run(120_000);
    expect(changes).toEqual([true]);
  });

  it("says that the network's name is missing, and does nothing", () => {
    const { clock, wifi, warnings } = bench("", "");
    clock.run(600_000);
    expect(wifi.attempts).toEqual([]);
    expect(warnings).toHaveLength(1);
  });
});
