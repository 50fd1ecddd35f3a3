import { describe, expect, it } from "@jest/globals";
import { VirtualClock } from "../../host-sim/boards/virtual/clock.js";
import { Radio } from "../../host-sim/chips/radio.js";
import type { WiFi } from "../../host-sim/chips/wifi.js";
import { thrown } from "../support/thrown.js";

const CASA = { SSID: "Casa", password: "correct horse", BSSID: "02:00:00:00:00:01", RSSI: -58, channel: 6 };

function bench() {
  const clock = new VirtualClock();
  const radio = new Radio(clock.timer, "02:00:00:00:00:02");
  radio.accessPoints = [CASA];
  const events: string[] = [];
  const make = (name = "") => {
    const wifi: WiFi = new radio.WiFi({
      onChanged: (property) => {
        const value = property === "connection" ? wifi.connection : wifi.address;
        events.push(`${name}${property} ${value}`);
      },
    });
    return wifi;
  };
  return { clock, radio, events, make };
}

const JOIN = { SSID: "Casa", password: "correct horse" };

describe("WiFi", () => {
  it("goes from idle over connecting and associated to an address, and tells each but the first", () => {
    const { clock, events, make } = bench();
    const wifi = make();
    expect(wifi.connection).toBe(200);
    wifi.connect(JOIN);
    expect([wifi.connection, events]).toEqual([300, []]);
    clock.run(10_000);
    expect(events).toEqual(["connection 400", "connection 500", "address 192.0.2.17"]);
  });

  it("knows what it is associated with only while it is", () => {
    const { clock, make } = bench();
    const wifi = make();
    const known = () => [wifi.SSID, wifi.BSSID, wifi.RSSI, wifi.channel, wifi.address];
    expect(known()).toEqual([undefined, undefined, undefined, undefined, undefined]);
    wifi.connect(JOIN);
    clock.run(10_000);
    expect(known()).toEqual(["Casa", "02:00:00:00:00:01", -58, 6, "192.0.2.17"]);
    wifi.disconnect();
    expect(known()).toEqual([undefined, undefined, undefined, undefined, undefined]);
    expect(wifi.MAC).toBe("02:00:00:00:00:02");
  });

  it.each([
    ["a wrong password", { ...JOIN, password: "wrong" }],
    ["no password", { SSID: "Casa" }],
    ["an access point that is not there", { SSID: "Villa" }],
  ])("is idle again after %s, told once and without a reason", (_name, options) => {
    const { clock, events, make } = bench();
    make().connect(options);
    clock.run(60_000);
    expect(events).toEqual(["connection 200"]);
  });

  it("finds any network where none is configured", () => {
    const { clock, radio, make } = bench();
    radio.accessPoints = [];
    const wifi = make();
    wifi.connect({ SSID: "anything", password: "whatever" });
    clock.run(10_000);
    expect([wifi.connection, wifi.SSID]).toEqual([500, "anything"]);
  });

  it("refuses to connect without a SSID, on a channel that is none, and while it connects", () => {
    const { make } = bench();
    const wifi = make();
    expect(thrown(() => wifi.connect({ password: "x" } as never))).toBe("Error");
    expect(thrown(() => wifi.connect({ ...JOIN, channel: 15 }))).toBe("RangeError");
    wifi.connect(JOIN);
    expect(thrown(() => wifi.connect(JOIN))).toBe("Error");
  });

  it("tells a late idle to who connects right after a disconnect, and goes on", () => {
    const { clock, events, make } = bench();
    const wifi = make();
    wifi.connect(JOIN);
    clock.run(10_000);
    events.length = 0;
    wifi.disconnect();
    expect([wifi.connection, events]).toEqual([200, []]);
    wifi.connect(JOIN);
    clock.run(10_000);
    expect(events).toEqual(["connection 200", "connection 400", "connection 500", "address 192.0.2.17"]);
  });

  it("has instances that see the same, and do not disturb each other when they are closed", () => {
    const { clock, events, make } = bench();
    const [first, second] = [make("1 "), make("2 ")];
    first.connect(JOIN);
    clock.run(2_500);
    first.close();
    clock.run(10_000);
    expect(events).toEqual([
      "1 connection 400",
      "2 connection 400",
      "2 connection 500",
      "2 address 192.0.2.17",
    ]);
    expect(second.address).toBe("192.0.2.17");
  });

  it("can be closed in its callback", () => {
    const { clock, radio } = bench();
    let calls = 0;
    const wifi = new radio.WiFi({
      onChanged: () => {
        calls += 1;
        wifi.close();
      },
    });
    wifi.connect(JOIN);
    clock.run(10_000);
    expect(calls).toBe(1);
  });

  it("tells that the access point is gone", () => {
    const { clock, radio, events, make } = bench();
    make().connect(JOIN);
    clock.run(10_000);
    events.length = 0;
    radio.lose();
    clock.run(10_000);
    expect(events).toEqual(["connection 200"]);
  });

  it("scans: one access point after the other, without their passwords, and then that it is complete", () => {
    const { clock, make } = bench();
    const found: unknown[] = [];
    make().scan({ onFound: (one) => found.push(one), onComplete: () => found.push("complete") });
    expect(found).toEqual([]);
    clock.run(10_000);
    const { password: _password, ...told } = CASA;
    expect(found).toEqual([{ ...told, security: "wpa2_psk" }, "complete"]);
  });

  it("scans one channel where it is told", () => {
    const { clock, make } = bench();
    const found: unknown[] = [];
    make().scan({ channel: 1, onFound: (one) => found.push(one) });
    clock.run(10_000);
    expect(found).toEqual([]);
  });

  it("wants onFound, and scans once at a time, whoever asks: Error", () => {
    const { clock, make } = bench();
    const [first, second] = [make(), make()];
    expect(thrown(() => first.scan({} as never))).toBe("Error");
    first.scan({ onFound: () => {} });
    expect(thrown(() => second.scan({ onFound: () => {} }))).toBe("Error");
    first.close();
    clock.run(10_000);
    expect(thrown(() => second.scan({ onFound: () => {} }))).toBe("nothing");
  });

  it("tells a closed instance nothing of its scan", () => {
    const { clock, make } = bench();
    const wifi = make();
    let calls = 0;
    const count = () => {
      calls += 1;
    };
    wifi.scan({ onFound: count, onComplete: count });
    wifi.close();
    clock.run(10_000);
    expect(calls).toBe(0);
  });

  it("takes an address instead of DHCP's, later told, and gives it back", () => {
    const { clock, events, make } = bench();
    const wifi = make();
    wifi.connect(JOIN);
    clock.run(10_000);
    events.length = 0;
    wifi.configure({ static: { address: "192.0.2.99", mask: "255.255.255.0", gateway: "192.0.2.1" } });
    expect(events).toEqual([]);
    clock.run(10);
    wifi.configure({ static: null });
    clock.run(10);
    expect(events).toEqual(["address 192.0.2.99", "address 192.0.2.17"]);
  });

  it.each([
    ["address", "not.an.ip.address"],
    ["mask", "garbage"],
    ["gateway", "999.999.999.999"],
  ])("refuses a %s of %s with RangeError, and a name of 64 characters with Error", (name, value) => {
    const { make } = bench();
    const fixed = { address: "192.0.2.2", mask: "255.255.255.0", gateway: "192.0.2.1", [name]: value };
    const wifi = make();
    expect(thrown(() => wifi.configure({ static: fixed }))).toBe("RangeError");
    expect(thrown(() => wifi.configure({ hostname: "a".repeat(64) }))).toBe("Error");
    expect(thrown(() => wifi.configure({ hostname: "a".repeat(63) }))).toBe("nothing");
  });
});
