/**
 * What Moddable's MQTT client (SDK 8.2.3) is known to do wrong, by the scenario that shows it. Such a scenario must fail:
 * one that does not is reported, so that the list stays true.
 */
export const KNOWN_FAULTS: ReadonlyMap<string, string> = new Map([
  [
    "the client receives an empty message, and what follows it",
    "a PUBLISH with an empty payload stops its parser for ever",
  ],
]);
