import { describe, expect, it } from "@jest/globals";
import { manifestFor, NEW, updateWorld } from "../support/update-world.js";

describe("an update over the air", () => {
  it("fetches the image, verifies it, restarts into it and confirms it once a reading was delivered", () => {
    const world = updateWorld();
    world.device.run(10_000);
    expect(world.said()).toEqual({ state: "idle", version: "0.1.0" });
    const { payload, id } = manifestFor(NEW);
    world.publish(payload);
    world.device.run(30_000);
    expect(world.states()).toEqual(["idle", "downloading", "trial", "confirmed"]);
    expect(world.said()).toEqual({ state: "confirmed", version: "0.2.0", manifest: id, update: "0.2.0" });
    expect(world.device.versions).toEqual(["0.1.0", "0.2.0"]);
    expect(world.diagnostics()).toMatchObject({ version: "0.2.0", update: "confirmed" });
  });
});
