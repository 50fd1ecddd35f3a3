import { afterEach, describe, expect } from "@jest/globals";
import { itWith, Running, startNode, stopAll } from "../support/programs.js";

afterEach(stopAll);

/** Python's `socket`, as its tutorials have it: accept, receive once, answer, close. `BODY` is what it does then. */
const server = (body: string) => `
import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 0))
s.listen()
print("port", s.getsockname()[1], flush=True)
kept = []
while True:
    c, _ = s.accept()
${body
  .trim()
  .split("\n")
  .map((line) => `    ${line}`)
  .join("\n")}
`;

async function startServer(body: string): Promise<{ port: string; server: Running }> {
  const running = new Running("python3", ["-c", server(body)]);
  await running.until(/port \d+/);
  return { port: /port (\d+)/.exec(running.output)?.[1] as string, server: running };
}

function start(port: string, interval: string): Running {
  const node = startNode("--server", `127.0.0.1:${port}`, "--interval", interval, "--log", "json");
  return node;
}

const run = itWith("python3");
const delivered = (output: string) => (output.match(/"event":"delivered"/g) ?? []).length;

describe("a plain Python socket server", () => {
  run(
    "that reads 1,024 bytes, answers a sentence and closes gets every reading (needs python3)",
    async () => {
      const { port, server: peer } = await startServer(`
print(c.recv(1024).decode(), end="", flush=True)
c.sendall(b"Hello, client!")
c.close()
`);
      const node = start(port, "0ms");
      await peer.until((output) => output.split("\n").length > 6);
      const sequences = peer.lines.slice(1, 6).map((line) => JSON.parse(line).seq as number);
      expect(sequences).toEqual([1, 2, 3, 4, 5]);
      await node.until(/"receipt":"Hello, client!"/);
      expect(await node.stop("SIGINT")).toBe(0);
      expect(node.errors).toBe("");
    },
  );

  run.each([
    ["never answers", "kept.append(c)"],
    ["closes at once", "c.close()"],
    [
      "sends 10 MB back",
      `
try:
    c.recv(1024)
    c.sendall(b"x" * 10_000_000)
except OSError:
    pass
c.close()
`,
    ],
  ])("that %s harms nothing: the broker gets its readings (needs python3)", async (_what, body) => {
    const { port } = await startServer(body);
    const node = start(port, "0ms");
    await node.until((output) => delivered(output) >= 6);
    expect(await node.stop("SIGINT")).toBe(0);
    expect(node.errors).toBe("");
  });
});
