/**
 * Finds the server: an address or a profile of a remote one, or the data directory of a local one, where `up` leaves `server.json` (address, no secret) and `api-key` (owner only).
 */
import { join } from 'node:path';
import { DynaBase } from '../sdk/client.ts';
import { type DynaBaseError, unreachable } from '../sdk/error.ts';
import { loginNamed, PROFILE_DEFAULT, readLogins } from './credentials.ts';
import { badOption } from './failure.ts';
import { type ClientOptions, clientOptionNames, type OptionName } from './options/options.ts';
import { readConfigFile, readOptions, type Sources, sourceOf } from './options/read-options.ts';
import type { World } from './world.ts';

/** Fewer repeats than a program would want: a person waits. */
const RETRIES_MAX = 2;

/** What `up` writes for us; it holds more. */
export const SERVER_FILE = 'server.json';
export const KEY_FILE = 'api-key';

export type Connection = { readonly apiUrl: string; readonly apiKey: string };

/** The options that every command but `up` takes, from all their sources. */
export async function readClientOptions(
  world: World,
  flags: Readonly<Record<string, unknown>>,
): Promise<{ readonly options: ClientOptions; readonly sources: Sources }> {
  const { env, homeDir, cwd } = world;
  const sources = { flags, env, homeDir, cwd, file: await readConfigFile(world, flags) };
  return { options: readOptions(sources, clientOptionNames), sources };
}

/** A client of the server that the options name. Throws `SERVER_UNREACHABLE`, `BAD_OPTION`. */
export async function connect(
  world: World,
  flags: Readonly<Record<string, unknown>>,
  retriesMax = RETRIES_MAX,
): Promise<DynaBase> {
  const found = await findServer(world, flags);
  return new DynaBase({ ...found, fetch: world.fetch, retriesMax });
}

/**
 * The first that is named, in this order: by flag `--api-url`, `--profile`, `--data-dir`; by variable
 * `DYNABASE_API_URL`, `DYNABASE_PROFILE`, `DYNABASE_DATA_DIR`; by the same keys of the configuration
 * file; the profile "default" if somebody logged in; the data directory of who starts a server here.
 */
export async function findServer(
  world: World,
  flags: Readonly<Record<string, unknown>>,
): Promise<Connection> {
  const { options, sources } = await readClientOptions(world, flags);
  for (const from of ['flag', 'variable', 'file'] as const) {
    const isNamed = (name: OptionName) => sourceOf(sources, name) === from;
    if (isNamed('apiUrl') && options.apiUrl !== null) return remote(options, sources);
    if (isNamed('profile') && options.profile !== null) return loginNamed(world, options.profile);
    if (isNamed('dataDir')) return findLocal(world, options.dataDir);
  }
  const usual = (await readLogins(world)).get(PROFILE_DEFAULT);
  return usual ?? findLocal(world, options.dataDir);
}

function remote({ apiUrl, apiKey }: ClientOptions, sources: Sources): Connection {
  if (apiUrl === null || apiKey === null) {
    throw badOption(
      'DYNABASE_API_KEY',
      'must be set to the admin key of the server at the API URL',
    );
  }
  // Else a file in a directory that somebody else filled could send our key to him.
  if (sourceOf(sources, 'apiUrl') === 'file' && sourceOf(sources, 'apiKey') !== 'file') {
    throw badOption('apiUrl', 'in a configuration file needs apiKey beside it');
  }
  return { apiUrl, apiKey };
}

async function findLocal(world: World, dataDir: string): Promise<Connection> {
  const written = await world.readText(join(dataDir, SERVER_FILE)).catch(() => undefined);
  if (written === undefined) throw unreachable('nothing runs on this data directory');
  const apiUrl = apiUrlIn(written);
  if (apiUrl === undefined) throw unreachable('its data directory is not readable');
  const key = await world.readText(join(dataDir, KEY_FILE)).catch(() => undefined);
  if (key === undefined) throw noKey();
  return { apiUrl, apiKey: key.trim() };
}

function apiUrlIn(written: string): string | undefined {
  try {
    const read: unknown = JSON.parse(written);
    if (typeof read !== 'object' || read === null || !('apiUrl' in read)) return undefined;
    return typeof read.apiUrl === 'string' ? read.apiUrl : undefined;
  } catch {
    return undefined;
  }
}

const noKey = (): DynaBaseError =>
  badOption(
    'DYNABASE_API_KEY',
    'the key file of the data directory cannot be read; run this as the user who started the ' +
      'server, or set the variable',
  );
