/** The other slot of a simulator in a file: everything of an update but the change to another image. */

import type { Slots, UpdateBoard } from "../ports.js";
import { updateChecks } from "./crypto/update.js";
import { openSlot } from "./file-flash.js";

function refuse(): never {
  throw new Error("Moddable's simulator runs no other image");
}

const slots: Slots = Object.freeze({
  isPending: false,
  open: openSlot,
  activate: refuse,
  confirm: () => {},
  goBack: refuse,
});

export const update: UpdateBoard = Object.freeze({ kind: "simulator", slots, ...updateChecks });
