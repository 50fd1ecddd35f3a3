/** How a service reaches the broker: the `mqtt` package, on a socket that is secured as a node's is. */

import net from "node:net";
import { type IClientOptions, MqttClient } from "mqtt";
import { type Endpoint, hostPort } from "../firmware/codec/endpoint.js";
import { connectSecurely, explainTLS, type Secure } from "../host-sim/io/tls.js";

export interface BrokerClientOptions {
  endpoint: Endpoint;
  /** Needed where the endpoint is `mqtts`. */
  secure: Secure | undefined;
  /** Client identifier. */
  id: string;
  /** CleanSession. */
  clean: boolean;
  will?: { topic: string; payload: string };
  /** Further options of the package; those above win. */
  more?: IClientOptions;
}

/** Milliseconds between attempts: as often as a node's at its start, so that all are back together. */
export const BROKER_RETRY = 1_000;

/** Milliseconds that an attempt, CONNACK included, may take. */
const CONNECT_TIMEOUT = 10_000;

/** Seconds. */
const KEEP_ALIVE = 30;

/** Connects, and again whenever the connection is lost, until `end`. */
export function connectBroker(options: BrokerClientOptions): MqttClient {
  const { endpoint, secure, id, clean, will, more } = options;
  const { host, port, user, password } = endpoint;
  return new MqttClient(
    () => {
      if (!endpoint.secure) return net.connect({ host, port, noDelay: true });
      // The package writes CONNECT, which has the password in it, at once: held back until the broker is known.
      const socket = connectSecurely({ address: host, port, host, secure: secure ?? {} }, () =>
        socket.uncork(),
      );
      socket.cork();
      return socket;
    },
    {
      ...more,
      clientId: id,
      clean,
      reconnectPeriod: BROKER_RETRY,
      connectTimeout: CONNECT_TIMEOUT,
      keepalive: KEEP_ALIVE,
      // A wrong password may be put right at the broker.
      reconnectOnConnackError: true,
      ...(user !== undefined && { username: user }),
      ...(password !== undefined && { password }),
      ...(will && { will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true } }),
    },
  );
}

/** What is wrong, in one line that says where. */
export function brokerProblem(error: Error, endpoint: Endpoint, secure: Secure | undefined): string {
  const { code, syscall } = error as NodeJS.ErrnoException;
  const where = `the broker at ${hostPort(endpoint.host, endpoint.port)}`;
  const ofTLS = endpoint.secure ? explainTLS(error, secure?.clientKey !== undefined) : undefined;
  if (ofTLS !== undefined) return `${where}: ${ofTLS}`;
  switch (code) {
    case "ECONNREFUSED":
      return `${where} refuses connections: is it running?`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `there is no address for "${endpoint.host}" (${code})`;
    default:
      return `${where}: ${syscall === undefined || code === undefined ? error.message : `${syscall} ${code}`}`;
  }
}
