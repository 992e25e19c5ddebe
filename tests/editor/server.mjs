// Speaks with yaml-language-server as an editor does. In the texts of documents `¦` is where the cursor stands.

import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const PATIENCE = 20_000;

export class Server {
  #process;
  #heard = Buffer.alloc(0);
  #asked = new Map();
  #published = new Map();
  #requests = 0;
  #documents = 0;
  #settings;

  // Starts it with a schema for all documents, and waits until it has read that.
  static async start(program, schema) {
    const server = new Server();
    server.#settings = { validate: true, hover: true, completion: true, schemaStore: { enable: false } };
    server.#settings.schemas = { [pathToFileURL(schema)]: "*.yaml" };
    server.#process = spawn(process.execPath, [program, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
    server.#process.stdout.on("data", (data) => server.#hear(data));
    const capabilities = {
      workspace: { configuration: true },
      textDocument: {
        completion: { completionItem: { snippetSupport: true } },
        hover: { contentFormat: ["markdown"] },
      },
    };
    await server.#ask("initialize", { processId: process.pid, rootUri: null, capabilities });
    server.#tell("initialized", {});
    server.#tell("workspace/didChangeConfiguration", { settings: { yaml: server.#settings } });
    const until = Date.now() + PATIENCE;
    while ((await server.diagnostics("no such key: 1\n")).length === 0) {
      if (Date.now() > until) throw new Error("the server does not take the schema");
      await pause(20);
    }
    return server;
  }

  // What it marks in a document; `path` says where the document is, for what it names by relative paths.
  async diagnostics(text, path) {
    const uri = path ? pathToFileURL(path).href : this.#fresh();
    const published = new Promise((resolve) => this.#published.set(uri, resolve));
    this.#open(uri, text);
    const diagnostics = await inTime(published, "diagnostics");
    this.#close(uri);
    return diagnostics;
  }

  // What it offers at the cursor.
  async completions(marked) {
    const answer = await this.#at(marked, "textDocument/completion");
    return answer?.items ?? answer ?? [];
  }

  // What it shows at the cursor.
  async hover(marked) {
    return (await this.#at(marked, "textDocument/hover"))?.contents?.value ?? "";
  }

  end() {
    this.#process.kill();
  }

  async #at(marked, method) {
    const [before, after] = marked.split("¦");
    const lines = before.split("\n");
    const uri = this.#fresh();
    this.#open(uri, before + after);
    const position = { line: lines.length - 1, character: lines.at(-1).length };
    const answer = await this.#ask(method, { textDocument: { uri }, position });
    this.#close(uri);
    return answer;
  }

  #fresh() {
    return `file:///nowhere/${++this.#documents}.yaml`;
  }

  #open(uri, text) {
    this.#tell("textDocument/didOpen", { textDocument: { uri, languageId: "yaml", version: 1, text } });
  }

  #close(uri) {
    this.#tell("textDocument/didClose", { textDocument: { uri } });
  }

  #hear(data) {
    this.#heard = Buffer.concat([this.#heard, data]);
    for (;;) {
      const head = this.#heard.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(/Content-Length: (\d+)/i.exec(this.#heard.subarray(0, head))[1]);
      const end = head + 4 + length;
      if (this.#heard.length < end) return;
      const message = JSON.parse(this.#heard.subarray(head + 4, end));
      this.#heard = this.#heard.subarray(end);
      this.#take(message);
    }
  }

  #take({ id, method, params, result, error }) {
    if (method === "textDocument/publishDiagnostics") {
      this.#published.get(params.uri)?.(params.diagnostics);
      this.#published.delete(params.uri);
    } else if (method && id !== undefined) {
      const settings = (item) => (item.section === "yaml" ? this.#settings : {});
      this.#send({ id, result: method === "workspace/configuration" ? params.items.map(settings) : null });
    } else if (id !== undefined) {
      const { resolve, reject } = this.#asked.get(id);
      this.#asked.delete(id);
      if (error) reject(new Error(JSON.stringify(error)));
      else resolve(result);
    }
  }

  #ask(method, params) {
    const id = ++this.#requests;
    const answer = new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
    this.#send({ id, method, params });
    return inTime(answer, method);
  }

  #tell(method, params) {
    this.#send({ method, params });
  }

  #send(message) {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#process.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }
}

async function inTime(promise, what) {
  const stop = new AbortController();
  const late = pause(PATIENCE, undefined, { signal: stop.signal }).then(
    () => Promise.reject(new Error(`no ${what} within ${PATIENCE} ms`)),
    () => undefined,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop.abort();
  }
}
