// In the shape of Moddable's sensor examples.

import HumidityTemperature from "embedded:sensor/Humidity-Temperature/SHT3x";
import Temperature from "embedded:sensor/Temperature/TMP117";
import Timer from "timer";

const thermometer = new Temperature({ sensor: { ...device.I2C.default, io: device.io.SMBus } });
const both = new HumidityTemperature({ sensor: { ...device.I2C.default } });
thermometer.configure({ averaging: 8 });

const readings = {};
const timer = Timer.repeat(() => {
  Object.assign(readings, thermometer.sample());
  Object.assign(readings, both.sample());
  if (readings.temperature === undefined || readings.hygrometer === undefined) return;
  trace(`thermometer ${readings.temperature.toFixed(2)}\n`);
  trace(`both ${readings.thermometer.temperature.toFixed(2)} ${readings.hygrometer.humidity.toFixed(1)}\n`);
  Timer.clear(timer);
  thermometer.close();
  both.close();
}, 150);
