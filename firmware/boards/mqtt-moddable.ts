/** Moddable's MQTT client, for the board. */
export { default } from "embedded:network/mqtt/client";
