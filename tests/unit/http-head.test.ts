import { beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { HTTPHead } from "../../firmware/update/http-head.js";

let head: HTTPHead;
beforeEach(() => {
  head = new HTTPHead();
});

const bytes = (text: string) => Buffer.from(text, "latin1");

/** Reads until the head is complete or wrong. @returns what is wrong */
function read(data: Uint8Array, into = head): string | undefined {
  for (const byte of data) {
    const fault = into.add(byte);
    if (fault !== undefined || into.isComplete) return fault;
  }
  return undefined;
}

const heard = ({ status, length, first, last, total, isEncoded, isKept, isComplete }: HTTPHead) => ({
  ...{ status, length, first, last, total, isEncoded, isKept, isComplete },
});

/** What a head says that has these fields. */
function said(...fields: string[]) {
  expect(
    read(bytes(`HTTP/1.1 206 Partial Content\r\n${fields.map((line) => `${line}\r\n`).join("")}\r\n`)),
  ).toBe(undefined);
  expect(head.isComplete).toBe(true);
  return heard(head);
}

const nothing = {
  status: 206,
  length: -1,
  first: -1,
  last: -1,
  total: -1,
  isEncoded: false,
  isKept: true,
  isComplete: true,
};

describe("the head of an answer", () => {
  it("has what a range needs", () => {
    expect(
      said(
        "Server: nginx/1.22.1",
        "Date: Sat, 21 Nov 2026 02:00:00 GMT",
        "Content-Type: application/octet-stream",
        "Content-Length: 4096",
        "Content-Range: bytes 8192-12287/1071792",
        'ETag: W/"abc"',
        "Connection: keep-alive",
      ),
    ).toEqual({ ...nothing, length: 4_096, first: 8_192, last: 12_287, total: 1_071_792 });
  });

  it("says nothing where it has no fields", () => {
    expect(said()).toEqual(nothing);
  });

  it("may end its lines with LF alone", () => {
    read(bytes("HTTP/1.1 206 OK\nContent-Length: 5\n\n"));
    expect(heard(head)).toEqual({ ...nothing, length: 5 });
  });

  it("may have its names in any case, and spaces around its values or none", () => {
    expect(said("CONTENT-length:5", "content-RANGE:\t bytes 0-4/9 \t").length).toBe(5);
    expect(heard(head)).toMatchObject({ first: 0, last: 4, total: 9 });
    head.begin();
    expect(said("Content-Range: BYTES 0-4/9").total).toBe(9);
  });

  it("may have no reason behind its status", () => {
    read(bytes("HTTP/1.1 404\r\n\r\n"));
    expect(head.status).toBe(404);
  });

  it.each([
    "",
    "SSH-2.0-OpenSSH_9.2",
    "220 mail.example ESMTP",
    "HTTP/2 206",
    "HTTP/0.9 206 OK",
    "http/1.1 206 OK",
    "HTTP/1.1",
    "HTTP/1.1 ",
    "HTTP/1.1 abc OK",
    "HTTP/1.1 2e2 OK",
    "HTTP/1.1 1e2 OK",
    "HTTP/1.1 +99 OK",
    "HTTP/1.1 099 OK",
    "HTTP/1.1 600 OK",
    "HTTP/1.1 20",
    "HTTP/1.1 2066",
    "HTTP/1.1206 OK",
    "HTTP/1.1/206 OK",
    "HTTP/1.1 :06 OK",
    "ICY 200 OK",
    " HTTP/1.1 206 OK",
  ])("does not begin with %j", (line) => {
    expect(read(bytes(`${line}\r\n`))).toBe("what answers is no HTTP server");
    expect(head.status).toBe(0);
  });

  it.each(["", "5x", "0x5", "-5", "+5", "5.0", "5e0", "5 5", "5, 5", "5:", "/5", "1234567890123456", "５"])(
    "has no length where that is %j",
    (value) => {
      expect(said(`Content-Length: ${value}`).length).toBe(-1);
    },
  );

  it.each([
    [["5", "5"], 5],
    [["5", "6"], -1],
    [["5", "6", "5"], -1],
    [["5", "6", "6"], -1],
    [["5", "x"], -1],
    [["x", "5"], -1],
    [["5", "5", "5"], 5],
  ])("with the lengths %j has %d", (values, length) => {
    expect(said(...values.map((value) => `Content-Length: ${value}`)).length).toBe(length);
  });

  it.each(["", "bytes", "bytes ", "bytes 0-4", "bytes */9", "0-4/9", "lines 0-4/9", "bytes=0-4/9"])(
    "has no range where that is %j",
    (value) => {
      expect(said(`Content-Range: ${value}`)).toMatchObject({ first: -1, last: -1, total: -1 });
    },
  );

  it.each([
    ["bytes 0-4/*", { first: 0, last: 4, total: -1 }],
    ["bytes -4/9", { first: -1, last: 4, total: 9 }],
    ["bytes 0-/9", { first: 0, last: -1, total: 9 }],
    ["bytes a-b/c", { first: -1, last: -1, total: -1 }],
    ["bytes 0-4/9/9", { first: 0, last: 4, total: -1 }],
    ["bytes 0-4-5/9", { first: 0, last: -1, total: 9 }],
  ])("has of the range %j what is a number", (value, range) => {
    expect(said(`Content-Range: ${value}`)).toMatchObject(range);
  });

  it("with two ranges that differ has none", () => {
    const range = (value: string) => `Content-Range: bytes ${value}`;
    expect(said(range("0-4/9"), range("0-4/9"))).toMatchObject({ first: 0, last: 4, total: 9 });
    head.begin();
    expect(said(range("0-4/9"), range("1-5/9"))).toMatchObject({ first: -1, last: -1, total: -1 });
    head.begin();
    expect(said(range("0-4/9"), range("*/9"))).toMatchObject({ first: -1, last: -1, total: -1 });
  });

  it("with a line of which a part is not kept has nothing from it", () => {
    const far = " ".repeat(110);
    expect(said(`Content-Length: ${far}40961`).length).toBe(-1);
    head.begin();
    expect(said(`Content-Range: bytes 0-4/${"0".repeat(90)}10012345`).total).toBe(-1);
    head.begin();
    expect(said(`X: ${"y".repeat(3_000)}`, "Content-Length: 5").length).toBe(5);
  });

  it.each([
    ["Transfer-Encoding: chunked", true],
    ["transfer-encoding: gzip, chunked", true],
    ["Content-Encoding: gzip", true],
    ["Content-Encoding: br", true],
    ["Content-Encoding: identity", false],
    ["Content-Encoding: Identity", false],
    ["Accept-Ranges: bytes", false],
  ])("with %s: encoded is %s", (line, isEncoded) => {
    expect(said(line).isEncoded).toBe(isEncoded);
  });

  it.each([
    ["HTTP/1.1", "Connection: close", false],
    ["HTTP/1.1", "connection: Close", false],
    ["HTTP/1.1", "Connection: Upgrade, close", false],
    ["HTTP/1.1", "Connection: keep-alive", true],
    ["HTTP/1.1", "X: y", true],
    ["HTTP/1.0", "X: y", false],
  ])("of %s with %s: the connection is kept is %s", (version, line, isKept) => {
    read(bytes(`${version} 206 OK\r\n${line}\r\n\r\n`));
    expect(head.isKept).toBe(isKept);
  });

  it("takes no field for another one", () => {
    expect(
      said(
        ": 5",
        "Content-Length",
        "Content-Length : 5",
        " Content-Length: 5",
        "X-Content-Length: 5",
        "Content: 5",
      ),
    ).toEqual(nothing);
  });

  it("begins anew for the next answer", () => {
    said(
      "Content-Length: 5",
      "Content-Range: bytes 0-4/9",
      "Transfer-Encoding: chunked",
      "Connection: close",
    );
    expect(head.isEmpty).toBe(false);
    head.begin();
    expect(head.isEmpty).toBe(true);
    expect(heard(head)).toEqual({ ...nothing, status: 0, isComplete: false });
    expect(said("Content-Length: 7")).toEqual({ ...nothing, length: 7 });
  });

  it("left in the middle of a line begins anew all the same", () => {
    read(bytes("HTTP/1.1 206 OK\r\nContent-Le"));
    head.begin();
    expect(said("Content-Length: 7").length).toBe(7);
  });

  it.each([
    ["in one line", "x".repeat(20_000)],
    ["in many", "x: y\r\n".repeat(4_000)],
    ["before the first line's end", ""],
  ])("that does not end (%s) ends after 16,384 bytes", (_what, more) => {
    const start = more === "" ? "H".repeat(20_000) : "HTTP/1.1 206 OK\r\n";
    let count = 0;
    let fault: string | undefined;
    for (const byte of bytes(start + more)) {
      fault = head.add(byte);
      if (fault !== undefined) break;
      count += 1;
    }
    expect(fault).toBe("the server's answer has no end of its header");
    expect(count).toBe(16_384);
  });

  it("may have all of 16,384 bytes", () => {
    const start = "HTTP/1.1 206 OK\r\n";
    const end = "\r\nContent-Length: 5\r\n\r\n";
    const long = `${start}x: ${"y".repeat(16_384 - start.length - 3 - end.length)}${end}`;
    expect(read(bytes(long))).toBeUndefined();
    expect(heard(head)).toEqual({ ...nothing, length: 5 });
  });

  it("of any bytes throws nothing and has numbers in their ranges", () => {
    const parts = fc.constantFrom(
      "HTTP/1.1 206 OK\r\n",
      "HTTP/1.0 200\n",
      "Content-Length:",
      "Content-Range: bytes ",
      "\r\n",
      "0-4/9",
      "99999999999999999999",
      "\r",
      ":",
      "chunked",
    );
    const rubbish = fc.oneof(parts.map(bytes), fc.uint8Array({ maxLength: 200 }));
    fc.assert(
      fc.property(fc.array(rubbish, { maxLength: 20 }), (pieces) => {
        const one = new HTTPHead();
        const fault = read(Buffer.concat([bytes("HTTP/1.1 206 OK\r\n"), ...pieces]), one);
        expect(fault).toBeUndefined();
        expect(one.status).toBe(206);
        for (const number of [one.length, one.first, one.last, one.total])
          expect(Number.isSafeInteger(number) && number >= -1).toBe(true);
        const other = new HTTPHead();
        expect([undefined, "what answers is no HTTP server"]).toContain(read(Buffer.concat(pieces), other));
        expect(other.status === 0 || (other.status >= 100 && other.status <= 599)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
