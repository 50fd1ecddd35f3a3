import http, { type IncomingHttpHeaders } from "node:http";
import { type RunningServer, type ServerOptions, startServer } from "../../services/server/server.js";

/** A server in this process on a free port, and what it has said. */
export interface TestServer extends RunningServer {
  readonly notes: string[];
  readonly warnings: string[];
  readonly failures: Error[];
}

export async function startTestServer(
  brokerPort: number,
  options: Partial<ServerOptions> = {},
): Promise<TestServer> {
  const [notes, warnings, failures]: [string[], string[], Error[]] = [[], [], []];
  const server = await startServer({
    broker: {
      endpoint: { host: "127.0.0.1", port: brokerPort, secure: false, user: undefined, password: undefined },
      secure: undefined,
    },
    listen: { host: "127.0.0.1", port: 0, isFallback: false },
    version: "0",
    onNote: (text) => notes.push(text),
    onWarning: (text) => warnings.push(text),
    onFailure: (error) => failures.push(error),
    ...options,
  });
  return Object.assign(server, { notes, warnings, failures });
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** The body. */
  json: unknown;
}

export interface Ask {
  method?: string;
  /** Host too. */
  headers?: Record<string, string>;
  body?: string;
}

/** A request, with whatever headers. */
export function ask(
  port: number,
  path: string,
  { method = "GET", headers = {}, body }: Ask = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: "127.0.0.1", port, path, method, headers, agent: false },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          text += part;
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: text,
            get json() {
              return JSON.parse(text) as unknown;
            },
          }),
        );
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

/** Posts JSON. */
export function post(
  port: number,
  path: string,
  value: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return ask(port, path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(value),
  });
}

/** What `/api/events` sends. */
export class EventReader {
  readonly events: { event: string; data: Record<string, unknown> }[] = [];
  status = 0;
  ended = false;
  #request: http.ClientRequest;

  constructor(port: number) {
    this.#request = http.get({ host: "127.0.0.1", port, path: "/api/events", agent: false }, (response) => {
      this.status = response.statusCode ?? 0;
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        const blocks = (text + part).split("\n\n");
        text = blocks.pop() ?? "";
        for (const block of blocks) {
          const match = /^event: (\w+)\ndata: (.*)$/.exec(block);
          if (match)
            this.events.push({ event: match[1], data: JSON.parse(match[2]) as Record<string, unknown> });
        }
      });
      response.on("error", () => {});
      response.on("close", () => {
        this.ended = true;
      });
    });
    this.#request.on("error", () => {
      this.ended = true;
    });
  }

  of(name: string): Record<string, unknown>[] {
    return this.events.filter(({ event }) => event === name).map(({ data }) => data);
  }

  close(): void {
    this.#request.destroy();
  }
}
