import files from "embedded:storage/files";
import flash from "embedded:storage/flash";
import storage from "embedded:storage/key-value";

const store = storage.open({ path: "settings", format: "uint32" });
const boots = (store.read("boots") ?? 0) + 1;
store.write("boots", boots);
trace(`boot ${boots}, ${[...store].join()}\n`);
store.close();

const log = files.openFile({ path: "log.txt", mode: files.status("log.txt").isFile() ? "r+" : "w+" });
log.write(ArrayBuffer.fromString(`${boots};`), log.status().size);
trace(`log ${String.fromArrayBuffer(log.read(100, 0))}\n`);
log.close();

const journal = flash.open({ path: "journal" });
const at = boots - 1;
journal.write(Uint8Array.of(boots), at);
trace(`flash ${[...new Uint8Array(journal.read(4, 0))].join()} of ${journal.status().blocks}\n`);
journal.close();
trace(`partitions ${[...flash].join()}\n`);
