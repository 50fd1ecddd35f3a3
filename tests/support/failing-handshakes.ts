/**
 * A program: fails to connect by TLS again and again and prints, as JSON, what was in use after some attempts and after
 * a thousand more. Its argument is the options of the attempts, as JSON; they are taken in turn.
 */

import { TLS, type TLSOptions } from "../../host-sim/io/tls.js";

const WARM_UP = 200;
const ATTEMPTS = 1_000;

const options = (JSON.parse(process.argv[2]) as (TLSOptions & { secure: { pin?: string } })[]).map((one) => {
  const { pin, ...secure } = one.secure;
  return { ...one, secure: { ...secure, ...(pin && { pin: new Uint8Array(Buffer.from(pin, "hex")) }) } };
});
const reasons = new Map<string, number>();

function attempt(index: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: TLS = new TLS({
      ...options[index % options.length],
      onWritable: () => reject(new Error("connected")),
      onError: (reason) => {
        const text = reason?.message ?? "";
        reasons.set(text, (reasons.get(text) ?? 0) + 1);
        socket.close();
        resolve();
      },
    } as TLSOptions);
  });
}

async function use() {
  // Sockets that have been destroyed are gone after a turn or two of the event loop.
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    (globalThis as { gc?: () => void }).gc?.();
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return { bytes: heapUsed + external + arrayBuffers, resources: process.getActiveResourcesInfo().sort() };
}

for (let i = 0; i < WARM_UP; i++) await attempt(i);
const before = await use();
for (let i = 0; i < ATTEMPTS; i++) await attempt(i);
const after = await use();
process.stdout.write(`${JSON.stringify({ before, after, reasons: [...reasons] })}\n`);
