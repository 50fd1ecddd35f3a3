/** Our MQTT client, for the board. `mqtt-moddable.ts` takes its place where the manifest says so. */
export { default } from "../mqtt/client.js";
