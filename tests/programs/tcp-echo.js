// A server that sends back what it gets, and a client of it.

import Listener from "embedded:io/socket/listener";
import TCP from "embedded:io/socket/tcp";

const listener = new Listener({
  onReadable(count) {
    while (count--) {
      new TCP({
        from: this.read(),
        onReadable(bytes) {
          this.write(this.read(bytes));
        },
        onError() {
          trace("server: the client is gone\n");
          listener.close();
        },
      });
    }
  },
});

new TCP({
  address: "127.0.0.1",
  port: listener.port,
  onWritable() {
    if (this.target?.sent) return;
    this.target = { sent: true };
    this.write(ArrayBuffer.fromString("hello"));
  },
  onReadable(bytes) {
    trace(`client: ${String.fromArrayBuffer(this.read(bytes))}\n`);
    this.close();
  },
});
