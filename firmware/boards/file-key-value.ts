/** Strings that survive a restart, in a file of JSON, for a simulator that has no NVS. */

import { NVS } from "../../host-sim/chips/nvs.js";
import { readUTF8, utf8Length, writeUTF8 } from "../codec/utf8.js";
import type { KeyValue } from "../ports.js";
import { Folder } from "./file-folder.js";

const FILE = "hearth.json";

/**
 * Opens the storage; it is empty where there is none.
 * @throws Error in one line where the folder or the file cannot be read; a file that is not ours is left as it is
 */
export function openKeyValue(): KeyValue {
  const folder = new Folder();
  return new NVS(`${folder.name}/${FILE}`, read(folder), (text) => {
    const bytes = new Uint8Array(utf8Length(text));
    writeUTF8(bytes, 0, text);
    folder.replace(FILE, bytes);
  });
}

function read(folder: Folder): string | undefined {
  const size = folder.sizeOf(FILE);
  if (size === 0) return undefined;
  const file = folder.directory.openFile({ path: FILE });
  const bytes = new Uint8Array(file.read(size, 0));
  file.close();
  return readUTF8(bytes, 0, bytes.length) ?? "";
}
