/**
 * Debian's Prometheus with the rules of `deploy/prometheus`, scraping a real server every second.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually } from './eventually.ts';
import { runs } from './installed.ts';

const RULES = resolve(import.meta.dirname, '../../deploy/prometheus');

export const hasPrometheus = (): boolean =>
  runs('prometheus', '--version') && runs('promtool', '--version');

export type RealPrometheus = AsyncDisposable & {
  /** How many samples an expression has now. Throws what Prometheus has against it. */
  count(expression: string): Promise<number>;
};

export async function realPrometheus(server: {
  readonly apiUrl: string;
  readonly apiKey: string;
}): Promise<RealPrometheus> {
  const dir = await mkdtemp(join(tmpdir(), 'dynabase-prometheus-'));
  const given = await readFile(join(RULES, 'prometheus.yml'), 'utf8');
  const config = given
    .replaceAll('15s', '1s')
    .replace('localhost:6480', new URL(server.apiUrl).host)
    .replaceAll(/^ {2}- (\w+\.yml)$/gm, (_, name) => `  - ${join(RULES, name)}`);
  await writeFile(join(dir, 'prometheus.yml'), config);
  await writeFile(join(dir, 'dynabase.key'), server.apiKey, { mode: 0o600 });
  const port = await freePort();
  const process = spawn(
    'prometheus',
    [
      `--config.file=${join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  );
  const count = async (expression: string): Promise<number> => {
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const answer = (await (await fetch(url)).json()) as {
      readonly error?: string;
      readonly data?: { readonly result: readonly unknown[] };
    };
    if (answer.error !== undefined) throw new Error(`${expression}: ${answer.error}`);
    return answer.data?.result.length ?? 0;
  };
  await eventually(
    'Prometheus answers',
    async () => (await count('vector(1)').catch(() => 0)) === 1,
  );
  return {
    count,
    [Symbol.asyncDispose]: async () => {
      await ended(process);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function ended(process: ChildProcess): Promise<void> {
  const over = new Promise<void>((done) => process.once('close', () => done()));
  process.kill('SIGKILL');
  return over;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
