import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { parsePin } from "../../firmware/codec/pin.js";
import { parseCertificate } from "../../firmware/tls/certificate.js";
import { checkServer } from "../../firmware/tls/trust.js";
import { Authority, selfSigned, type Wanted } from "../support/certificates.js";
import { derFile, nodeCryptography } from "../support/cryptography.js";
import { hasProgram, temporaryDirectory } from "../support/peers.js";

const run = hasProgram("openssl") ? it : it.skip;
const directory = temporaryDirectory();
const elsewhere = temporaryDirectory();
let home: Authority;
let serial = 0;

beforeAll(() => {
  if (hasProgram("openssl")) home = new Authority(directory.path, "home");
});
afterAll(() => {
  directory.remove();
  elsewhere.remove();
});

interface Asked {
  chain: readonly string[];
  authorities?: readonly string[];
  host?: string;
  now?: number | undefined;
  pin?: Uint8Array;
}

/** The reason for which a server is refused, or `trusted`. */
function verdict({ chain, authorities = [home.cert], host = "localhost", pin, ...rest }: Asked): string {
  const now = "now" in rest ? rest.now : Date.now();
  const all = Buffer.concat(authorities.map(derFile));
  const trust = { pin, authorities: all.length > 0 ? new Uint8Array(all) : undefined, host, now };
  try {
    const key = checkServer(chain.map(derFile), trust, nodeCryptography);
    expect(key.info).toEqual(parseCertificate(derFile(chain[0])).key.info);
    return "trusted";
  } catch (error) {
    return (error as Error).message;
  }
}

/** A server's certificate from an authority, the home's by default. */
const server = (wanted: Wanted = {}, by = home) => by.issue(`server${++serial}`, wanted).cert;
const authority = (wanted: Wanted = {}, above?: Authority) =>
  new Authority(directory.path, `authority${++serial}`, wanted, above);
const CA = "basicConstraints=critical,CA:TRUE";

describe("a server's certificate (needs openssl)", () => {
  run("is trusted from the authority that is trusted, alone or with that authority's own behind it", () => {
    const chain = [server()];
    expect(verdict({ chain })).toBe("trusted");
    expect(verdict({ chain: [...chain, home.cert] })).toBe("trusted");
    expect(verdict({ chain, authorities: [authority().cert, home.cert] })).toBe("trusted");
  });

  run.each(["ec", "rsa", "p384"] as const)("is trusted from an authority whose key is %s", (key) => {
    for (const digest of ["sha256", "sha384", "sha512"]) {
      const by = authority({ key, digest });
      expect(verdict({ chain: [server({ digest }, by)], authorities: [by.cert] })).toBe("trusted");
    }
  });

  run("is trusted with an RSA key of 2048 bits", () => {
    expect(verdict({ chain: [server({ key: "rsa" })] })).toBe("trusted");
  });

  run("is refused from another authority, also one of the same name", () => {
    const chain = [server()];
    const impostor = new Authority(elsewhere.path, "home");
    expect(verdict({ chain, authorities: [authority().cert] })).toMatch(/authority that is not trusted/);
    expect(verdict({ chain, authorities: [impostor.cert] })).toMatch(/authority that is not trusted/);
    expect(verdict({ chain, authorities: [] })).toMatch(/authority that is not trusted/);
    expect(verdict({ chain: [...chain, home.cert], authorities: [authority().cert] })).toMatch(/not trusted/);
  });

  run("that signs itself is trusted where it is the one in ca, and refused elsewhere", () => {
    const own = selfSigned(directory.path, `own${++serial}`).cert;
    expect(verdict({ chain: [own], authorities: [own] })).toBe("trusted");
    expect(verdict({ chain: [own] })).toMatch(/not trusted/);
    expect(verdict({ chain: [own], authorities: [own], host: "elsewhere" })).toMatch(/not for elsewhere/);
  });

  run("is not trusted for having the name of the authority", () => {
    const impostor = new Authority(elsewhere.path, "home", { names: "DNS:localhost" });
    expect(verdict({ chain: [impostor.cert], authorities: [impostor.cert] })).toBe("trusted");
    expect(verdict({ chain: [impostor.cert] })).toMatch(/not trusted/);
  });

  run("does not vouch for another one by being in ca", () => {
    const own = new Authority(directory.path, `own${++serial}`, {
      extensions: ["basicConstraints=CA:FALSE"],
    });
    expect(verdict({ chain: [server({}, own)], authorities: [own.cert] })).toMatch(/CA:TRUE is missing/);
  });

  run("is refused after its end and before its beginning, with the date", () => {
    expect(verdict({ chain: [server({ from: -9, to: -1 })] })).toMatch(/has expired \(20\d\d-\d\d-\d\d\)/);
    expect(verdict({ chain: [server({ from: 1, to: 9 })] })).toMatch(/not valid yet .*is the clock right/);
    const chain = [server({ from: -1, to: 1 })];
    expect(verdict({ chain, now: Date.now() + 2 * 86_400_000 })).toMatch(/server's certificate has expired/);
    expect(verdict({ chain, now: 0 })).toMatch(/not valid yet/);
  });

  run("is refused when its authority's has expired", () => {
    const by = authority({ from: -9, to: -1 });
    expect(verdict({ chain: [server({}, by)], authorities: [by.cert] })).toMatch(
      /authority's certificate has expired/,
    );
  });

  run("is refused while the clock has not been set", () => {
    expect(verdict({ chain: [server()], now: undefined })).toMatch(/clock is not set/);
  });

  run("is refused for another name, with those that it is for", () => {
    const chain = [server({ names: "DNS:broker.lan,DNS:*.home.lan,IP:10.0.0.1,IP:fd00::1" })];
    for (const host of ["broker.lan", "BROKER.lan", "a.home.lan", "10.0.0.1", "fd00::1", "FD00:0::0:1"]) {
      expect([host, verdict({ chain, host })]).toEqual([host, "trusted"]);
    }
    for (const host of [
      "home.lan",
      "a.b.home.lan",
      ".home.lan",
      "broker.lan.evil",
      "10.0.0.2",
      "fd00::2",
      "lan",
    ]) {
      expect(verdict({ chain, host })).toMatch(
        /is not for .* it is for broker\.lan, \*\.home\.lan, 10\.0\.0\.1, fd00:/,
      );
    }
  });

  run(
    "does not take a wildcard for a whole domain, an address for a name, or the common name for anything",
    () => {
      expect(verdict({ chain: [server({ names: "DNS:*.lan" })], host: "broker.lan" })).toMatch(/not for/);
      expect(verdict({ chain: [server({ names: "DNS:*" })], host: "broker" })).toMatch(/not for/);
      expect(verdict({ chain: [server({ names: "DNS:10.0.0.1" })], host: "10.0.0.1" })).toMatch(/not for/);
      const nameless = home.issue("broker.lan", { names: "" }).cert;
      expect(verdict({ chain: [nameless], host: "broker.lan" })).toMatch(
        /no host \(its subjectAltName is missing\)/,
      );
    },
  );

  run("is refused where it is a client's", () => {
    expect(verdict({ chain: [server({ extensions: ["extendedKeyUsage=clientAuth"] })] })).toMatch(
      /not one for a server/,
    );
    expect(verdict({ chain: [server({ extensions: ["extendedKeyUsage=clientAuth,serverAuth"] })] })).toBe(
      "trusted",
    );
  });

  run("is refused where it demands what nobody knows", () => {
    const extensions = ["1.2.3.4=critical,DER:0500"];
    expect(verdict({ chain: [server({ extensions })] })).toMatch(/critical extension/);
    expect(verdict({ chain: [server({ extensions: ["1.2.3.4=DER:0500"] })] })).toBe("trusted");
  });

  run("is refused with a weak key, or when it was signed with SHA-1", () => {
    expect(verdict({ chain: [server({ key: "rsa1024" })] })).toMatch(/RSA key of 1024 bits/);
    expect(verdict({ chain: [server({ digest: "sha1" })] })).toMatch(/outdated or unknown way/);
    expect(verdict({ chain: [server({ key: "p384" })] })).toMatch(/P-384/);
  });

  run("is refused when a byte of it was changed", () => {
    const der = derFile(server()).slice();
    const all = [derFile(home.cert)];
    // The signature is at the end; the name in front of it.
    for (const at of [der.length - 1, der.length - 120]) {
      const changed = der.slice();
      changed[at] ^= 1;
      const trust = { pin: undefined, authorities: all[0], host: "localhost", now: Date.now() };
      expect(() => checkServer([changed], trust, nodeCryptography)).toThrow();
      expect(() => checkServer([der], trust, nodeCryptography)).not.toThrow();
    }
  });
});

describe("a chain of certificates (needs openssl)", () => {
  run("is followed to the authority that is trusted, whatever its order", () => {
    const middle = authority({}, home);
    const lower = authority({}, middle);
    const own = server({}, lower);
    expect(verdict({ chain: [own, lower.cert, middle.cert] })).toBe("trusted");
    expect(verdict({ chain: [own, middle.cert, home.cert, lower.cert] })).toBe("trusted");
    expect(verdict({ chain: [own, lower.cert], authorities: [middle.cert] })).toBe("trusted");
    expect(verdict({ chain: [own, middle.cert] })).toMatch(/not trusted/);
    expect(verdict({ chain: [own] })).toMatch(/not trusted/);
  });

  run(
    "is refused where one of them is not an authority's: a device's certificate does not make a broker",
    () => {
      for (const extensions of [["basicConstraints=CA:FALSE"], [CA, "keyUsage=digitalSignature"], []]) {
        const device = authority({ extensions, names: "DNS:device.lan" }, home);
        expect(verdict({ chain: [server({}, device), device.cert] })).toMatch(/not an authority's/);
      }
      const clients = authority({ extensions: [CA, "extendedKeyUsage=clientAuth"] }, home);
      expect(verdict({ chain: [server({}, clients), clients.cert] })).toMatch(/not an authority's/);
    },
  );

  run("is refused where one of them has expired", () => {
    const middle = authority({ from: -9, to: -1 }, home);
    expect(verdict({ chain: [server({}, middle), middle.cert] })).toMatch(
      /authority's certificate has expired/,
    );
  });

  run("is refused where it is longer than an authority allows", () => {
    const top = authority({ extensions: ["basicConstraints=critical,CA:TRUE,pathlen:0"] });
    const middle = authority({}, top);
    expect(verdict({ chain: [server({}, top)], authorities: [top.cert] })).toBe("trusted");
    expect(verdict({ chain: [server({}, middle), middle.cert], authorities: [top.cert] })).toMatch(
      /not allowed to/,
    );
  });

  run("is refused where it is endless, after a few steps", () => {
    let by = home;
    const chain: string[] = [];
    for (let i = 0; i < 4; i++) {
      by = authority({}, by);
      chain.unshift(by.cert);
    }
    expect(verdict({ chain: [server({}, by), ...chain] })).toMatch(/not trusted/);
  });

  run("of nothing is refused", () => {
    const trust = { pin: undefined, authorities: derFile(home.cert), host: "localhost", now: Date.now() };
    expect(() => checkServer([], trust, nodeCryptography)).toThrow("no certificate");
  });
});

describe("a pin (needs openssl)", () => {
  const pinOf = (file: string) => nodeCryptography.digest(parseCertificate(derFile(file)).key.info);

  run("is the digest that openssl makes of the key", () => {
    for (const key of ["ec", "rsa"] as const) {
      const own = server({ key });
      const { stdout } = spawnSync("sh", [
        "-c",
        `openssl x509 -in ${own} -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -hex`,
      ]);
      const digits = stdout.toString().trim().split("= ")[1];
      expect(Buffer.from(pinOf(own)).toString("hex")).toBe(digits);
      expect(verdict({ chain: [own], pin: parsePin(digits) as Uint8Array })).toBe("trusted");
    }
  });

  run("trusts its key whatever the name, the authority, the dates and the clock", () => {
    const own = selfSigned(directory.path, `pinned${++serial}`, { names: "", from: -9, to: -1 }).cert;
    expect(verdict({ chain: [own], pin: pinOf(own), host: "anything", now: undefined })).toBe("trusted");
  });

  run("refuses every other key, also behind the right authority", () => {
    const own = server();
    expect(verdict({ chain: [own], pin: pinOf(server()) })).toMatch(/not the one that is pinned/);
    expect(verdict({ chain: [own], pin: pinOf(own) })).toBe("trusted");
  });

  run("does not make a weak key a strong one", () => {
    const weak = server({ key: "rsa1024" });
    expect(verdict({ chain: [weak], pin: pinOf(weak) })).toMatch(/RSA key of 1024 bits/);
  });
});
