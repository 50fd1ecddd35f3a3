import { beforeEach, describe, expect, it } from "@jest/globals";
import { MemoryBroker } from "../../host-sim/world/memory-broker.js";
import { BrokerClient } from "../support/broker-client.js";

let broker: MemoryBroker;

beforeEach(() => {
  broker = new MemoryBroker();
});

/** A client that is connected, its CONNACK taken. */
function client(id: string, options: object = {}): BrokerClient {
  const one = new BrokerClient(broker).connect(id, options);
  one.take();
  return one;
}

const lasting = { clean: false };
const willOf = (payload: string, options: object = {}) => ({
  will: { topic: "status", payload: Buffer.from(payload), qos: 1, retain: true, ...options },
});

describe("MemoryBroker", () => {
  it("accepts a connection, lists it, and logs its packets", () => {
    const one = new BrokerClient(broker).connect("a");
    one.send({ cmd: "pingreq" });
    expect(one.take()).toEqual(["connack 0", "pingresp"]);
    expect(broker.clients).toEqual(["a"]);
    expect(broker.log).toEqual([":connect", "a:pingreq"]);
    one.drop();
    expect(broker.clients).toEqual([]);
  });

  it("understands packets that come in pieces, and several at once", () => {
    const one = client("a");
    const ping = [0xc0, 0x00];
    for (const byte of ping) one.sendBytes(Uint8Array.of(byte));
    one.sendBytes(Uint8Array.from([...ping, ...ping]));
    expect(one.take()).toEqual(["pingresp", "pingresp", "pingresp"]);
  });

  it("refuses a connection with the code that it is told, and ends it", () => {
    broker.returnCode = 5;
    const one = new BrokerClient(broker).connect("a");
    expect(one.take()).toEqual(["connack 5"]);
    expect(one.ended).toBe(true);
    expect(broker.clients).toEqual([]);
  });

  it("ends the connection of one who sends nonsense, or CONNECT twice, and publishes the will", () => {
    const noise = client("a", willOf("noise"));
    noise.sendBytes(Uint8Array.of(0xff, 0x00, 0x01));
    const twice = client("b", willOf("twice"));
    twice.connect("b");
    expect([noise.ended, twice.ended, broker.clients]).toEqual([true, true, []]);
    expect(broker.payloads("status")).toEqual(["noise", "twice"]);
  });

  it("takes packets of a kind that is muted, logs them, and does not answer", () => {
    for (const kind of ["connect", "publish", "pingreq", "subscribe"]) broker.mute.add(kind);
    const silent = new BrokerClient(broker).connect("a");
    expect([silent.take(), broker.clients]).toEqual([[], []]);
    broker.mute.delete("connect");
    const one = client("a");
    one.publish("t", "x", { qos: 1, messageId: 1 }).send({ cmd: "pingreq" }).subscribe("t");
    expect(one.take()).toEqual([]);
    expect(broker.published).toEqual([]);
    expect(broker.log.slice(2)).toEqual(["a:publish", "a:pingreq", "a:subscribe"]);
  });

  it("sends a client any bytes", () => {
    const one = client("a");
    broker.inject("a", Uint8Array.of(0xd0, 0x00));
    expect(one.take()).toEqual(["pingresp"]);
  });

  it("tells who has published what, and tells it at once", () => {
    const seen: string[] = [];
    broker.onPublish = ({ client: from, payload }) => seen.push(`${from} ${payload}`);
    client("a").publish("t", "1", { qos: 1, messageId: 7, retain: true, dup: true });
    broker.publish("t", "2");
    expect(seen).toEqual(["a 1", " 2"]);
    expect(broker.published[0]).toEqual({
      client: "a",
      topic: "t",
      payload: "1",
      qos: 1,
      retain: true,
      dup: true,
      messageId: 7,
    });
    expect(broker.payloads("t")).toEqual(["1", "2"]);
    expect(broker.payloads("other")).toEqual([]);
  });
});

describe("MemoryBroker's subscriptions", () => {
  it("match whole topics, + one level, # the rest and its parent, and neither the broker's own topics", () => {
    const expected: [string, string[]][] = [
      ["a/b", ["a/b"]],
      ["a/+", ["a/b", "a/"]],
      ["a/#", ["a", "a/b", "a/", "a/b/c"]],
      ["+/b", ["a/b"]],
      ["+", ["a"]],
      ["#", ["a", "a/b", "a/", "a/b/c"]],
      ["$SYS/#", ["$SYS/x"]],
    ];
    for (const [filter, topics] of expected) {
      const one = client("a").subscribe(filter);
      one.take();
      for (const topic of ["a", "a/b", "a/", "a/b/c", "$SYS/x"]) broker.publish(topic, "");
      expect([filter, one.take().map((text) => text.split("=")[0])]).toEqual([filter, topics]);
      one.drop();
    }
  });

  it("are granted, listed, and end with UNSUBSCRIBE", () => {
    const one = client("a");
    one.send({
      cmd: "subscribe",
      messageId: 9,
      subscriptions: [
        { topic: "x", qos: 1 },
        { topic: "y", qos: 2 },
      ],
    });
    expect(one.take()).toEqual(["suback 9 1,2"]);
    expect(broker.filters("a")).toEqual(["x", "y"]);
    one.send({ cmd: "unsubscribe", messageId: 10, unsubscriptions: ["x"] });
    expect(one.take()).toEqual(["unsuback 10"]);
    broker.publish("x", "1");
    expect([one.take(), broker.filters("a")]).toEqual([[], ["y"]]);
  });

  it("that overlap bring a message once, at the better QoS but no better than it was published", () => {
    const one = client("a").subscribe("t/#", 0).subscribe("t/x", 1);
    one.take();
    broker.publish("t/x", "1", 2);
    broker.publish("t/x", "2", 0);
    broker.publish("t/y", "3", 2);
    expect(one.take()).toEqual(["t/x=1 qos 1 id 1", "t/x=2 qos 0", "t/y=3 qos 0"]);
  });
});

describe("MemoryBroker's retained messages", () => {
  it("come with each subscription, marked, while live ones are not", () => {
    client("a")
      .publish("t/x", "old", { retain: true })
      .publish("t/x", "new", { retain: true, qos: 1, messageId: 1 });
    const one = client("b").subscribe("t/+", 1);
    expect(one.take()).toEqual(["suback 1 1", "t/x=new qos 1 id 1 retained"]);
    broker.publish("t/x", "live", 0, true);
    expect(one.take()).toEqual(["t/x=live qos 0"]);
    one.subscribe("t/x");
    expect(one.take()).toEqual(["suback 1 0", "t/x=live qos 0 retained"]);
  });

  it("come by each kind of filter, at no better QoS than was asked for", () => {
    broker.publish("t/x", "1", 1, true);
    for (const filter of ["t/x", "t/#", "+/x"])
      expect(client(filter).subscribe(filter, 0).take()).toEqual(["suback 1 0", "t/x=1 qos 0 retained"]);
  });

  it("are taken away by an empty one, and not touched by one that is not retained", () => {
    const one = client("a").publish("t", "kept", { retain: true }).publish("t", "passing");
    expect(broker.retained.get("t")?.payload).toBe("kept");
    one.publish("t", "", { retain: true });
    expect(broker.retained.size).toBe(0);
    expect(client("b").subscribe("t").take()).toEqual(["suback 1 0"]);
  });
});

describe("MemoryBroker's wills", () => {
  it("are published when the connection is lost, retained as they ask", () => {
    const watcher = client("w").subscribe("status", 1);
    watcher.take();
    client("a", willOf("offline")).drop();
    expect(watcher.take()).toEqual(["status=offline qos 1 id 1"]);
    expect(broker.retained.get("status")?.payload).toBe("offline");
    expect(broker.published.map(({ client: from }) => from)).toEqual(["a"]);
  });

  it("are not published after DISCONNECT", () => {
    const one = client("a", willOf("offline"));
    one.send({ cmd: "disconnect" }).drop();
    expect([broker.published, broker.clients]).toEqual([[], []]);
  });
});

describe("MemoryBroker's QoS", () => {
  it("1 is acknowledged each time, and published each time", () => {
    const one = client("a");
    for (const dup of [false, true]) one.publish("t", "x", { qos: 1, messageId: 3, dup });
    expect(one.take()).toEqual(["puback 3", "puback 3"]);
    expect(broker.payloads("t")).toEqual(["x", "x"]);
  });

  it("2 is published once however often it comes before its release, also over connections", () => {
    const publish = { qos: 2, messageId: 5 };
    const one = client("a", lasting)
      .publish("t", "x", publish)
      .publish("t", "x", { ...publish, dup: true });
    expect(one.take()).toEqual(["pubrec 5", "pubrec 5"]);
    one.drop();
    const again = client("a", lasting).publish("t", "x", { ...publish, dup: true });
    expect(broker.payloads("t")).toEqual(["x"]);
    again.send({ cmd: "pubrel", messageId: 5 }).publish("t", "y", publish);
    expect(again.take()).toEqual(["pubrec 5", "pubcomp 5", "pubrec 5"]);
    expect(broker.payloads("t")).toEqual(["x", "y"]);
  });

  it("2 towards a client is released when it has been received", () => {
    const one = client("a").subscribe("t", 2);
    broker.publish("t", "x", 2);
    one.send({ cmd: "pubrec", messageId: 1 }).send({ cmd: "pubcomp", messageId: 1 });
    expect(one.take()).toEqual(["suback 1 2", "t=x qos 2 id 1", "pubrel 1"]);
  });

  it("uses identifiers from 1 to 65535, and then from 1 again", () => {
    const one = client("a").subscribe("t", 1);
    one.take();
    for (let i = 1; i <= 65_536; i++) {
      broker.publish("t", "", 1);
      if (i < 65_535) one.packets.length = 0;
      one.send({ cmd: "puback", messageId: i === 65_536 ? 1 : i });
    }
    expect(one.take()).toEqual(["t= qos 1 id 65535", "t= qos 1 id 1"]);
  });
});

describe("MemoryBroker's sessions", () => {
  it("keep subscriptions and what came with QoS 1 and 2 for a client that is away", () => {
    const one = client("a", lasting).subscribe("t", 1);
    one.drop();
    for (const qos of [0, 1, 2] as const) broker.publish("t", String(qos), qos);
    const again = new BrokerClient(broker).connect("a", lasting);
    expect(again.take()).toEqual(["connack 0 session", "t=1 qos 1 id 1", "t=2 qos 1 id 2"]);
    again.drop();
    expect(new BrokerClient(broker).connect("a", lasting).take()[0]).toBe("connack 0 session");
  });

  it("send again, marked, what the client has not acknowledged, and nothing that it has", () => {
    const one = client("a", lasting).subscribe("t", 2);
    for (const payload of ["1", "2", "3"]) broker.publish("t", payload, payload === "3" ? 2 : 1);
    one.send({ cmd: "puback", messageId: 1 }).send({ cmd: "pubrec", messageId: 3 });
    one.drop();
    const again = new BrokerClient(broker).connect("a", lasting);
    expect(again.take()).toEqual(["connack 0 session", "t=2 qos 1 id 2 dup", "pubrel 3"]);
    again.send({ cmd: "puback", messageId: 2 }).send({ cmd: "pubcomp", messageId: 3 });
    again.drop();
    expect(new BrokerClient(broker).connect("a", lasting).take()).toEqual(["connack 0 session"]);
  });

  it("that are clean end with their connection, and end what was before", () => {
    client("a", lasting).subscribe("t", 1).drop();
    const clean = new BrokerClient(broker).connect("a");
    expect([clean.take(), broker.filters("a")]).toEqual([["connack 0"], []]);
    clean.subscribe("u");
    clean.drop();
    expect(new BrokerClient(broker).connect("a", lasting).take()).toEqual(["connack 0"]);
    expect(broker.filters("a")).toEqual([]);
  });

  it("are taken over by a second connection with the same name; the first is ended and its will published", () => {
    const first = client("a", { ...lasting, ...willOf("lost") }).subscribe("t", 1);
    const second = new BrokerClient(broker).connect("a", lasting);
    expect([first.ended, second.take(), broker.clients]).toEqual([true, ["connack 0 session"], ["a"]]);
    expect(broker.payloads("status")).toEqual(["lost"]);
    first.drop();
    broker.publish("t", "x", 1);
    expect(second.take()).toEqual(["t=x qos 1 id 1"]);
    expect(broker.clients).toEqual(["a"]);
  });

  it("that are clean are not handed to a second connection with the same name", () => {
    client("a").subscribe("t", 1);
    const second = new BrokerClient(broker).connect("a", lasting);
    expect([second.take(), broker.filters("a")]).toEqual([["connack 0"], []]);
    second.subscribe("t", 1);
    second.take();
    const third = new BrokerClient(broker).connect("a");
    expect(third.take()).toEqual(["connack 0"]);
    second.drop();
    expect(broker.clients).toEqual(["a"]);
  });

  it("can be forgotten, which ends the connection of a client that still speaks", () => {
    const one = client("a", lasting).subscribe("t", 1);
    broker.forgetSessions();
    one.send({ cmd: "pingreq" });
    expect(one.ended).toBe(true);
    expect(new BrokerClient(broker).connect("a", lasting).take()).toEqual(["connack 0"]);
  });
});

describe("MemoryBroker, when it is killed and started again,", () => {
  it("knows no connection any more, publishes no will, and takes nothing from an old one", () => {
    const one = client("a", { ...lasting, ...willOf("gone") });
    broker.restart();
    expect([broker.clients, broker.published]).toEqual([[], []]);
    one.publish("topic", "late");
    expect(broker.payloads("topic")).toEqual([]);
    one.drop();
    expect(broker.payloads("status")).toEqual([]);
  });

  it("keeps the sessions that last, and only those", () => {
    client("lasting", lasting);
    client("clean");
    broker.restart();
    expect(broker.sessions).toBe(1);
    expect(new BrokerClient(broker).connect("lasting", lasting).take()).toEqual(["connack 0 session"]);
  });
});

describe("MemoryBroker without a history", () => {
  it("tells of each message, and keeps none", () => {
    broker = new MemoryBroker({ history: false });
    const told: string[] = [];
    broker.onPublish = ({ payload }) => told.push(payload);
    const one = client("a");
    one.publish("topic", "x");
    expect([told, broker.published, broker.log]).toEqual([["x"], [], []]);
  });
});
