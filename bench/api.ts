/**
 * The control plane's own speed: looking at a tenant, lists of a hundred, creating and deleting, with few tenants and
 * with many; beside a bare route of the same framework, asked by the same clients in the same run.
 *
 *   node bench/api.ts [--tenants 10,10000] [--clients 8] [--seconds 2] [--rounds 3]
 *
 * The bare route answers with as many bytes as what it stands beside, knows nobody and looks nothing up: what is beyond it
 * is who asks, may they, how often, the catalog, and the tag. Clients do as little as they can. A list is to have 0.10 of
 * the bare route's throughput; of the others the ratio is told.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import Fastify from 'fastify';
import { realServer } from '../src/testing/real-server.ts';
import { fixed, p50, p99, printMachine, printTable } from './measure.ts';

const BARE = '--bare';
/** Of a tenant that sleeps, as the API prints it. */
const TENANT_BYTES = 600;
const LIST = 100;

const { values: chosen } = parseArgs({
  options: {
    tenants: { type: 'string', default: '10,10000' },
    clients: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    bare: { type: 'boolean', default: false },
  },
});

type Sample = { readonly p50: number; readonly p99: number; readonly rate: number };
type Ask = (client: Client, turn: number) => Promise<void>;

/** Says what it is told to, and reads no more of an answer than its status and where it ends. */
class Client {
  readonly #socket: Socket;
  readonly #head: string;
  #heard: Buffer = Buffer.alloc(0);
  #wait = Promise.withResolvers<number>();

  private constructor(socket: Socket, head: string) {
    this.#socket = socket;
    this.#head = head;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('close', () => this.#wait.reject(new Error('the server has hung up')));
    socket.on('error', () => {});
  }

  static async open(port: number, key: string): Promise<Client> {
    const socket = connect({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    return new Client(socket, `HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\n`);
  }

  async ask(method: string, path: string, body: object | null = null): Promise<void> {
    this.#wait = Promise.withResolvers();
    const text = body === null ? '' : JSON.stringify(body);
    const shape = body === null ? '' : 'Content-Type: application/json\r\n';
    const length = method === 'GET' ? '' : `Content-Length: ${Buffer.byteLength(text)}\r\n`;
    this.#socket.write(`${method} ${path} ${this.#head}${shape}${length}\r\n${text}`);
    const status = await this.#wait.promise;
    if (status >= 300) throw new Error(`${method} ${path}: ${status}`);
  }

  close(): void {
    this.#wait.promise.catch(() => {});
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#heard = this.#heard.length === 0 ? chunk : Buffer.concat([this.#heard, chunk]);
    const headEnd = this.#heard.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = this.#heard.toString('latin1', 0, headEnd);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (this.#heard.length < headEnd + 4 + length) return;
    this.#heard = Buffer.alloc(0);
    this.#wait.resolve(Number(head.slice(9, 12)));
  }
}

async function serveBare(): Promise<void> {
  const app = Fastify({ logger: false });
  const one = { text: 'x'.repeat(TENANT_BYTES) };
  const many = { text: 'x'.repeat(TENANT_BYTES * LIST) };
  app.get('/bare', async () => one);
  app.get('/bare/list', async () => many);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  console.log(new URL(url).port);
  process.stdin.once('end', () => process.exit(0)).resume();
}

async function compare(): Promise<void> {
  const child = spawn(process.execPath, [import.meta.filename, BARE], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [said] = await once(child.stdout, 'data');
  await using server = await realServer({ args: ['--log-level', 'error'] });
  const unbounded = { perMinute: 1_000_000, burst: 1_000_000 };
  await server.client.settings.change({ rates: { perCaller: unbounded, perAddress: unbounded } });
  const bare = { port: Number(said), key: 'none' };
  const ours = { port: Number(new URL(server.apiUrl).port), key: server.apiKey };
  const rows: string[][] = [];
  let count = 0;
  for (const wanted of chosen.tenants.split(',').map(Number)) {
    const made = await rateOf(ours, wanted - count, (client, turn) =>
      client.ask('POST', '/v1/tenants', { name: `tenant-${count + turn}` }),
    );
    count = wanted;
    const samples = await inTurn([
      { ...bare, ask: (client) => client.ask('GET', '/bare') },
      { ...ours, ask: (client, turn) => client.ask('GET', `/v1/tenants/tenant-${turn % count}`) },
      { ...bare, ask: (client) => client.ask('GET', '/bare/list') },
      { ...ours, ask: (client) => client.ask('GET', `/v1/tenants?limit=${LIST}`) },
    ]);
    const listed = Math.min(LIST, count);
    const names = ['a bare route', 'GET a tenant', 'a bare list', `GET ${listed} tenants`];
    for (const [at, name] of names.entries()) rows.push(rowOf(count, name, samples, at));
    const some = Math.min(200, count >> 1);
    const gone = await rateOf(ours, some, (client, turn) =>
      client.ask('DELETE', `/v1/tenants/tenant-${count - 1 - turn}`),
    );
    count -= some;
    rows.push([
      `${wanted}, created, deleted a second`,
      '',
      '',
      `${fixed(made, 0)}, ${fixed(gone, 0)}`,
      '',
    ]);
  }
  child.stdin.end();
  printMachine();
  printTable([
    [`${chosen.clients} clients`, 'p50 ms', 'p99 ms', 'requests/s', 'of the bare'],
    ...rows,
  ]);
}

type Way = { readonly port: number; readonly key: string; readonly ask: Ask };

/** A sample of each way, and the next of each, so that what disturbs one disturbs the others. */
async function inTurn(ways: readonly Way[]): Promise<readonly Sample[][]> {
  const samples: Sample[][] = ways.map(() => []);
  for (let round = 0; round < Number(chosen.rounds); round++) {
    for (const [at, way] of ways.entries()) samples[at]?.push(await sample(way));
  }
  return samples;
}

async function withClients<T>(
  { port, key }: Omit<Way, 'ask'>,
  work: (clients: readonly Client[]) => Promise<T>,
): Promise<T> {
  const opening = Array.from({ length: Number(chosen.clients) }, () => Client.open(port, key));
  const clients = await Promise.all(opening);
  try {
    return await work(clients);
  } finally {
    for (const client of clients) client.close();
  }
}

const sample = (way: Way): Promise<Sample> =>
  withClients(way, async (clients) => {
    const taken: number[] = [];
    const began = performance.now();
    const until = began + Number(chosen.seconds) * 1_000;
    let turn = 0;
    await Promise.all(
      clients.map(async (client) => {
        for (let at = performance.now(); at < until; ) {
          await way.ask(client, turn++);
          const now = performance.now();
          taken.push(now - at);
          at = now;
        }
      }),
    );
    const seconds = (performance.now() - began) / 1_000;
    return { p50: p50(taken), p99: p99(taken), rate: taken.length / seconds };
  });

/** How many a second, of `count` that are asked for by all clients together. */
const rateOf = (way: Omit<Way, 'ask'>, count: number, ask: Ask): Promise<number> =>
  withClients(way, async (clients) => {
    const began = performance.now();
    let turn = 0;
    await Promise.all(
      clients.map(async (client) => {
        while (turn < count) await ask(client, turn++);
      }),
    );
    return count / ((performance.now() - began) / 1_000);
  });

function rowOf(count: number, name: string, samples: readonly Sample[][], at: number): string[] {
  const own = samples[at] ?? [];
  const middle = (key: keyof Sample, digits: number): string =>
    fixed(p50(own.map((one) => one[key])), digits);
  // A bare route goes before each of ours.
  const bare = samples[at - (at % 2)];
  const ratio = p50(own.map((one, round) => one.rate / (bare?.[round]?.rate ?? 0)));
  const told = [middle('p50', 2), middle('p99', 1), middle('rate', 0)];
  return [`${count}, ${name}`, ...told, at % 2 === 0 ? '' : fixed(ratio, 2)];
}

if (chosen.bare) await serveBare();
else await compare();
