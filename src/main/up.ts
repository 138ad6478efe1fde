/** `dynabase up`: opens the server, says where it is, and closes it when it is told to end. */
import { join } from 'node:path';
import type { ServerOptions } from '../cli/options/options.ts';
import type { World } from '../cli/world.ts';
import { COUNT_EVERY } from '../control/quotas/quota-keeper.ts';
import { ms } from '../domain/units.ts';
import { SystemClock } from '../system/clock.ts';
import { parseFailpoints } from '../system/failpoints.ts';
import { forPeople, openLog } from '../system/log.ts';
import { SystemRandom } from '../system/random.ts';
import { openServer, type Server } from './server.ts';

const END_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** The interval itself means nothing. */
const KEEP_ALIVE_MS = 60_000;

/** What a shell reports of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

export async function up(options: ServerOptions, world: World, version: string): Promise<void> {
  // Our clock's timers keep no process alive, so that a forgotten one cannot hold up the end.
  const alive = setInterval(() => {}, KEEP_ALIVE_MS);
  try {
    await serve(options, world, version);
  } finally {
    clearInterval(alive);
  }
}

async function serve(options: ServerOptions, world: World, version: string): Promise<void> {
  const { stdout, stderr } = world;
  const say = (line: string): void => {
    stdout.write(`${line}\n`);
  };
  const narrate = options.json ? () => {} : say;
  const told = endSignal();
  narrate(`DynaBase ${version}`);
  const server = await openServer({
    options,
    version,
    clock: new SystemClock(),
    random: new SystemRandom(),
    log: openLog(stderr.isTTY === true ? forPeople(stderr) : stderr, options.logLevel),
    failpoints: parseFailpoints(world.env.DYNABASE_FAILPOINT, () =>
      process.kill(process.pid, 'SIGKILL'),
    ),
    chaosPark: world.env.DYNABASE_CHAOS_PARK === '1',
    // Tests only, as the two above.
    countEvery: ms(Number(world.env.DYNABASE_COUNT_EVERY_MS ?? COUNT_EVERY)),
    progress: (step) => narrate(`  ${step} ...`),
  });
  if (options.json) say(JSON.stringify(describe(server, options)));
  else for (const line of greeting(server, options, world.homeDir)) say(line);
  say('ready');
  const signal = await told;
  narrate(`${signal}: stopping`);
  process.once('SIGINT', () => process.exit(INTERRUPTED));
  await server.close({ detach: options.detachComputes });
  narrate('stopped');
}

function endSignal(): Promise<NodeJS.Signals> {
  return new Promise((done) => {
    for (const signal of END_SIGNALS) process.once(signal, () => done(signal));
  });
}

/** What a program that starts the server wants to know. */
const describe = (server: Server, options: ServerOptions) => ({
  apiUrl: server.apiUrl,
  apiKeyFile: server.apiKeyFile,
  connectionExample: connectionExample(server, options),
  engine: server.status.engine,
  isolation: server.status.isolation,
  warnings: server.status.warnings,
});

function greeting(server: Server, options: ServerOptions, homeDir: string): readonly string[] {
  const { status } = server;
  const tenants = Object.values(status.tenants).reduce((sum, count) => sum + count, 0);
  const rows = [
    ['engine', `PostgreSQL ${status.engine.version}`],
    ['tenants', `${tenants}, ${status.tenants.running} awake`],
    ['isolation', status.isolation],
    ...status.warnings.map((warning) => ['warning', warning] as const),
    ['API', `${server.apiUrl}/v1, reference at ${server.apiUrl}/docs`],
    ...(options.dashboard
      ? [['dashboard', `${server.apiUrl}/, to log in with the key`] as const]
      : []),
    ['API key', server.apiKeyFile],
    ['connect', connectionExample(server, options)],
    ['begin', `npx dynabase tenants create NAME${elsewhere(options, homeDir)}`],
  ] as const;
  return rows.map(([label, text]) => `  ${label.padEnd(10)} ${text}`);
}

/** Other commands find the server by its data directory; they must be told one that is not usual. */
const elsewhere = ({ dataDir }: ServerOptions, homeDir: string): string =>
  dataDir === join(homeDir, '.dynabase') ? '' : ` --data-dir ${shellWord(dataDir)}`;

/** `text` as a shell takes it for one word. */
const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

function connectionExample({ proxyPort }: Server, { publicHost }: ServerOptions): string {
  const host = publicHost.includes(':') ? `[${publicHost}]` : publicHost;
  return `postgresql://NAME:PASSWORD@${host}:${proxyPort}/NAME`;
}
