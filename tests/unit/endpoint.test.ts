import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { hostPort, parseBroker, parseHostPort, parseHosts } from "../../firmware/codec/endpoint.js";

const open = { secure: false, user: undefined, password: undefined };

describe("hostPort", () => {
  it.each(["broker:1883", "10.0.0.1:80", "[2001:db8::1]:8883"])("writes %s as it is read", (text) => {
    const { host, port } = parseHostPort(text) as { host: string; port: number };
    expect(hostPort(host, port)).toBe(text);
  });
});

describe("parseBroker", () => {
  it.each([
    ["mqtt://broker", { ...open, host: "broker", port: 1883 }],
    ["mqtts://broker", { ...open, secure: true, host: "broker", port: 8883 }],
    ["MQTTS://broker", { ...open, secure: true, host: "broker", port: 8883 }],
    ["mqtt://broker/", { ...open, host: "broker", port: 1883 }],
    ["mqtt://192.168.1.7:1884", { ...open, host: "192.168.1.7", port: 1884 }],
    ["mqtt://[2001:db8::1]", { ...open, host: "2001:db8::1", port: 1883 }],
    ["mqtts://[::ffff:10.0.0.1]:8884", { ...open, secure: true, host: "::ffff:10.0.0.1", port: 8884 }],
    ["mqtt://ann@broker", { ...open, user: "ann", host: "broker", port: 1883 }],
    ["mqtt://ann:secret@broker:99", { ...open, user: "ann", password: "secret", host: "broker", port: 99 }],
    ["mqtt://ann:@broker", { ...open, user: "ann", password: "", host: "broker", port: 1883 }],
    ["mqtt://ann:a:b@broker", { ...open, user: "ann", password: "a:b", host: "broker", port: 1883 }],
    ["mqtt://ann:p@ss@broker", { ...open, user: "ann", password: "p@ss", host: "broker", port: 1883 }],
    ["mqtt://a%40b:%3a%2F%C3%A9@[::1]:1", { ...open, user: "a@b", password: ":/é", host: "::1", port: 1 }],
  ])("reads %s", (text, endpoint) => {
    expect(parseBroker(text)).toEqual(endpoint);
  });

  it.each([
    [""],
    ["broker"],
    ["broker:1883"],
    ["http://broker"],
    ["mqtt:broker"],
    ["mqtt://"],
    ["mqtt://:1883"],
    ["mqtt://@broker"],
    ["mqtt://:secret@broker"],
    ["mqtt://ann:%zz@broker"],
    ["mqtt://%ff@broker"],
    ["mqtt://broker:"],
    ["mqtt://broker:0"],
    ["mqtt://broker:65536"],
    ["mqtt://broker:1883/path"],
    ["mqtt://broker//"],
    ["mqtt://broker name"],
    ["mqtt://::1"],
  ])("refuses %j", (text) => {
    expect(parseBroker(text)).toBeUndefined();
  });

  it("gives back any user and password that were percent-encoded", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 });
    fc.assert(
      fc.property(text, text, (user, password) => {
        const url = `mqtt://${encodeURIComponent(user)}:${encodeURIComponent(password)}@broker`;
        expect(parseBroker(url)).toEqual({ secure: false, user, password, host: "broker", port: 1883 });
      }),
    );
  });

  it("takes any text without throwing", () => {
    const piece = fc.constantFrom("mqtt://", "mqtts://", "@", ":", "[", "]", "%", "%41", "a", "1", "/", "é");
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string())), (parts) => {
        parseBroker(`mqtt://${parts.join("")}`);
        parseHostPort(parts.join(""), 1);
      }),
    );
  });
});

describe("parseHostPort", () => {
  it.each([
    ["server:9000", { host: "server", port: 9000 }],
    ["my_server-2.lan:1", { host: "my_server-2.lan", port: 1 }],
    ["10.0.0.1:65535", { host: "10.0.0.1", port: 65535 }],
    ["[fe80::1]:80", { host: "fe80::1", port: 80 }],
  ])("reads %s", (text, endpoint) => {
    expect(parseHostPort(text)).toEqual(endpoint);
  });

  it("takes the default port only where the text has none", () => {
    expect(parseHostPort("server", 7)).toEqual({ host: "server", port: 7 });
    expect(parseHostPort("[::1]", 7)).toEqual({ host: "::1", port: 7 });
    expect(parseHostPort("server:8", 7)).toEqual({ host: "server", port: 8 });
    expect(parseHostPort("server:", 7)).toBeUndefined();
  });

  it.each([
    [""],
    ["server"],
    [":80"],
    ["server:"],
    ["server:0"],
    ["server:65536"],
    ["server:123456"],
    ["server:-1"],
    ["server:8o"],
    ["server:0x50"],
    ["server:80 "],
    ["server:80:81"],
    ["ser ver:80"],
    ["sérver:80"],
    ["user@server:80"],
    ["::1"],
    ["[::1"],
    ["[]:80"],
    ["[server]:80"],
    ["[::1]80"],
    ["[::g]:80"],
  ])("refuses %j", (text) => {
    expect(parseHostPort(text)).toBeUndefined();
  });

  it("takes a name of 253 characters, the most that DNS allows, and no more", () => {
    expect(parseHostPort(`${"a".repeat(253)}:1`)?.host.length).toBe(253);
    expect(parseHostPort(`${"a".repeat(254)}:1`)).toBeUndefined();
  });
});

describe("parseHosts", () => {
  const parse = (text: string) => parseHosts(text, 3, 123);

  it("reads names and addresses, each with a port of its own or the default", () => {
    expect(parse("time.lan")).toEqual([{ host: "time.lan", port: 123 }]);
    expect(parse("10.0.0.1:1123, b ,c:7")).toEqual([
      { host: "10.0.0.1", port: 1123 },
      { host: "b", port: 123 },
      { host: "c", port: 7 },
    ]);
  });

  it.each([[""], [","], ["a,"], [",a"], ["a,,b"], ["a b"], ["a;b"], ["a:0"], ["[::1]"], ["a,[fe80::1]:7"]])(
    "refuses %j",
    (text) => {
      expect(parse(text)).toBeUndefined();
    },
  );

  it("refuses one more than there may be", () => {
    expect(parse("a,b,c")).toHaveLength(3);
    expect(parse("a,b,c,d")).toBeUndefined();
  });
});
