/** How clients of many kinds connect to a tenant, in the words of each. */
import { hostInUri, type ProxyAddress, percentEncoded, uriOf } from './connection-uri.ts';

/** Stands where the password goes, which is known to nobody here. */
export const PASSWORD_PLACE = 'YOUR_PASSWORD';

export type Connecting = {
  readonly proxy: ProxyAddress;
  readonly user: string;
  readonly database: string;
  /** With a backend for a transaction at a time. */
  readonly pooled: boolean;
  /** Clients that do not encrypt are refused. */
  readonly requireTls: boolean;
};

export type ConnectionForm = {
  readonly kind: string;
  readonly title: string;
  readonly language: string;
  readonly text: string;
};

/** What the proxy is told in `options`, where it is to pool. */
const POOLED = '-c dynabase.pool=transaction';

/** Every form there is, the most common first. */
export function connectionForms(to: Connecting): readonly ConnectionForm[] {
  return [...ofTools(to), ...ofNode(to), ...ofOthers(to), ...ofMappers(to)];
}

const form = (kind: string, title: string, language: string, text: string): ConnectionForm => ({
  ...{ kind, title, language, text },
});

function ofTools(to: Connecting): readonly ConnectionForm[] {
  const { user, database } = to;
  return [
    form('uri', 'Connection URI', 'text', libpqUri(to)),
    form('psql', 'psql', 'sh', `psql ${shellQuoted(libpqUri(to))}`),
    form('libpq', 'libpq keywords', 'text', keywords(to)),
    form('environment', 'Environment variables', 'sh', environment(to)),
    form(
      'docker',
      'Docker',
      'sh',
      `docker run -it --rm --network host postgres psql ${shellQuoted(libpqUri(to))}`,
    ),
    form(
      'parameters',
      'Host, port, user and database',
      'text',
      [`host: ${to.proxy.host}`, `port: ${to.proxy.port}`, `user: ${user}`, `database: ${database}`]
        .concat(`password: ${PASSWORD_PLACE}`)
        .join('\n'),
    ),
  ];
}

function ofNode(to: Connecting): readonly ConnectionForm[] {
  const uri = js(nodeUri(to));
  const { host, port } = to.proxy;
  const at = `${hostInUri(host)}:${port}`;
  const neon = js(bareUri(to));
  return [
    form(
      'node-postgres',
      'Node.js (pg)',
      'js',
      `import pg from 'pg';\n\nconst pool = new pg.Pool({\n  connectionString: ${uri},\n});\n`,
    ),
    form(
      'postgres.js',
      'Node.js (postgres.js)',
      'js',
      `import postgres from 'postgres';\n\nconst sql = postgres(${postgresJs(to)});\n`,
    ),
    form(
      'neon-http',
      'Serverless (@neondatabase/serverless over HTTP)',
      'js',
      "import { neon, neonConfig } from '@neondatabase/serverless';\n\n" +
        `neonConfig.fetchEndpoint = () => ${js(`${httpOf(to)}://${at}/sql`)};\nconst sql = neon(${neon});\n`,
    ),
    form(
      'neon-websocket',
      'Serverless (@neondatabase/serverless over WebSocket)',
      'js',
      "import { neonConfig, Pool } from '@neondatabase/serverless';\n\n" +
        `neonConfig.wsProxy = () => ${js(`${at}/v2`)};\n` +
        `neonConfig.useSecureWebSocket = ${httpOf(to) === 'https'};\n` +
        'neonConfig.pipelineConnect = false;\n' +
        `const pool = new Pool({ connectionString: ${neon} });\n`,
    ),
  ];
}

function ofOthers(to: Connecting): readonly ConnectionForm[] {
  const uri = libpqUri(to);
  return [
    form(
      'psycopg',
      'Python (psycopg)',
      'python',
      `import psycopg\n\nconnection = psycopg.connect(${js(uri)})\n`,
    ),
    form(
      'sqlalchemy',
      'Python (SQLAlchemy 2)',
      'python',
      'from sqlalchemy import create_engine\n\n' +
        `engine = create_engine(${js(uri.replace(/^postgresql:/, 'postgresql+psycopg:'))})\n`,
    ),
    form('jdbc', 'Java (JDBC)', 'text', jdbc(to)),
    form(
      'pgx',
      'Go (pgx)',
      'go',
      `connection, err := pgx.Connect(context.Background(), ${js(uri)})\n`,
    ),
    form('npgsql', '.NET (Npgsql)', 'text', npgsql(to)),
    form(
      'ruby',
      'Ruby (pg)',
      'ruby',
      `require 'pg'\n\nconnection = PG.connect(${rubyQuoted(uri)})\n`,
    ),
    form('php', 'PHP (PDO)', 'php', pdo(to)),
    form('sqlx', 'Rust (sqlx)', 'rust', `let pool = sqlx::PgPool::connect(${js(uri)}).await?;\n`),
  ];
}

function ofMappers(to: Connecting): readonly ConnectionForm[] {
  const uri = js(nodeUri(to));
  return [
    form('prisma-env', 'Prisma (.env)', 'sh', `DATABASE_URL=${js(prismaUri(to))}\n`),
    form(
      'prisma-schema',
      'Prisma (schema.prisma)',
      'prisma',
      'datasource db {\n  provider = "postgresql"\n  url      = env("DATABASE_URL")\n}\n',
    ),
    form(
      'drizzle',
      'Drizzle',
      'js',
      `import { drizzle } from 'drizzle-orm/node-postgres';\n\nconst db = drizzle(${uri});\n`,
    ),
    form(
      'kysely',
      'Kysely',
      'js',
      "import { Kysely, PostgresDialect } from 'kysely';\nimport pg from 'pg';\n\n" +
        'const db = new Kysely({\n  dialect: new PostgresDialect({\n' +
        `    pool: new pg.Pool({ connectionString: ${uri} }),\n  }),\n});\n`,
    ),
  ];
}

/** Without anything behind the database. */
const bareUri = (to: Connecting): string => uriWith(to, []);

/** The certificate of the server may be its own, which `require` encrypts with and does not look into. */
const libpqUri = (to: Connecting): string =>
  uriWith(to, [...(to.requireTls ? [['sslmode', 'require'] as const] : []), ...pooling(to)]);

/** `pg` takes `require` for more than libpq does. */
const nodeUri = (to: Connecting): string =>
  uriWith(to, [...(to.requireTls ? [['sslmode', 'no-verify'] as const] : []), ...pooling(to)]);

/** Its own reader of URIs leaves the name of the database as it is encoded. */
const postgresJs = ({ proxy, user, database, ...to }: Connecting): string =>
  JSON.stringify(
    {
      ...{ host: proxy.host, port: proxy.port, database },
      ...{ user, password: PASSWORD_PLACE },
      ...(to.requireTls ? { ssl: 'require' } : {}),
      ...(to.pooled ? { connection: { options: POOLED } } : {}),
    },
    null,
    2,
  );

/** Prisma prepares statements, unless it is told of a pool. */
const prismaUri = (to: Connecting): string =>
  uriWith(to, [
    ...(to.requireTls ? [['sslmode', 'require'] as const] : []),
    ...pooling(to),
    ...(to.pooled ? [['pgbouncer', 'true'] as const] : []),
  ]);

type Pair = readonly [name: string, value: string];

const pooling = ({ pooled }: Connecting): readonly Pair[] => (pooled ? [['options', POOLED]] : []);

function uriWith({ proxy, user, database }: Connecting, pairs: readonly Pair[]): string {
  const query = pairs.map(([name, value]) => `${name}=${percentEncoded(value)}`).join('&');
  return uriOf(proxy, { user, password: PASSWORD_PLACE, database }, query);
}

function parameters({ proxy, user, database, ...to }: Connecting): readonly Pair[] {
  return [
    ['host', proxy.host],
    ['port', `${proxy.port}`],
    ['user', user],
    ['password', PASSWORD_PLACE],
    ['dbname', database],
    ...(to.requireTls ? [['sslmode', 'require'] as const] : []),
    ...(to.pooled ? [['options', POOLED] as const] : []),
  ];
}

const keywords = (to: Connecting): string =>
  parameters(to)
    .map(([name, value]) => `${name}=${keywordQuoted(value)}`)
    .join(' ');

const VARIABLES: Readonly<Record<string, string>> = {
  host: 'PGHOST',
  port: 'PGPORT',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  dbname: 'PGDATABASE',
  sslmode: 'PGSSLMODE',
  options: 'PGOPTIONS',
};

const environment = (to: Connecting): string =>
  parameters(to)
    .map(([name, value]) => `export ${VARIABLES[name]}=${shellQuoted(value)}`)
    .join('\n');

function jdbc({ proxy, user, database, ...to }: Connecting): string {
  const query: readonly Pair[] = [
    ['user', user],
    ['password', PASSWORD_PLACE],
    ...(to.requireTls ? [['sslmode', 'require'] as const] : []),
    // Statements are not prepared by name where the next one may meet another backend.
    ...(to.pooled ? [['options', POOLED] as const, ['prepareThreshold', '0'] as const] : []),
  ];
  const behind = query.map(([name, value]) => `${name}=${percentEncoded(value)}`).join('&');
  const at = `${hostInUri(proxy.host)}:${proxy.port}`;
  return `jdbc:postgresql://${at}/${percentEncoded(database)}?${behind}`;
}

const npgsql = ({ proxy, user, database, ...to }: Connecting): string =>
  [
    ['Host', proxy.host],
    ['Port', `${proxy.port}`],
    ['Username', user],
    ['Password', PASSWORD_PLACE],
    ['Database', database],
    ...(to.requireTls ? [['SSL Mode', 'Require']] : []),
    ...(to.pooled ? [['Options', POOLED]] : []),
  ]
    .map(([name, value = '']) => `${name}=${dotnetQuoted(value)}`)
    .join(';');

function pdo({ user, ...to }: Connecting): string {
  const said = parameters({ user, ...to }).filter(
    ([name]) => name !== 'user' && name !== 'password',
  );
  // PDO makes spaces of the semicolons, and libpq reads the rest.
  const dsn = `pgsql:${said.map(([name, value]) => `${name}=${keywordQuoted(value)}`).join(';')}`;
  return `$db = new PDO(${phpQuoted(dsn)}, ${phpQuoted(user)}, ${phpQuoted(PASSWORD_PLACE)});\n`;
}

/** Only this machine is told anything that is not encrypted. */
const httpOf = ({ requireTls, proxy }: Connecting): 'http' | 'https' =>
  !requireTls && /^(localhost|127\.|::1$)/.test(proxy.host) ? 'http' : 'https';

/** A literal that JavaScript, Python, Go and Rust read alike: names are percent-encoded in it. */
const js = (text: string): string => JSON.stringify(text);

/** Nothing in single quotes means anything to a shell. */
const shellQuoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** Source: PostgreSQL, "Keyword/Value Connection Strings". */
const keywordQuoted = (text: string): string =>
  /^[\w.:/-]+$/.test(text) ? text : `'${text.replaceAll(/['\\]/g, '\\$&')}'`;

const dotnetQuoted = (text: string): string =>
  /^[\w.:/-]+$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`;

const rubyQuoted = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;

const phpQuoted = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
