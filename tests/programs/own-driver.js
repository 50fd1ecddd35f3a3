import SMBus from "embedded:io/smbus";

const counter = new SMBus({ ...device.I2C.default, hz: 400_000, address: 0x76 });
counter.writeUint8(1, 40);
trace(`counter ${counter.readUint8(1)} ${counter.readUint8(1)}\n`);
counter.close();

const memory = new device.io.SPI({ ...device.SPI.default, hz: 1_000_000, select: 15, active: 0 });
memory.write(Uint8Array.of(1, 2, 3));
trace(`memory ${[...new Uint8Array(memory.read(3))].join()}\n`);
memory.close();
