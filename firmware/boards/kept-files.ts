import { errorText } from "../error-text.js";
import type { KeyValue } from "../ports.js";
import { openJournal } from "./file-flash.js";
import { openKeyValue } from "./file-key-value.js";
import { update } from "./file-slots.js";

/** Without it the simulator runs on the image's settings, as an ESP32 without its NVS. */
function openStorage(): KeyValue | undefined {
  try {
    return openKeyValue();
  } catch (error) {
    trace("warning: ", errorText(error), "; the image's settings are used\n");
    return undefined;
  }
}

const storage = openStorage();

export default { ...(storage && { storage }), journal: { open: openJournal }, update };
