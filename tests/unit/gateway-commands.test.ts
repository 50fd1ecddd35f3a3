import { describe, expect, it } from "@jest/globals";
import { passOn } from "../../services/gateway/commands.js";
import type { Route } from "../../services/gateway/devices.js";

const NOW = 1_795_175_351_184;

function pass(
  payload: string | Uint8Array,
  more: { retained?: boolean; route?: Partial<Route> | null } = {},
) {
  const sent: string[] = [];
  const route: Route = {
    takesCommands: () => true,
    sendCommand: (_device, _id, line) => sent.push(line) > 0,
    ...more.route,
  };
  const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
  const refusal = passOn(
    { device: "attic", payload: bytes, retained: more.retained === true },
    more.route === null ? undefined : route,
    NOW,
    200,
  );
  return { sent, refusal: refusal && JSON.parse(refusal) };
}

const command = (more: object = {}) => JSON.stringify({ id: "a1", command: "identify", ...more });
const refused = (id: string | null, reason: string) => ({ id, outcome: "refused", reason });

describe("a command for a device of the gateway", () => {
  it("is passed on as one line, whatever its white space", () => {
    expect(pass('{\n  "id": "a1",\r\n  "command": "identify"\n}')).toEqual({
      sent: ['{"id":"a1","command":"identify"}'],
      refusal: undefined,
    });
  });

  it("is passed on up to its last moment, and refused after it", () => {
    expect(pass(command({ time: NOW - 30_000, ttl: 30 })).sent).toHaveLength(1);
    const late = pass(command({ time: NOW - 30_001, ttl: 30 }));
    expect(late).toEqual({ sent: [], refusal: refused("a1", "the command has expired") });
  });

  it.each([
    ["retained", command(), { retained: true }, refused("a1", "the command was retained")],
    ["no JSON", "restart", {}, refused(null, "the command is not JSON")],
    ["empty", "", {}, refused(null, "the command is not JSON")],
    ["null", "null", {}, refused(null, '"id" is not text of 1 to 64 characters')],
    ["no UTF-8", Uint8Array.of(0x22, 0xff, 0x22), {}, refused(null, "the command is not JSON")],
    ["without an id", '{"command":"restart"}', {}, refused(null, '"id" is not text of 1 to 64 characters')],
    ["too long", command({ x: "x".repeat(200) }), {}, refused(null, "the command has more than 200 bytes")],
    ["with a ttl alone", command({ ttl: 3 }), {}, refused("a1", '"ttl" is not a number, or without "time"')],
    ["with a false time", command({ time: "now" }), {}, refused("a1", '"time" is not a number')],
    [
      "for one that is away",
      command(),
      { route: null },
      refused("a1", "the device is not connected to the gateway"),
    ],
    [
      "for one that has not asked",
      command(),
      { route: { takesCommands: () => false } },
      refused("a1", "the device has not asked the gateway for commands"),
    ],
    [
      "for one that does not read",
      command(),
      { route: { sendCommand: () => false } },
      refused("a1", "the device does not read"),
    ],
  ])("that is %s is refused", (_what, payload, more, refusal) => {
    expect(pass(payload, more)).toEqual({ sent: [], refusal });
  });
});
