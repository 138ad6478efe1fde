/** `dynabase up`: opens the server, says where it is, and closes it when it is told to end. */
import type { ServerOptions } from '../cli/options.ts';
import type { World } from '../cli/world.ts';
import { SystemClock } from '../system/clock.ts';
import { parseFailpoints } from '../system/failpoints.ts';
import { openLog } from '../system/log.ts';
import { SystemRandom } from '../system/random.ts';
import { openServer, type Server } from './server.ts';

const END_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** What a shell reports of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

export async function up(options: ServerOptions, world: World, version: string): Promise<void> {
  const { stdout, stderr } = world;
  const say = (line: string): void => {
    stdout.write(`${line}\n`);
  };
  const told = endSignal();
  say(options.json ? '' : `DynaBase ${version}`);
  const server = await openServer({
    options,
    version,
    clock: new SystemClock(),
    random: new SystemRandom(),
    log: openLog(stderr, options.logLevel),
    failpoints: parseFailpoints(world.env.DYNABASE_FAILPOINT, () =>
      process.kill(process.pid, 'SIGKILL'),
    ),
    progress: (step) => say(`  ${step} ...`),
  });
  for (const line of greeting(server, options)) say(line);
  say('ready');
  const signal = await told;
  say(`${signal}: stopping`);
  process.once('SIGINT', () => process.exit(INTERRUPTED));
  await server.close({ detach: options.detachComputes });
  say('stopped');
}

function endSignal(): Promise<NodeJS.Signals> {
  return new Promise((done) => {
    for (const signal of END_SIGNALS) process.once(signal, () => done(signal));
  });
}

function greeting(server: Server, options: ServerOptions): readonly string[] {
  const { publicHost } = options;
  const host = publicHost.includes(':') ? `[${publicHost}]` : publicHost;
  const rows = [
    ['engine', `PostgreSQL ${server.engineVersion}, ${server.tenantCount} tenants`],
    ['isolation', server.isolation],
    ...server.warnings.map((warning) => ['warning', warning] as const),
    ['API', `${server.apiUrl} (reference at ${server.apiUrl}/docs)`],
    ['API key', server.apiKeyFile],
    ['connect', `postgresql://NAME:PASSWORD@${host}:${server.proxyPort}/NAME`],
    ['begin', 'npx dynabase tenants create NAME'],
  ] as const;
  return rows.map(([label, text]) => `  ${label.padEnd(10)} ${text}`);
}
