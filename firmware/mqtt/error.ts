/** Why an MQTT connection ended or never came to be; see `MQTTError.reason`. */
export const enum Reason {
  /** The broker's name has no address. */
  NAME,
  /** The TCP connection was refused, failed, or was closed by the broker. */
  SOCKET,
  /** Nothing came in time: an address, the connection, CONNACK or a PINGRESP. */
  TIMEOUT,
  /** CONNACK with a return code other than 0; see `MQTTError.returnCode`. */
  REFUSED,
  /** The broker sent what MQTT 3.1.1 forbids. */
  PROTOCOL,
}

/** Handed to `onError` of the client. The message is one line for a person. */
export class MQTTError extends Error {
  readonly reason: Reason;
  /** CONNACK's return code, 0 for every reason but `REFUSED`. */
  readonly returnCode: number;

  constructor(reason: Reason, message: string, returnCode = 0) {
    super(message);
    this.reason = reason;
    this.returnCode = returnCode;
  }
}

/** The meaning of a CONNACK return code, section 3.2.2.3. */
export function returnCodeText(code: number): string {
  switch (code) {
    case 1:
      return "it does not speak MQTT 3.1.1";
    case 2:
      return "it does not allow this client id";
    case 3:
      return "its MQTT service is unavailable";
    case 4:
      return "bad user name or password";
    default:
      return "this client is not authorized";
  }
}
