// A part of one's own, for `--import`: a counter at address 0x76 whose register 1 grows by one with each reading, and an
// SPI memory that gives back what it was sent last.

import { bus, spi } from "hearth:board";

let register = 0;
let count = 0;
bus.attach(0x76, {
  write(bytes) {
    if (bytes.length > 0) register = bytes[0];
    if (bytes.length > 1) count = bytes[1];
    return true;
  },
  read(into) {
    into.fill(0);
    if (register === 1) into[0] = count++;
    return true;
  },
});

let last = [];
spi.attach(15, {
  transfer(outgoing, incoming) {
    incoming.set(last.slice(0, incoming.length));
    last = [...outgoing];
  },
});
