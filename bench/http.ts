/**
 * SQL over HTTP beside the same query over an open connection of PostgreSQL, in turn and in one run.
 *
 *   node bench/http.ts [--rounds 9] [--seconds 1] [--clients 1,16,64]
 *
 * Both go through one proxy process to one PostgreSQL: the messages of an extended query on sockets that
 * are logged in, and `POST /sql` on connections that are kept. The clients do as little as they can, so
 * that what is compared is the server's. A call over HTTP leaves nothing behind, a connection keeps what
 * it holds: each call pays for clearing its backend. Ratios are the medians of those of each round.
 *
 * Bars: p50 of one client at most 1.5x; throughput of 64 clients at least 0.6x.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempDisposable } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { realPostgres } from '../src/testing/real-postgres.ts';
import { callMessages } from '../src/wire/http-messages.ts';
import { verifierOf } from '../src/wire/verifier.ts';
import { fixed, p50, p99, printMachine, printTable, verdict } from './measure.ts';
import { RawSession } from './raw-session.ts';
import { throughDynaBase } from './rivals.ts';

const BARS = { latency: 1.5, throughput: 0.6 } as const;
const BARS_AT = { latency: 1, throughput: 64 } as const;

/** As many as the connections of most clients, so that none waits for another. */
const BACKENDS = 70;

const SQL = 'select $1::int as n, $2::text as t';
const PARAMETERS = ['42', 'hello'];

const { values: chosen } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '1' },
    clients: { type: 'string', default: '1,16,64' },
  },
});

type Client = { ask(): Promise<void>; close(): void };
type Sample = {
  readonly p50: number;
  readonly p99: number;
  readonly tps: number;
  readonly cpuUs: number;
};
type Way = { readonly name: string; open(): Promise<Client> };

await using postgres = await realPostgres(['max_connections=300', 'shared_buffers=128MB']);
const password = randomBytes(12).toString('hex');
const verifier = await verifierOf(password, randomBytes(16));
await using certificateDir = await mkdtempDisposable(join(tmpdir(), 'bench-http-'));
const role = { name: 'bench', password, verifier, certificateDir: certificateDir.path };
await postgres.sql(`create role bench login password '${verifier}'`);
await postgres.sql(
  'grant execute on function pg_get_backend_memory_contexts() to public',
  [],
  'template1',
);
await postgres.sql('create database bench owner bench');
await using dynaBase = await throughDynaBase(postgres, role);
const [proxy] = dynaBase.ways;
if (proxy === undefined) throw new Error('there is no proxy');
const { port, cpuUs } = proxy;

const overPostgres: Way = {
  name: 'PostgreSQL, extended query',
  open: async () => {
    const session = await RawSession.open({
      place: { host: '127.0.0.1', port },
      role: 'bench',
      password,
    });
    const statements = [{ sql: SQL, parameters: PARAMETERS, rowAsArray: true }];
    const bytes = callMessages({ batch: null, statements, isRaw: true });
    return { ask: () => session.ask(bytes), close: () => session.close() };
  },
};
const overHttp: Way = { name: 'HTTP', open: () => HttpClient.open() };
const ways = [overPostgres, overHttp] as const;

/** Sends the same request again and again, and reads no more of an answer than where it ends. */
class HttpClient implements Client {
  readonly #socket: Socket;
  readonly #request: Buffer;
  #first: Buffer | null = Buffer.alloc(0);
  #length = 0;
  #heard = 0;
  #wait = Promise.withResolvers<void>();

  private constructor(socket: Socket) {
    const body = JSON.stringify({ query: SQL, params: PARAMETERS });
    this.#socket = socket;
    this.#request = Buffer.from(
      `POST /sql HTTP/1.1\r\nHost: localhost\r\nNeon-Connection-String: postgresql://bench:${password}@localhost/bench\r\n` +
        'Neon-Raw-Text-Output: true\r\nNeon-Array-Mode: true\r\nContent-Type: application/json\r\n' +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#wait.reject(error));
    socket.on('close', () => this.#wait.reject(new Error('the server has hung up')));
  }

  static async open(): Promise<HttpClient> {
    const socket = connect({ host: '127.0.0.1', port });
    await new Promise((done) => socket.once('connect', done));
    const client = new HttpClient(socket);
    await client.ask();
    return client;
  }

  ask(): Promise<void> {
    this.#wait = Promise.withResolvers();
    this.#socket.write(this.#request);
    return this.#wait.promise;
  }

  close(): void {
    this.#wait.promise.catch(() => {});
    this.#socket.destroy();
  }

  /** All answers are alike, but for the date: of the first it is read where it ends, of the others how much came. */
  #take(chunk: Buffer): void {
    this.#heard += chunk.length;
    if (this.#first !== null) this.#first = Buffer.concat([this.#first, chunk]);
    this.#length ||= lengthOf(this.#first);
    if (this.#length === 0 || this.#heard < this.#length) return;
    this.#first = null;
    const isAlike = this.#heard === this.#length && chunk.length >= OK.length;
    this.#heard = 0;
    if (isAlike && OK.equals(chunk.subarray(0, OK.length))) this.#wait.resolve();
    else this.#wait.reject(new Error(`another answer: ${chunk}`));
  }
}

const OK = Buffer.from('HTTP/1.1 200');

/** Of a whole answer; 0 while its head is not there. */
function lengthOf(answer: Buffer | null): number {
  const head = answer?.indexOf('\r\n\r\n') ?? -1;
  if (answer === null || head < 0) return 0;
  const length = /content-length: (\d+)/i.exec(answer.toString('latin1', 0, head))?.[1];
  return head + 4 + Number(length);
}

async function sample(way: Way, count: number): Promise<Sample> {
  const clients: Client[] = [];
  for (let n = 0; n < count; n++) clients.push(await way.open());
  const taken: number[] = [];
  const cpuBefore = await cpuUs();
  const began = performance.now();
  const until = began + Number(chosen.seconds) * 1_000;
  await Promise.all(
    clients.map(async (client) => {
      for (let at = performance.now(); at < until; ) {
        await client.ask();
        const now = performance.now();
        taken.push(now - at);
        at = now;
      }
    }),
  );
  const ms = performance.now() - began;
  const cpu = (await cpuUs()) - cpuBefore;
  for (const client of clients) client.close();
  const tps = (taken.length / ms) * 1_000;
  return { p50: p50(taken), p99: p99(taken), tps, cpuUs: cpu / taken.length };
}

printMachine();
const rows: string[][] = [];
for (const clients of chosen.clients.split(',').map(Number)) {
  const samples = new Map<Way, Sample[]>(ways.map((way) => [way, []]));
  for (let round = 0; round < Number(chosen.rounds); round++) {
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
      samples.get(way)?.push(await sample(way, clients));
    }
  }
  for (const way of ways) rows.push(rowOf(way, clients, samples));
}
printTable([
  [`${BACKENDS} backends`, 'p50 ms', 'p99 ms', 'tps', 'proxy CPU us', 'p50 x', 'tps x', 'bar'],
  ...rows,
]);

function rowOf(way: Way, clients: number, samples: ReadonlyMap<Way, readonly Sample[]>): string[] {
  const own = samples.get(way) ?? [];
  const others = samples.get(overPostgres) ?? [];
  const middle = (key: keyof Sample, digits: number): string =>
    fixed(p50(own.map((one) => one[key])), digits);
  const ratio = (key: keyof Sample): number =>
    p50(own.map((one, round) => one[key] / (others[round]?.[key] ?? 0)));
  const figures = [middle('p50', 3), middle('p99', 2), middle('tps', 0), middle('cpuUs', 1)];
  const name = `${clients} clients, ${way.name}`;
  if (way === overPostgres) return [name, ...figures, '', '', ''];
  const [latency, throughput] = [ratio('p50'), ratio('tps')];
  return [
    name,
    ...figures,
    fixed(latency, 2),
    fixed(throughput, 2),
    judged(clients, { latency, throughput }),
  ];
}

function judged(
  clients: number,
  is: { readonly latency: number; readonly throughput: number },
): string {
  if (clients === BARS_AT.latency) return `${BARS.latency} ${verdict(is.latency <= BARS.latency)}`;
  if (clients !== BARS_AT.throughput) return '';
  return `${BARS.throughput} ${verdict(is.throughput >= BARS.throughput)}`;
}
