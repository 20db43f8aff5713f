// The real service as a process of its own, on loopback, with a PostgreSQL of its own or a database of
// TEST_DATABASE_URL. BIN names the program; `run` sets it.
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";

const START_TIME = 60_000;
const STOP_TIME = 30_000;

/** Starts a service that wants tokens and discovers nothing by itself. `settings` are environment variables. */
export async function startService(settings = {}) {
  const service = new Service(await freePort(), settings);
  await service.prepare();
  await service.start();
  return service;
}

class Service {
  #environment;
  #directory;
  #database;
  #process;
  #ending;
  #isOver = false;
  #log = "";

  constructor(port, settings) {
    this.origin = `http://127.0.0.1:${port}`;
    this.url = `${this.origin}/graphql`;
    this.socketUrl = `ws://127.0.0.1:${port}/graphql`;
    this.#environment = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      API_PORT: String(port),
      // Nothing is discovered; what is imported is tagged by the workers.
      DISCOVERY_SOURCES: " ",
      DISCOVERY_INTERVAL: "0 0 1 1 *",
      JWT_SECRET: randomBytes(32).toString("hex"),
      RUST_LOG: "warn",
      ...settings,
    };
  }

  /** Makes the place where the data lives. */
  async prepare() {
    this.#directory = await mkdtemp(join(tmpdir(), "vt-"));
    // The service started by root runs its PostgreSQL as somebody else, who must get there.
    await chmod(this.#directory, 0o755);
    this.#environment.DATA_DIR = join(this.#directory, "data");
    const server = process.env.TEST_DATABASE_URL;
    if (server) {
      this.#database = `vt_clients_${randomBytes(6).toString("hex")}`;
      await onServer(server, `CREATE DATABASE ${this.#database}`);
      const url = new URL(server);
      url.pathname = `/${this.#database}`;
      this.#environment.DATABASE_URL = url.href;
    }
  }

  /** Starts the process, and waits until it is ready. */
  async start() {
    if (this.#isOver) throw new Error("the service was stopped for good");
    const child = spawn(binary(), ["serve"], {
      cwd: this.#directory,
      env: this.#environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text) => (this.#log = (this.#log + text).slice(-20_000)));
    }
    // A test that dies takes its service with it.
    process.once("exit", () => child.kill("SIGKILL"));
    await until("the service is ready", START_TIME, async () => {
      if (child.exitCode !== null) throw new Error(`the service ended:\n${this.#log}`);
      const response = await fetch(`${this.origin}/readyz`).catch(() => undefined);
      await response?.arrayBuffer();
      return response?.ok;
    });
  }

  /** Ends the process as an operator does. */
  async halt() {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return;
    // A second signal would end it at once.
    this.#ending ??= once(child, "exit");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIME);
    if (!child.killed) child.kill("SIGTERM");
    const [code] = await this.#ending;
    this.#ending = undefined;
    clearTimeout(timer);
    if (code !== 0) throw new Error(`the service ended with ${code}:\n${this.#log}`);
  }

  /** Ends the process and removes its data. */
  async stop() {
    this.#isOver = true;
    await this.halt();
    if (this.#database) {
      await onServer(process.env.TEST_DATABASE_URL, `DROP DATABASE ${this.#database} WITH (FORCE)`);
    }
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** A token, as the program mints it. */
  async token({ sub = "ada", role = "admin", accounts, ttl = "1h" } = {}) {
    const scope = accounts ? ["--accounts", accounts.join(",")] : [];
    const args = ["token", "--sub", sub, "--role", role, "--ttl", ttl, ...scope];
    const { stdout } = await promisify(execFile)(binary(), args, { env: this.#environment });
    return stdout.trim();
  }

  /** The data of an operation; there must be no errors. */
  async data(token, query, variables = {}) {
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
    });
    const answer = await response.json();
    if (answer.errors) throw new Error(JSON.stringify(answer.errors));
    return answer.data;
  }

  /** Imports a CSV file by the GraphQL multipart request specification, and waits until all of it is tagged. */
  async importInventory(token, csv) {
    const query = `mutation Import($file: Upload!) {
      importInventory(input: { file: $file }) { run { id } userErrors { message } }
    }`;
    const form = new FormData();
    form.set("operations", JSON.stringify({ query, variables: { file: null } }));
    form.set("map", JSON.stringify({ 0: ["variables.file"] }));
    form.set("0", new Blob([csv], { type: "text/csv" }), "inventory.csv");
    const response = await fetch(this.url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "apollo-require-preflight": "true" },
      body: form,
    });
    const answer = await response.json();
    if (!answer.data?.importInventory.run) throw new Error(JSON.stringify(answer));
    await this.quiet(token);
  }

  /** Waits until no run waits or is worked on. */
  async quiet(token) {
    await until("all runs have ended", START_TIME, async () => {
      const { dashboard } = await this.data(token, "{ dashboard { openRuns } }");
      return dashboard.openRuns === 0;
    });
  }
}

/** An inventory of so many resources in two accounts, as CSV; each gets a virtual tag for its environment. */
export function inventory(count) {
  const lines = ["cloud,account_id,resource_type,resource_id,name"];
  for (let number = 1; number <= count; number += 1) {
    const [account, stage] = number % 2 ? ["111122223333", "prd"] : ["444455556666", "stg"];
    const name = `orders-${stage}-${number}`;
    const arn = `arn:aws:rds:eu-west-1:${account}:db:${name}`;
    lines.push(`aws,${account},rds/db,${arn},${name}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Asks again and again until the answer is truthy, and gives it. */
export async function until(what, milliseconds, ask) {
  const end = Date.now() + milliseconds;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`in vain for ${milliseconds} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function binary() {
  const path = process.env.BIN;
  if (!path) throw new Error("BIN is unset: start the tests with ./run");
  return path;
}

async function freePort() {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function onServer(connectionString, statement) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
