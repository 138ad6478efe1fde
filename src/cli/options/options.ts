/**
 * Every option of the program in one table.
 *
 * An option called `proxyPort` is the flag `--proxy-port`, the variable `DYNABASE_PROXY_PORT` and
 * the key `proxyPort` of `dynabase.config.json`; a flag wins over a variable, a variable over the
 * file, the file over the default. Secrets have no flag: other users of the machine can read the
 * arguments of a process.
 */
import {
  POLICY_PRESETS,
  PRICE_PRESETS,
  SESSIONS_MAX,
  SUSPEND_AFTER_MAX_MS,
  SUSPEND_AFTER_MIN_MS,
} from '../../contract/limits.ts';
import { ARCHIVE_OPTIONS } from './archive-options.ts';
import { BILLING_OPTIONS } from './billing-options.ts';
import type { Option } from './option.ts';
import {
  boolean,
  choice,
  duration,
  emails,
  host,
  integer,
  named,
  networks,
  path,
  port,
  profileName,
  text,
  uidRange,
  url,
} from './parse.ts';

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

export const OPTIONS = {
  dataDir: {
    parse: path,
    default: '~/.dynabase',
    value: 'dir',
    of: 'both',
    doc: 'Where DynaBase keeps everything',
  },
  config: {
    parse: path,
    value: 'file',
    of: 'both',
    doc: 'Configuration file; dynabase.config.json of the working directory if that is there',
  },
  json: { parse: boolean, default: 'false', of: 'both', doc: 'Print JSON' },
  apiUrl: {
    parse: url(['http:', 'https:']),
    value: 'url',
    of: 'client',
    doc: 'API of a server elsewhere; needs DYNABASE_API_KEY',
  },
  apiKey: { parse: text, of: 'client', secret: true, doc: 'Admin key of that server' },
  profile: {
    parse: profileName,
    value: 'name',
    of: 'client',
    doc: 'Server that "dynabase login" keeps under this name',
  },
  host: {
    parse: host,
    default: '127.0.0.1',
    value: 'host',
    of: 'server',
    doc: 'Address that PostgreSQL clients connect to',
  },
  proxyPort: {
    parse: port,
    default: '6432',
    value: 'port',
    of: 'server',
    doc: 'Port that PostgreSQL clients connect to',
  },
  apiHost: {
    parse: host,
    default: '127.0.0.1',
    value: 'host',
    of: 'server',
    doc: 'Address of the REST API',
  },
  apiPort: {
    parse: port,
    default: '6480',
    value: 'port',
    of: 'server',
    doc: 'Port of the REST API',
  },
  publicHost: {
    parse: host,
    default: 'localhost',
    value: 'host',
    of: 'server',
    doc: 'Host name that connection strings say',
  },
  webhooksToPrivate: {
    parse: boolean,
    default: 'false',
    of: 'server',
    doc: 'Send webhooks to private addresses and without TLS too',
  },
  suspendAfter: {
    parse: duration({ min: SUSPEND_AFTER_MIN_MS, max: SUSPEND_AFTER_MAX_MS }),
    value: 'duration',
    of: 'server',
    doc: 'Idle time before a tenant is suspended, where it has no setting of its own; as the policy says if not given',
  },
  policy: {
    parse: named(POLICY_PRESETS, path),
    default: 'adaptive',
    value: 'name|file',
    of: 'server',
    doc: `The rules of tiers and of staying awake: ${POLICY_PRESETS.join(', ')}, or a file`,
  },
  priceBook: {
    parse: named(PRICE_PRESETS, path),
    value: 'name|file',
    of: 'server',
    doc: 'Prices by which costs are reckoned: a preset, or a file, which becomes the book of its name; as it was if not given',
  },
  smtpUrl: {
    parse: url(['smtp:', 'smtps:']),
    of: 'server',
    secret: true,
    doc: 'Mail server for letters about budgets, such as smtp://user:password@mail.example.com:587',
  },
  mailFrom: {
    parse: text,
    value: 'address',
    of: 'server',
    doc: 'Whom those letters are from',
  },
  ...ARCHIVE_OPTIONS,
  ...BILLING_OPTIONS,
  snapshotEvery: {
    parse: named(['off'], duration({ min: SECOND_MS, max: 365 * DAY_MS })),
    value: 'duration',
    of: 'server',
    doc: 'Most that is lost with the machine, or "off"; as the policy says if not given',
  },
  wakeTimeout: {
    parse: duration({ min: SECOND_MS, max: DAY_MS }),
    default: '30s',
    value: 'duration',
    of: 'server',
    doc: 'Longest that a client waits for a waking tenant',
  },
  loginTimeout: {
    parse: duration({ min: SECOND_MS, max: DAY_MS }),
    default: '15s',
    value: 'duration',
    of: 'server',
    doc: 'Longest that a client may take to log in',
  },
  sessionsMax: {
    parse: integer({ min: 1, max: SESSIONS_MAX }),
    value: 'n',
    of: 'server',
    doc: 'Sessions that a tenant may have at once, parked ones too; 2,000 if not given',
  },
  sessionsMaxPerAddress: {
    parse: integer({ min: 1, max: 1_000_000 }),
    default: '1000',
    value: 'n',
    of: 'server',
    doc: 'Sessions that one client address may have at once',
  },
  sessionsMaxTotal: {
    parse: integer({ min: 1, max: 1_000_000 }),
    default: '10000',
    value: 'n',
    of: 'server',
    doc: 'Sessions at once, of all tenants',
  },
  backendsMax: {
    parse: integer({ min: 1, max: 10_000 }),
    value: 'n',
    of: 'server',
    doc: 'Sessions of a tenant that may be at work at once; what its size allows if not given',
  },
  parkAfter: {
    parse: duration({ min: 100, max: DAY_MS }),
    default: '10s',
    value: 'duration',
    of: 'server',
    doc: 'Idle time after which a session gives its backend to others',
  },
  queryWaitTimeout: {
    parse: duration({ min: SECOND_MS, max: DAY_MS }),
    default: '2m',
    value: 'duration',
    of: 'server',
    doc: 'Longest that a query waits for a backend',
  },
  maxPinIdle: {
    parse: duration({ min: SECOND_MS, max: 365 * DAY_MS }),
    default: '1h',
    value: 'duration',
    of: 'server',
    doc: 'Idle time after which a session that cannot be parked is ended, where its tenant says nothing',
  },
  proxyWorkers: {
    parse: integer({ min: 1, max: 64 }),
    default: '1',
    value: 'n',
    of: 'server',
    doc: 'Processes that serve the clients',
  },
  tlsCert: {
    parse: path,
    value: 'file',
    of: 'server',
    doc: 'Certificate chain in PEM; one is made at first start if not given',
  },
  tlsKey: { parse: path, value: 'file', of: 'server', doc: 'Private key of the certificate' },
  requireTls: {
    parse: boolean,
    default: 'false',
    of: 'server',
    doc: 'Refuse clients that do not encrypt',
  },
  httpInsecure: {
    parse: boolean,
    default: 'false',
    of: 'server',
    doc: 'Take SQL over HTTP unencrypted from other machines too: something before the server encrypts',
  },
  httpBytesMax: {
    parse: integer({ min: 1_024, max: 1_073_741_824 }),
    default: '10485760',
    value: 'bytes',
    of: 'server',
    doc: 'Longest body of a request of SQL over HTTP, and of its answer',
  },
  postgresBinDir: {
    parse: path,
    value: 'dir',
    of: 'server',
    doc: 'A PostgreSQL to use in place of the one that comes with DynaBase',
  },
  databaseUrl: {
    parse: url(['postgres:', 'postgresql:']),
    of: 'server',
    secret: true,
    alsoVariable: 'DATABASE_URL',
    doc: 'PostgreSQL for the catalog; a tenant of our own if not given',
  },
  husks: {
    parse: integer({ min: 0, max: 1_000 }),
    value: 'n',
    of: 'server',
    doc: 'Data directories kept ready for new tenants; as many as are expected if not given',
  },
  wakesAtOnce: {
    parse: integer({ min: 1, max: 10_000 }),
    value: 'n',
    of: 'server',
    doc: 'Tenants started at the same time; by the number of processors if not given',
  },
  uidRange: {
    parse: uidRange,
    default: '200000-299999',
    value: 'first-last',
    of: 'server',
    doc: 'User ids for tenants when started as root, one each',
  },
  detachComputes: {
    parse: boolean,
    default: 'false',
    of: 'server',
    doc: 'Leave tenants and their clients connected when the server ends, for the next one',
  },
  auditKeep: {
    parse: duration({ min: DAY_MS, max: 3_650 * DAY_MS }),
    default: '365d',
    value: 'duration',
    of: 'server',
    doc: 'How long entries of the audit log are kept',
  },
  dashboard: { parse: boolean, default: 'true', of: 'server', doc: 'Serve the dashboard at /' },
  publicUrl: {
    parse: url(['http:', 'https:']),
    value: 'url',
    of: 'server',
    doc: 'Where browsers reach the API, if not where it listens: https://db.example.com',
  },
  oidcIssuer: {
    parse: url(['http:', 'https:']),
    value: 'url',
    of: 'server',
    doc: 'OpenID provider that people log in with',
  },
  oidcClientId: {
    parse: text,
    value: 'id',
    of: 'server',
    doc: 'What that provider calls this server',
  },
  oidcClientSecretFile: {
    parse: path,
    value: 'file',
    of: 'server',
    doc: 'File with the secret that proves it there',
  },
  oidcAdmins: {
    parse: emails,
    value: 'list',
    of: 'server',
    doc: 'E-mail addresses of the first admins, with commas between',
  },
  trustedProxies: {
    parse: networks,
    value: 'list',
    of: 'server',
    doc: 'Proxies before the API that are believed who they ask for: addresses and networks, with commas between',
  },
  metricsTenants: {
    parse: integer({ min: 0, max: 1_000 }),
    default: '20',
    value: 'n',
    of: 'server',
    doc: 'Tenants with metrics of their own, those used most; the others are summed up',
  },
  statusPage: {
    parse: choice(['off', 'service', 'tenants']),
    default: 'service',
    value: 'who',
    of: 'server',
    doc: 'Whose public status page there is: off, service, or tenants too, each by a link of its own',
  },
  otlpUrl: {
    parse: url(['http:', 'https:']),
    value: 'url',
    of: 'server',
    doc: 'Collector of OpenTelemetry that traces are sent to: http://localhost:4318',
  },
  logLevel: {
    parse: choice(['debug', 'info', 'warn', 'error']),
    default: 'info',
    value: 'level',
    of: 'server',
    doc: 'How much goes to the log: debug, info, warn or error',
  },
} as const satisfies Readonly<Record<string, Option<unknown>>>;

type Table = typeof OPTIONS;

export type OptionName = keyof Table;

/** What an option reads to; null where it has no default and was not given. */
export type OptionValue<N extends OptionName> =
  | ReturnType<Table[N]['parse']>
  | (Table[N] extends { readonly default: string } ? never : null);

/** The values of all options. */
export type Options = { readonly [N in OptionName]: OptionValue<N> };

type NamesOf<Who> = { [N in OptionName]: Table[N]['of'] extends Who ? N : never }[OptionName];

export type ServerOptionName = NamesOf<'server' | 'both'>;
export type ClientOptionName = NamesOf<'client' | 'both'>;

/** What `up` takes. */
export type ServerOptions = Pick<Options, ServerOptionName>;

/** What every other command takes. */
export type ClientOptions = Pick<Options, ClientOptionName>;

export const optionNames = Object.keys(OPTIONS) as readonly OptionName[];

export const serverOptionNames = optionNames.filter(
  (name): name is ServerOptionName => OPTIONS[name].of !== 'client',
);

export const clientOptionNames = optionNames.filter(
  (name): name is ClientOptionName => OPTIONS[name].of !== 'server',
);

/** The row of an option, without what only its own type knows. */
export const optionOf = (name: OptionName): Option<unknown> => OPTIONS[name];

/** `proxyPort` as `--proxy-port`. */
export const flagOf = (name: OptionName): string => `--${words(name).join('-')}`;

/** `proxyPort` as `DYNABASE_PROXY_PORT`. */
export const variableOf = (name: OptionName): string =>
  `DYNABASE_${words(name).join('_').toUpperCase()}`;

const words = (name: string): readonly string[] =>
  name.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
