import { pins } from "hearth:board";
import Timer from "timer";

const { Analog, Digital, PWM } = device.io;

pins.connect(4, 5);
const output = new Digital({ pin: 4, mode: Digital.Output });
const input = new Digital({
  pin: 5,
  mode: Digital.Input,
  edge: Digital.Rising,
  onReadable() {
    trace(`rising, ${this.read()}\n`);
    this.close();
  },
});
output.write(1);
trace(`input ${input.read()}\n`);

const led = new device.peripheral.led.Default();
led.on = 0.5;
trace(`light ${pins.duty(device.pin.led).toFixed(2)}\n`);
led.close();

pins.setVoltage(34, 0.25);
const analog = new Analog(device.Analog.default);
trace(`analog ${analog.read()} of ${analog.resolution} bits\n`);
analog.close();

const servo = new PWM({ pin: 13, hz: 50, resolution: 12 });
Timer.set(() => servo.close(), 1);
