import UDP from "embedded:io/socket/udp";
import config from "mc/config";

const port = Number(config.port);
const receiver = new UDP({
  port,
  onReadable(count) {
    const packet = this.read();
    trace(`${count} from ${packet.address}: ${String.fromArrayBuffer(packet)}\n`);
    this.close();
  },
});

const sender = new UDP({});
sender.write(ArrayBuffer.fromString("datagram"), "127.0.0.1", port);
sender.close();
trace(`${receiver.format}\n`);
