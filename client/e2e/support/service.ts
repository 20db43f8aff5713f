import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inventory, type InventoryLine } from "./inventory.ts";

const binary = process.env.BIN ?? "../target/release/virtual-tagging";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Waits until a condition holds; its last error, or its name, says what was missing. */
async function until(name: string, condition: () => Promise<boolean>, seconds = 60): Promise<void> {
  const end = Date.now() + seconds * 1000;
  let last: unknown;
  while (Date.now() < end) {
    try {
      if (await condition()) return;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not within ${seconds} s: ${name}`, { cause: last });
}

/** Real service with a data directory and a port of its own. */
export class Service {
  #child: ChildProcess | undefined;
  readonly #directory = mkdtempSync(join(tmpdir(), "vt-e2e-"));
  #port = 0;
  #log = "";

  constructor(
    private readonly environment: Record<string, string> = {},
    private readonly resources: readonly InventoryLine[] = inventory(),
  ) {}

  /** Address of the service, and of the client in it. */
  get address(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(environment: Record<string, string> = {}): Promise<void> {
    const file = join(this.#directory, "inventory.jsonl");
    if (this.#port === 0) {
      this.#port = await freePort();
      writeFileSync(file, this.resources.map((line) => JSON.stringify(line)).join("\n"));
    }
    this.#child = spawn(binary, ["serve"], {
      cwd: this.#directory,
      env: {
        ...process.env,
        DATA_DIR: join(this.#directory, "data"),
        API_PORT: String(this.#port),
        DISCOVERY_SOURCES: `file:${file}`,
        ...this.environment,
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (data: Buffer) => {
        this.#log += data.toString();
      });
    }
    await until("the service is ready", async () => {
      if (this.#child?.exitCode !== null) throw new Error(this.#log);
      return (await fetch(`${this.address}/readyz`)).ok;
    });
  }

  /** Stops the process as an operator would; `start` begins with the same data. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Bearer token as `virtual-tagging token` prints it. */
  token(subject: string, ...options: string[]): string {
    const output = execFileSync(binary, ["token", "--sub", subject, ...options], {
      cwd: this.#directory,
      env: { ...process.env, ...this.environment },
      encoding: "utf8",
    });
    return output.trim().split("\n").at(-1) ?? "";
  }

  async query<T>(query: string, variables: object = {}, headers: Record<string, string> = {}): Promise<T> {
    const response = await fetch(`${this.address}/graphql`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify({ query, variables }),
    });
    const body = (await response.json()) as { data?: T; errors?: unknown };
    if (body.errors !== undefined || !body.data) throw new Error(JSON.stringify(body.errors));
    return body.data;
  }

  /** Trains the model, and waits until all resources are evaluated with it. */
  async learn(seconds = 300): Promise<void> {
    await this.query("mutation { trainModel { run { id } userErrors { message } } }");
    await until(
      "owners are proposed",
      async () => {
        const { approvals } = await this.query<{ approvals: { nodes: object[] } }>(
          '{ approvals(first: 1, filter: { tagKey: "owner" }) { nodes { id } } }',
        );
        return approvals.nodes.length > 0;
      },
      seconds,
    );
    await this.settled({}, seconds);
  }

  /** Waits until the inventory is in, its tags are proposed, and nothing runs. */
  async settled(headers: Record<string, string> = {}, seconds = 300): Promise<void> {
    await until("the inventory is evaluated", async () => (await this.#work(headers)).pending > 0, seconds);
    await this.idle(seconds, headers);
  }

  /** Waits until nothing runs. */
  async idle(seconds = 300, headers: Record<string, string> = {}): Promise<void> {
    await until("nothing runs", async () => (await this.#work(headers)).openRuns === 0, seconds);
  }

  async #work(headers: Record<string, string>): Promise<{ openRuns: number; pending: number }> {
    const { dashboard } = await this.query<{ dashboard: { openRuns: number; approvals: { pending: number } } }>(
      "{ dashboard { openRuns approvals { pending } } }",
      {},
      headers,
    );
    return { openRuns: dashboard.openRuns, pending: dashboard.approvals.pending };
  }
}
