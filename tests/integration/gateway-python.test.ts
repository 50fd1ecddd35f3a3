import { spawnSync } from "node:child_process";
import { afterEach, describe, expect, it } from "@jest/globals";
import { closeAll, gatewayAt } from "../support/gateway.js";
import { pause, until } from "../support/peers.js";
import {
  itWith,
  Running,
  scratchDirectory,
  startMosquitto,
  startTerminal,
  stopAll,
} from "../support/programs.js";

afterEach(async () => {
  await closeAll();
  await stopAll();
});

/** Debian's, for which the packages are: another Python may be first on the path. */
const PYTHON = "/usr/bin/python3";

/** `it` where Debian's Python has these modules, and the programs are there. */
const itWithPython = (modules: string, ...programs: string[]) => {
  const has = spawnSync(PYTHON, ["-c", `import ${modules}`]).status === 0;
  return has ? itWith(...programs) : it.skip;
};

const python = (code: string, ...args: (string | number)[]) =>
  new Running(PYTHON, ["-u", "-c", code, ...args.map(String)]);

/** As the first page of any tutorial has it. */
const CLIENT = `
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
    s.connect(("127.0.0.1", int(sys.argv[1])))
    s.sendall(sys.argv[2].encode())
    print(s.recv(1024).decode(), end="")
`;

describe("Python's socket", () => {
  itWithPython("socket", "mosquitto")(
    "says hello without a newline and is answered, several at once (needs mosquitto, /usr/bin/python3)",
    async () => {
      const mosquitto = await startMosquitto();
      const gateway = await gatewayAt(mosquitto.port);
      const clients = ["Hello, server!", "Hello, server!", "21.4", '{"device":"attic","temperature":5}'].map(
        (text) => python(CLIENT, gateway.port, text),
      );
      for (const client of clients) expect(await client.exited).toBe(0);
      const answers = clients.map(({ output }) => output);
      expect(answers[0]).toMatch(/^Hello, client! .*\n$/);
      expect(answers).toEqual([answers[0], answers[0], "ok 1\n", "ok 1\n"]);
      await until(() => gateway.status().delivered === 2);
    },
  );
});

const SERIAL = `
import serial, sys
port = serial.Serial(sys.argv[1], 9600, timeout=10)
for line in (b"21.4\\n", b"Hello\\n", b'{"temperature": 22}\\r\\n'):
    port.write(line)
    print(port.readline().decode(), end="")
print("waits", flush=True)
print(port.readline().decode(), end="")
port.write(b'{"id":"p1","outcome":"done"}\\n')
print(port.readline().decode(), end="")
`;

const PAHO = `
import json, sys
import paho.mqtt.client as mqtt

def on_connect(client, *_):
    client.subscribe("home/#", 1)

def on_subscribe(client, *_):
    print("subscribed", flush=True)

def on_message(client, _, message):
    text = message.payload.decode()
    print(message.topic, text, flush=True)
    if message.topic == "home/attic/temperature":
        client.publish("home/attic/command", json.dumps({"id": "p1", "command": "identify"}), 1)
    if message.topic.endswith("/reply"):
        client.disconnect()

# paho-mqtt 2 asks which callbacks are meant.
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION1) if hasattr(mqtt, "CallbackAPIVersion") else mqtt.Client()
client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_forever()
`;

/** A device that sends a reading, takes a command and answers it. */
const DEVICE = `
import json, socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
lines = s.makefile("rw", newline="\\n")
def ask(text):
    lines.write(text + "\\n")
    lines.flush()
    return lines.readline().strip()
print(ask('{"device":"attic","commands":true}'), flush=True)
print(ask('{"device":"attic","temperature":21.4}'), flush=True)
command = json.loads(lines.readline())
print(command["command"], flush=True)
print(ask(json.dumps({"id": command["id"], "outcome": "done"})), flush=True)
`;

describe("Python's pyserial and paho-mqtt", () => {
  itWithPython(
    "serial",
    "socat",
    "mosquitto",
  )("pyserial writes a line and reads one back (needs socat, mosquitto, python3-serial)", async () => {
    const mosquitto = await startMosquitto();
    const pair = await startTerminal(scratchDirectory());
    const gateway = await gatewayAt(mosquitto.port, {
      listen: undefined,
      serial: [{ device: pair.a, baud: 9_600, name: "attic" }],
    });
    await until(() => gateway.status().ports === 1);
    await pause(100); // what comes at once may be the rest of a line
    const device = python(SERIAL, pair.b);
    await device.until(/waits/);
    // The retained reading is what makes it send a command.
    const application = python(PAHO, mosquitto.port);
    expect(await device.exited).toBe(0);
    expect(device.lines).toEqual([
      "ok 1",
      expect.stringMatching(/^Hello, client!/),
      "ok 2",
      "waits",
      '{"id":"p1","command":"identify"}',
      "ok",
    ]);
    expect(await application.exited).toBe(0);
  });

  itWithPython("paho.mqtt.client", "mosquitto")(
    "paho-mqtt is told of readings, and its command reaches a TCP client (needs mosquitto, python3-paho-mqtt)",
    async () => {
      const mosquitto = await startMosquitto();
      const gateway = await gatewayAt(mosquitto.port);
      const application = python(PAHO, mosquitto.port);
      await application.until(/subscribed/);
      const device = python(DEVICE, gateway.port);
      expect(await device.exited).toBe(0);
      expect(await application.exited).toBe(0);
      expect(device.lines).toEqual(["ok", "ok 1", "identify", "ok"]);
      expect(application.output).toMatch(
        /home\/attic\/temperature \{"temperature":21\.4,"time":\d+,"seq":1,/,
      );
      expect(application.output).toContain("home/attic/status online");
      expect(application.output).toContain('home/attic/command/reply {"id":"p1","outcome":"done"}');
    },
  );
});
