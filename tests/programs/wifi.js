import WiFi from "embedded:network/interface/wifi";
import config from "mc/config";

const wifi = new WiFi({
  onChanged(property) {
    trace(`${property} ${this[property]}\n`);
    if (this.address === undefined) return;
    trace(`joined ${this.SSID}\n`);
    this.close();
  },
});
trace(`connection ${wifi.connection}\n`);
wifi.connect({ SSID: config.ssid, password: config.password });
