/** `dynabase sql` beside a real PostgreSQL that stands for the tenant `acme`: for the tests of one file. */
import { once } from 'node:events';
import {
  type AddressInfo,
  createConnection,
  createServer,
  type Server,
  type Socket,
} from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type Api, openApi } from '../api/listen.ts';
import { buildProgram, runProgram } from '../cli/program.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { type FakeWorldOptions, fakeWorld } from './fake-world.ts';
import { memoryApiParts } from './memory-api.ts';
import { MemoryControl } from './memory-control.ts';
import { type RealPostgres, realPostgres } from './real-postgres.ts';

type Files = Readonly<Record<string, string>>;

/** Registers what comes before and after the tests of this file. */
export function sqlDesk(): SqlDesk {
  const desk = new SqlDesk();
  beforeAll(() => desk.open());
  afterAll(() => desk.close());
  beforeEach(() => desk.begin());
  afterEach(() => desk.end());
  return desk;
}

class SqlDesk {
  #postgres: RealPostgres | undefined;
  #control: MemoryControl | undefined;
  #door: Server | undefined;
  #api: Api | undefined;
  readonly #sockets = new Set<Socket>();

  get postgres(): RealPostgres {
    return there(this.#postgres);
  }

  get control(): MemoryControl {
    return there(this.#control);
  }

  /** Where the tenant is reached. */
  get port(): number {
    return (there(this.#door).address() as AddressInfo).port;
  }

  start(args: readonly string[], options: FakeWorldOptions = {}, files: Files = {}) {
    const { port } = there(this.#api);
    const world = fakeWorld({
      fetch: globalThis.fetch,
      files: {
        '/home/me/.dynabase/server.json': JSON.stringify({ apiUrl: `http://127.0.0.1:${port}` }),
        '/home/me/.dynabase/api-key': 'key\n',
        ...files,
      },
      ...options,
    });
    const program = buildProgram({ world, version: '1.2.3', up: () => Promise.resolve() });
    return { world, ended: runProgram(program, ['sql', 'acme', ...args], world) };
  }

  async sql(args: readonly string[], options: FakeWorldOptions = {}) {
    const { world, ended } = this.start(args, options);
    const status = await ended;
    return { status, out: world.stdout.text(), err: world.stderr.text() };
  }

  async open(): Promise<void> {
    const postgres = await realPostgres();
    this.#postgres = postgres;
    this.#door = createServer((socket) => {
      const { socketDir, port } = postgres.connection;
      const backend = createConnection(join(socketDir, `.s.PGSQL.${port}`));
      for (const end of [socket, backend]) {
        this.#sockets.add(end);
        end.on('error', () => {});
        end.on('close', () => this.#sockets.delete(end));
      }
      socket.pipe(backend).pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(this.#door, 'listening');
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#door?.close();
    await this.#postgres?.[Symbol.asyncDispose]();
  }

  async begin(): Promise<void> {
    const clock = new VirtualClock();
    const control = new MemoryControl(clock);
    this.#control = control;
    await control.createTenant({ name: 'acme' });
    const { user, password, database } = this.postgres.connection;
    control.ticketUri = `postgresql://${user}:${password}@127.0.0.1:${this.port}/${database}`;
    const parts = await memoryApiParts({ clock, control });
    this.#api = await openApi({ ...parts, host: '127.0.0.1', port: 0 });
  }

  async end(): Promise<void> {
    await this.#api?.close();
    await this.postgres.sql('drop schema public cascade');
    await this.postgres.sql('create schema public');
  }
}

function there<T>(what: T | undefined): T {
  if (what === undefined) throw new Error('no test is running');
  return what;
}
