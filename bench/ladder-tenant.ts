/** A tenant of a given size behind the front door, and the same PostgreSQL on a copy of its files. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TenantSecret } from '../src/sdk/index.ts';
import { eventually } from '../src/testing/eventually.ts';
import { type RealServer, realServer } from '../src/testing/real-server.ts';
import { type BareCommand, firstRow, learnCommand, startBare, stopBare } from './bare-postgres.ts';
import { timed } from './measure.ts';
import { fillTenant, type Question } from './sized-tenant.ts';

const run = promisify(execFile);

const HUSKS = 2;

/** What a customer with so much data would have. */
const planFor = (mb: number) => (mb === 0 ? 'free' : mb <= 100 ? 'starter' : 'professional');

export class LadderBench {
  readonly server: RealServer;

  private constructor(server: RealServer) {
    this.server = server;
  }

  static async open(): Promise<LadderBench> {
    const rest = ['--suspend-after', '1h', '--snapshot-every', 'off', '--husks', `${HUSKS}`];
    return new LadderBench(await realServer({ args: ['--log-level', 'error', ...rest] }));
  }

  /** Asleep, its files here and in a copy for `by hand`. */
  async newTenant(mb: number): Promise<LadderTenant> {
    const { server } = this;
    const secret = await server.client.tenants.create({ name: `sized-${mb}`, plan: planFor(mb) });
    const uri = server.uri({ role: secret.name, password: secret.password });
    const rows = mb === 0 ? 0 : await fillTenant(uri, mb);
    await server.client.tenants.wake(secret.name);
    const learned = await learnCommand(join(server.dataDir, 'tenants', secret.id));
    await server.client.tenants.suspend(secret.name);
    const root = join(server.dataDir, 'tenants', secret.id);
    const copy = join(server.dataDir, 'copies', secret.id);
    await mkdir(join(server.dataDir, 'copies'), { recursive: true });
    await run('cp', ['-a', root, copy]);
    const command = { ...learned, dataDir: join(copy, 'data'), socketDir: join(copy, 'run') };
    return new LadderTenant(server, { secret, rows, mb, uri, root, copy, command });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

type LadderTenantParts = {
  readonly secret: TenantSecret;
  readonly rows: number;
  readonly mb: number;
  readonly uri: string;
  readonly root: string;
  readonly copy: string;
  readonly command: BareCommand;
};

export class LadderTenant {
  readonly server: RealServer;
  readonly #parts: LadderTenantParts;

  constructor(server: RealServer, parts: LadderTenantParts) {
    this.server = server;
    this.#parts = parts;
  }

  get label(): string {
    const { mb } = this.#parts;
    return mb === 0 ? 'empty' : mb < 1000 ? `${mb} MB` : `${mb / 1000} GB`;
  }

  get rows(): number {
    return this.#parts.rows;
  }

  get name(): string {
    return this.#parts.secret.name;
  }

  /** Its PGDATA, and that of the copy. */
  get places(): { readonly door: string; readonly hand: string } {
    const { root, copy } = this.#parts;
    return { door: join(root, 'data'), hand: join(copy, 'data') };
  }

  get hotList(): string {
    return join(this.#parts.root, 'hot-list');
  }

  /** Connect, SCRAM and the answer, through the front door; ms. */
  ask({ text, values }: Question): Promise<number> {
    return timed(() => firstRow(this.#parts.uri, text, values));
  }

  suspend(): Promise<unknown> {
    return this.server.client.tenants.suspend(this.name);
  }

  wake(): Promise<unknown> {
    return this.server.client.tenants.wake(this.name);
  }

  /** The start of the copy and the same answer, over its own socket; ms. */
  async askByHand(question: Question): Promise<number> {
    const start = performance.now();
    const stop = await this.startByHand();
    await this.#askCopy(question);
    const took = performance.now() - start;
    await stop();
    return took;
  }

  async startByHand(): Promise<() => Promise<void>> {
    const child = await startBare(this.#parts.command);
    return () => stopBare(child);
  }

  /** Of a copy that runs; ms. */
  askRunningByHand(question: Question): Promise<number> {
    return timed(() => this.#askCopy(question));
  }

  #askCopy({ text, values }: Question): Promise<void> {
    const { command, secret } = this.#parts;
    const { name, password } = secret;
    const login = { host: command.socketDir, user: name, database: name, password };
    return firstRow(login, text, values);
  }

  /** Those that were claimed are made anew; they must not be made while something is measured. */
  async husksReady(): Promise<void> {
    const husks = join(this.server.dataDir, 'husks');
    await eventually('the husks are ready', async () => {
      const names = await readdir(husks);
      return names.length >= HUSKS && !names.some((name) => name.startsWith('making-'));
    });
  }

  async remove(): Promise<void> {
    await this.server.client.tenants.delete(this.name);
    await rm(this.#parts.copy, { recursive: true, force: true });
  }
}
