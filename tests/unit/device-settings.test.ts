import { describe, expect, it } from "@jest/globals";
import { openDeviceSettings } from "../../firmware/device-settings.js";
import type { KeyValue } from "../../firmware/ports.js";
import { CERTIFICATE, makeKeys } from "../support/keys.js";
import { MemoryStorage } from "../support/memory-storage.js";

const KEY = makeKeys().pkcs8;

const HOME = {
  ssid: "Casa",
  password: "correct horse",
  broker: "mqtt://ann:pw@10.0.0.1",
  topic: "home/attic",
  id: "attic",
};

function start(image: Record<string, unknown>, storage?: KeyValue) {
  const problems: string[] = [];
  return { ...openDeviceSettings(image, storage, problems), problems };
}

describe("the layers", () => {
  it("are the image alone where there is no storage", () => {
    expect(start({ ...HOME, interval: "1s" })).toEqual({
      raw: { ...HOME, interval: "1s" },
      problems: [],
    });
  });

  it("copy the image's identity, credentials and topic at the first start", () => {
    const storage = new MemoryStorage();
    expect(start(HOME, storage).raw).toEqual(HOME);
    for (const [name, value] of Object.entries(HOME)) expect(storage.values.get(name)).toBe(value);
  });

  it("keep the device's own values over an update image that has none", () => {
    const storage = new MemoryStorage();
    start(HOME, storage);
    expect(start({ interval: "9s", ssid: "", broker: "" }, storage).raw).toEqual({ ...HOME, interval: "9s" });
  });

  it("keep the key of updates over an update image, which has none: without it there would be no other", () => {
    const storage = new MemoryStorage();
    const updatekey = makeKeys().public;
    start({ ...HOME, updatekey }, storage);
    expect(start({ interval: "9s" }, storage).raw).toEqual({ ...HOME, interval: "9s", updatekey });
  });

  it("keep what was changed on the device when the same image starts again", () => {
    const storage = new MemoryStorage();
    start(HOME, storage);
    storage.write("topic", "home/cellar");
    expect(start(HOME, storage).raw["topic"]).toBe("home/cellar");
    start({}, storage);
    expect(start(HOME, storage).raw["topic"]).toBe("home/cellar");
  });

  it("copy the values of an image that was flashed with others", () => {
    const storage = new MemoryStorage();
    start(HOME, storage);
    storage.write("topic", "home/cellar");
    const other = { ...HOME, ssid: "Villa", topic: "villa/hall" };
    expect(start(other, storage).raw).toEqual(other);
    expect(start({}, storage).raw).toEqual(other);
  });

  it("do not keep the password of one server for another", () => {
    const storage = new MemoryStorage();
    const image = { ...HOME, server: "10.0.0.2:9000", serverpassword: "correct horse" };
    start(image, storage);
    expect(start({}, storage).raw["serverpassword"]).toBe("correct horse");
    expect(start({ id: "other", server: "10.0.0.2:9000" }, storage).raw["serverpassword"]).toBe(
      "correct horse",
    );
    expect(start({ server: "10.0.0.3:9000" }, storage).raw["serverpassword"]).toBeUndefined();
  });

  it("keep what a newly flashed image does not bring", () => {
    const storage = new MemoryStorage();
    start(HOME, storage);
    expect(start({ topic: "home/cellar" }, storage).raw).toEqual({ ...HOME, topic: "home/cellar" });
  });

  it("forget the password of the old network with its name", () => {
    const storage = new MemoryStorage();
    const { password, ...rest } = HOME;
    start(HOME, storage);
    expect(start({ ssid: "Cafe" }, storage).raw).toEqual({ ...rest, ssid: "Cafe" });
    expect(start({ ssid: "Villa", password: "another one" }, storage).raw["password"]).toBe("another one");
    expect(start({ ssid: "Villa", topic: "home/x" }, storage).raw["password"]).toBe("another one");
    expect(password).not.toBe("");
  });

  it("keep whom to trust and who the node is, which an update image does not say", () => {
    const storage = new MemoryStorage();
    const trust = { broker: "mqtts://broker.lan", ca: CERTIFICATE, cert: CERTIFICATE, key: KEY };
    start(trust, storage);
    expect(start({}, storage).raw).toEqual(trust);
  });

  it("forget the pin where an image brings an authority, and the other way round", () => {
    const storage = new MemoryStorage();
    const pin = "ab".repeat(32);
    start({ ...HOME, ca: CERTIFICATE }, storage);
    expect(start({ pin }, storage).raw).toEqual({ ...HOME, pin });
    expect(start({ ca: CERTIFICATE }, storage).raw).toEqual({ ...HOME, ca: CERTIFICATE });
    expect(start({ ca: CERTIFICATE, pin }, storage).raw).toEqual({ ...HOME, ca: CERTIFICATE, pin });
    // What has nothing to do with trust leaves both, and so does what is not allowed.
    expect(start({ topic: "home/x" }, storage).raw).toEqual({
      ...HOME,
      topic: "home/x",
      ca: CERTIFICATE,
      pin,
    });
    for (const wrong of [{ pin: "hunter2" }, { ca: "hunter2" }]) {
      expect(start(wrong, storage).raw).toMatchObject({ ca: CERTIFICATE, pin });
    }
  });

  it("forget the key of a certificate that another takes the place of", () => {
    const storage = new MemoryStorage();
    start({ cert: CERTIFICATE, key: KEY }, storage);
    expect(start({ cert: `${CERTIFICATE}\n` }, storage).raw).toEqual({ cert: `${CERTIFICATE}\n` });
  });

  it("keep a good value where the image's is not allowed", () => {
    const storage = new MemoryStorage();
    start(HOME, storage);
    const { raw, problems } = start({ topic: "home/#", broker: "nonsense", id: "other" }, storage);
    expect(raw).toEqual({ ...HOME, id: "other" });
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/^setting "broker" is not valid .*; the device keeps the one it has$/);
    expect(problems[1]).toMatch(
      /^setting "topic" is "home\/#": allowed is .*; the device keeps the one it has$/,
    );
  });

  it("leave a value that is not allowed to be reported where the device has none either", () => {
    expect(start({ ...HOME, topic: "home/#" }, new MemoryStorage()).raw["topic"]).toBe("home/#");
  });

  it("leave the settings that are the image's own, such as the interval, to the image", () => {
    const storage = new MemoryStorage();
    start({ ...HOME, interval: "1s" }, storage);
    expect(storage.values.has("interval")).toBe(false);
    expect(start({ interval: "2s" }, storage).raw["interval"]).toBe("2s");
  });

  it("write nothing when nothing is new, to spare the flash", () => {
    const storage = new MemoryStorage();
    start(HOME, storage);
    storage.writes = [];
    start(HOME, storage);
    start({}, storage);
    expect(storage.writes).toEqual([]);
  });

  it("do not change the image's object", () => {
    const storage = new MemoryStorage();
    start(HOME, storage);
    const image = Object.freeze({ interval: "1s" });
    expect(start(image, storage).raw).not.toBe(image);
  });
});

describe("a storage that fails", () => {
  it("altogether leaves the image's settings, and says so once", () => {
    const storage = new MemoryStorage();
    storage.fails = () => true;
    const { raw, problems } = start(HOME, storage);
    expect(raw).toEqual(HOME);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain("flash is worn");
  });

  it("in the middle of reading does not mix one network with the password of another", () => {
    const storage = new MemoryStorage();
    start(HOME, storage);
    storage.fails = (call, key) => call === "read" && key === "password";
    const update = { ssid: "", interval: "1s" };
    expect(start(update, storage).raw).toEqual(update);
  });

  it("only when written keeps the device's own values", () => {
    const storage = new MemoryStorage();
    start(HOME, storage);
    storage.fails = (call) => call === "write";
    const { raw, problems } = start({}, storage);
    expect(raw).toEqual(HOME);
    expect(problems).toEqual([]);
  });

  it("in the middle of copying copies again at the next start", () => {
    const storage = new MemoryStorage();
    storage.fails = (call, key) => call === "write" && key === "topic";
    expect(start(HOME, storage).raw).toEqual(HOME);
    storage.fails = () => false;
    start(HOME, storage);
    expect(start({}, storage).raw).toEqual(HOME);
  });

  it("shows no secret in its warning", () => {
    const storage = new MemoryStorage();
    storage.fails = () => true;
    const secrets = { ...HOME, cert: CERTIFICATE, key: KEY };
    expect(start(secrets, storage).problems.join()).not.toMatch(/correct horse|pw@|BEGIN|MII/);
  });
});
