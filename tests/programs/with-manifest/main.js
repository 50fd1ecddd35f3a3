import greeting from "greeting";
import config from "mc/config";
import typed from "./typed";

trace(`${greeting(config.name)}, pin ${config.pin}, ${typed(config.interval)}, ${device.isSetUp}\n`);
