import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { parseHTTPAddress } from "../../firmware/codec/http-url.js";

describe("the address of an image", () => {
  it.each([
    ["http://host", false, "host", 80, "host", "/"],
    ["https://host", true, "host", 443, "host", "/"],
    ["http://host:8070/a/b.bin", false, "host", 8070, "host:8070", "/a/b.bin"],
    ["https://host:443/a?b=c&d=%20/e", true, "host", 443, "host:443", "/a?b=c&d=%20/e"],
    ["http://192.168.1.5:80/x", false, "192.168.1.5", 80, "192.168.1.5:80", "/x"],
    ["http://host?version=1", false, "host", 80, "host", "/?version=1"],
    ["http://host:81?version=1", false, "host", 81, "host:81", "/?version=1"],
    ["http://[2001:db8::1]:8070/x", false, "2001:db8::1", 8070, "[2001:db8::1]:8070", "/x"],
    ["https://[::1]/x", true, "::1", 443, "[::1]", "/x"],
    ["http://host//x", false, "host", 80, "host", "//x"],
    ["http://host/http://other/@x:y", false, "host", 80, "host", "/http://other/@x:y"],
    ["http://my_host.local/~x!$'()*+,;=", false, "my_host.local", 80, "my_host.local", "/~x!$'()*+,;="],
  ])("reads %s", (text, secure, host, port, authority, target) => {
    expect(parseHTTPAddress(text)).toEqual({ secure, host, port, authority, target });
  });

  it.each([
    [""],
    ["http://"],
    ["https://"],
    ["http:///x"],
    ["http://?x"],
    ["http:/host/x"],
    ["http:host"],
    ["HTTP://host/x"],
    ["ftp://host/x"],
    ["httpss://host/x"],
    ["mqtt://host"],
    [" http://host/x"],
    ["http://host/x "],
    ["http://host/a b"],
    ["http://host/x\r\nRange: bytes=0-1"],
    ["http://host/x\tq"],
    ["http://host/x\u007f"],
    ["http://host/é"],
    ["http://hôst/x"],
    ["http://host/x#y"],
    ["http://user@host/x"],
    ["http://user:password@host/x"],
    ["http://host:/x"],
    ["http://host:0/x"],
    ["http://host:65536/x"],
    ["http://host:8o/x"],
    ["http://host:80:80/x"],
    ["http://ho%73t/x"],
    ["http://host\\x"],
    ["http://[::1/x"],
    ["http://[::1]x/"],
    ["http://[host]/x"],
    ["http://::1/x"],
  ])("is not %j", (text) => {
    expect(parseHTTPAddress(text)).toBeUndefined();
  });

  it("whatever its text is, brings nothing into a request's lines that ends them", () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), fc.string({ unit: "binary" }), (url, more) => {
        const address = parseHTTPAddress(url + more);
        if (!address) return;
        expect(`${address.authority}${address.target}`).toMatch(/^[!-~]+$/);
        expect(address.target).toMatch(/^\//);
        expect(address.host).toMatch(/^[\w.:-]+$/);
      }),
    );
  });

  it("is read as URL reads it", () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, authoritySettings: { withPort: true } }), (url) => {
        const address = parseHTTPAddress(url);
        const theirs = new URL(url);
        // Part of the grammar, and left out by both whom it would be for and us.
        if (theirs.port === "0" || /:(\/|\?|$)/.test(url.slice(8))) return;
        expect(address?.host.toLowerCase()).toBe(theirs.hostname);
        expect(address?.port).toBe(Number(theirs.port || (theirs.protocol === "https:" ? 443 : 80)));
      }),
    );
  });
});
