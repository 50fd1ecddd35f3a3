import flash from "embedded:storage/flash";
import update from "embedded:update";

const running = flash.open({ path: "running", mode: "r" });
const next = flash.open({ path: "nextota" });
const ota = update.open({ partition: next });
const { blockLength } = running.status();
for (let at = 0; at < 4 * blockLength; at += blockLength) ota.write(running.read(blockLength, at));
ota.complete();
ota.close();
trace("complete\n");
