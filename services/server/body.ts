import type { IncomingMessage } from "node:http";
import { Refused } from "./answer.js";

/** Bytes of a request's body. */
const LIMIT = 4_096;

/**
 * Reads JSON that a request brings.
 * @throws Refused where it is too long, of another type, or none
 */
export async function readJSON(request: IncomingMessage): Promise<unknown> {
  // A form of another site cannot send this type unasked.
  if (!/^application\/json *(;|$)/i.test(request.headers["content-type"] ?? ""))
    throw new Refused(415, "Content-Type must be application/json");
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LIMIT) throw new Refused(413, `the body is longer than ${LIMIT} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new Refused(400, "the body is no JSON");
  }
}
