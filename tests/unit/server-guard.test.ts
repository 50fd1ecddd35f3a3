import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "@jest/globals";
import { Guard } from "../../services/server/guard.js";
import { readFilters } from "../../services/server/topics.js";

const open = new Guard("127.0.0.1", undefined);
const locked = new Guard("0.0.0.0", { user: "ann", password: "pa:ß" });

function check(guard: Guard, headers: Record<string, string>, method = "GET"): number | undefined {
  return guard.check({ method, headers } as unknown as IncomingMessage)?.status;
}

const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

describe("who may ask", () => {
  it.each(["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "LOCALHOST:80"])(
    "asks for %s",
    (host) => {
      expect(check(open, { host })).toBeUndefined();
    },
  );

  it.each([
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "",
    "192.168.1.2:8080",
  ])('does not ask for "%s", to which another site\'s name was pointed', (host) => {
    expect(check(open, { host })).toBe(421);
  });

  it("asks for no host at all only in vain", () => {
    expect(check(open, {})).toBe(421);
  });

  it("asks by the name that the server was told to listen at", () => {
    expect(check(new Guard("127.0.0.2", undefined), { host: "127.0.0.2:80" })).toBeUndefined();
  });

  it("has the user and the password, where those are set, and by any name", () => {
    const host = "hearth.example";
    expect(check(locked, { host, authorization: basic("ann:pa:ß") })).toBeUndefined();
    expect(
      check(locked, { host, authorization: basic("ann:pa:ß").replace("Basic", "basic") }),
    ).toBeUndefined();
    for (const text of ["ann:pa", "ann:", "bob:pa:ß", "", "ann:pa:ßx"])
      expect(check(locked, { host, authorization: basic(text) })).toBe(401);
    for (const authorization of ["", "Basic", "Bearer x", `Basic ${"%".repeat(20)}`])
      expect(check(locked, { host, authorization })).toBe(401);
    expect(check(locked, { host })).toBe(401);
  });

  it("posts from a page of this server, or from no page", () => {
    const host = "localhost:8080";
    expect(check(open, { host }, "POST")).toBeUndefined();
    expect(
      check(open, { host, origin: "http://localhost:8080", "sec-fetch-site": "same-origin" }, "POST"),
    ).toBeUndefined();
    for (const origin of ["http://evil.example", "null", "http://localhost:8081", "http://localhost"])
      expect(check(open, { host, origin }, "POST")).toBe(403);
    for (const site of ["cross-site", "same-site"])
      expect(check(open, { host, "sec-fetch-site": site }, "POST")).toBe(403);
  });
});

describe("topic filters", () => {
  it("are a list", () => {
    expect(readFilters("home/#, garden/+/temperature,home/#")).toEqual(["home/#", "garden/+/temperature"]);
  });

  it.each(["", "home/#/x", "ho#me", "home/te+st", "home/#,", "a\0b"])("are not %j", (text) => {
    expect(readFilters(text)).toMatch(/is no topic filter/);
  });
});
