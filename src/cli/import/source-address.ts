/**
 * Where a PostgreSQL to import from is, and how to log in there.
 *
 * A password never stands among the arguments, where every user of the machine sees it: it comes from
 * `PGPASSWORD`, from the password file that psql uses too, or within a connection string that a
 * variable holds (`env:DATABASE_URL`).
 * Source: PostgreSQL docs, "Connection URIs", "The Password File".
 */
import { join } from 'node:path';
import { badOption, badRequest } from '../failure.ts';
import type { World } from '../world.ts';

export type SourceAddress = {
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password: string | undefined;
  readonly sslMode: SslMode;
  /** Whom to trust, in PEM; as the system says if not given. */
  readonly sslRootCert: string | undefined;
};

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

export type SslMode = (typeof SSL_MODES)[number];

const VARIABLE = 'env:';

/** Whether a file is not what is meant. */
export const isSource = (given: string): boolean =>
  /^postgres(?:ql)?:\/\//.test(given) || given.startsWith(VARIABLE);

/** Throws `BAD_OPTION`, `BAD_REQUEST`; never repeats what may hold a password. */
export async function sourceAddress(world: World, given: string): Promise<SourceAddress> {
  const { env } = world;
  const uri = parsedUri(given, env);
  const parameter = (name: string, variable: string): string | undefined =>
    uri.searchParams.get(name) ?? (env[variable] || undefined);
  const named = decoded(uri.hostname).replace(/^\[(.*)\]$/, '$1');
  const host = named === NO_HOST ? '' : named;
  const user = decoded(uri.username) || parameter('user', 'PGUSER') || env.USER || 'postgres';
  const place = {
    host: host || parameter('host', 'PGHOST') || 'localhost',
    port: Number(uri.port || parameter('port', 'PGPORT') || '5432'),
    user,
    database: decoded(uri.pathname.slice(1)) || parameter('dbname', 'PGDATABASE') || user,
  };
  const inUri = decoded(uri.password) || uri.searchParams.get('password') || undefined;
  const root = parameter('sslrootcert', 'PGSSLROOTCERT');
  return {
    ...place,
    password: inUri ?? (env.PGPASSWORD || (await passwordInFile(world, place))),
    sslMode: sslModeOf(parameter('sslmode', 'PGSSLMODE')),
    sslRootCert: root === undefined || root === 'system' ? undefined : await pem(world, root),
  };
}

function parsedUri(given: string, env: World['env']): URL {
  if (!given.startsWith(VARIABLE)) {
    const uri = read(given, 'the connection string');
    if (uri.password !== '' || uri.searchParams.has('password')) {
      throw badRequest(
        'other users of this machine can read a password in a command; set PGPASSWORD, or put the ' +
          'whole connection string into a variable and say env:NAME in its place',
      );
    }
    return uri;
  }
  const name = given.slice(VARIABLE.length);
  const value = env[name];
  if (value === undefined || value === '') throw badRequest(`the variable ${name} is not set`);
  return read(value, `the variable ${name}`);
}

/** PostgreSQL lets the host be left out, or be a parameter; the standard of URLs does not. */
const WITHOUT_HOST = /^(postgres(?:ql)?:\/\/(?:[^@/?#]*@)?)(?=[:/?#]|$)/;
const NO_HOST = 'left-out.invalid';

function read(text: string, what: string): URL {
  const uri = URL.parse(text.replace(WITHOUT_HOST, `$1${NO_HOST}`));
  if (uri === null || !/^postgres(?:ql)?:$/.test(uri.protocol)) {
    throw badRequest(`${what} is not one that begins with postgresql://`);
  }
  return uri;
}

function sslModeOf(given: string | undefined): SslMode {
  const mode = SSL_MODES.find((known) => known === (given ?? 'prefer'));
  if (mode === undefined) throw badOption('sslmode', `is not one of ${SSL_MODES.join(', ')}`);
  return mode;
}

async function pem(world: World, path: string): Promise<string> {
  const text = await world.readText(path).catch(() => undefined);
  if (text === undefined) throw badOption('sslrootcert', `${path} cannot be read`);
  return text;
}

type Place = Pick<SourceAddress, 'host' | 'port' | 'user' | 'database'>;

/** Of the first line that fits: `host:port:database:user:password`, where `*` fits all. */
async function passwordInFile(world: World, place: Place): Promise<string | undefined> {
  const path = world.env.PGPASSFILE || join(world.homeDir, '.pgpass');
  const text = await world.readText(path).catch(() => undefined);
  const host = place.host.startsWith('/') ? 'localhost' : place.host;
  const wanted = [host, String(place.port), place.database, place.user];
  for (const line of (text ?? '').split('\n')) {
    if (line.startsWith('#')) continue;
    const [fields, password] = fieldsOf(line);
    if (password === undefined) continue;
    if (wanted.every((value, i) => fields[i] === '*' || fields[i] === value)) return password;
  }
  return undefined;
}

/** A backslash takes the meaning from a colon or a backslash. */
function fieldsOf(line: string): readonly [readonly string[], string | undefined] {
  const fields = line
    .trimEnd()
    .split(/(?<!\\)(?:\\\\)*:/)
    .map((field) => field.replaceAll(/\\(.)/g, '$1'));
  return [fields, fields[4]];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badRequest('the connection string has a "%" that stands for nothing; write it as %25');
  }
}
