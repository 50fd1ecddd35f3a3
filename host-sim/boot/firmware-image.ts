/**
 * What an image of the simulated device is made of: all that its host asks of the firmware. A host takes these from the
 * image that it runs and nothing of the firmware from its own checkout, so that an update brings all of it.
 */

export { boot } from "../../firmware/boot.js";
export { default as MQTTClient } from "../../firmware/mqtt/client.js";
export { sensorEntry } from "../../firmware/sensors/entry.js";
export { SHT3x } from "../../firmware/sensors/sht3x.js";
export { TMP117 } from "../../firmware/sensors/tmp117.js";
export { VERSION as version } from "../../firmware/version.js";

/** The firmware, as an image exports it. */
export type Firmware = typeof import("./firmware-image.js");
