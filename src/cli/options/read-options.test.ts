import { describe, expect, test } from 'vitest';
import { fakeWorld } from '../../testing/fake-world.ts';
import { flagOf, optionNames, optionOf, serverOptionNames, variableOf } from './options.ts';
import { readConfigFile, readOptions, type Sources, sourceOf } from './read-options.ts';

const sources = (more: Partial<Sources> = {}): Sources => ({
  flags: {},
  env: {},
  file: null,
  homeDir: '/home/me',
  cwd: '/work',
  ...more,
});

const file = (values: Record<string, string>) => ({ path: '/etc/db/dynabase.config.json', values });

describe('precedence', () => {
  const all = sources({
    flags: { proxyPort: '1' },
    env: { DYNABASE_PROXY_PORT: '2', DYNABASE_API_PORT: '2' },
    file: file({ proxyPort: '3', apiPort: '3', husks: '3' }),
  });

  test('a flag wins over a variable, a variable over the file, the file over the default', () => {
    expect(readOptions(all, ['proxyPort', 'apiPort', 'husks', 'logLevel'])).toEqual({
      proxyPort: 1,
      apiPort: 2,
      husks: 3,
      logLevel: 'info',
    });
    const names = ['proxyPort', 'apiPort', 'husks', 'logLevel', 'tlsCert'] as const;
    expect(names.map((name) => sourceOf(all, name))).toEqual([
      'flag',
      'variable',
      'file',
      'default',
      undefined,
    ]);
  });

  test('an empty variable is none', () => {
    const given = sources({ env: { DYNABASE_PROXY_PORT: '' } });
    expect(readOptions(given, ['proxyPort'])).toEqual({ proxyPort: 6432 });
  });

  test('our own variable wins over the common one', () => {
    const common = { DATABASE_URL: 'postgres://common/db' };
    expect(readOptions(sources({ env: common }), ['databaseUrl'])).toEqual({
      databaseUrl: 'postgres://common/db',
    });
    const both = { ...common, DYNABASE_DATABASE_URL: 'postgres://own/db' };
    expect(readOptions(sources({ env: both }), ['databaseUrl'])).toEqual({
      databaseUrl: 'postgres://own/db',
    });
  });

  test.each(['postgresql:///db?host=/run/postgresql', 'postgres://me:p@/db?host=/run/postgresql'])(
    'a database behind a socket is named as libpq has it: %s',
    (databaseUrl) => {
      const env = { DYNABASE_DATABASE_URL: databaseUrl };
      expect(readOptions(sources({ env }), ['databaseUrl'])).toEqual({ databaseUrl });
    },
  );

  test('a secret is never taken from the command line', () => {
    const given = sources({ flags: { databaseUrl: 'postgres://flag/db' } });
    expect(readOptions(given, ['databaseUrl'])).toEqual({ databaseUrl: null });
  });

  test('a relative path begins where it was written', () => {
    const given = sources({
      flags: { dataDir: 'data' },
      file: file({ tlsCert: 'cert.pem', tlsKey: '~/key.pem' }),
    });
    expect(readOptions(given, ['dataDir', 'tlsCert', 'tlsKey'])).toEqual({
      dataDir: '/work/data',
      tlsCert: '/etc/db/cert.pem',
      tlsKey: '/home/me/key.pem',
    });
  });
});

test('the defaults are what the reference says', () => {
  expect(readOptions(sources(), serverOptionNames)).toEqual({
    dataDir: '/home/me/.dynabase',
    config: null,
    json: false,
    host: '127.0.0.1',
    proxyPort: 6432,
    apiHost: '127.0.0.1',
    apiPort: 6480,
    publicHost: 'localhost',
    suspendAfter: null,
    policy: 'adaptive',
    archiveDir: null,
    archiveUrl: null,
    auditKeep: 31_536_000_000,
    archiveRegion: null,
    archiveAccessKeyId: null,
    archiveSecretAccessKey: null,
    archiveSessionToken: null,
    archiveKey: null,
    archiveKeyFile: null,
    archiveAfter: null,
    snapshotEvery: null,
    wakeTimeout: 30_000,
    loginTimeout: 15_000,
    sessionsMax: null,
    sessionsMaxPerAddress: 1_000,
    sessionsMaxTotal: 10_000,
    backendsMax: null,
    parkAfter: 10_000,
    queryWaitTimeout: 120_000,
    maxPinIdle: 3_600_000,
    proxyWorkers: 1,
    tlsCert: null,
    tlsKey: null,
    requireTls: false,
    httpInsecure: false,
    httpBytesMax: 10_485_760,
    postgresBinDir: null,
    databaseUrl: null,
    husks: null,
    wakesAtOnce: null,
    webhooksToPrivate: false,
    ...{ publicUrl: null, oidcIssuer: null, oidcClientId: null },
    ...{ oidcClientSecretFile: null, oidcAdmins: null, trustedProxies: null },
    uidRange: { first: 200_000, last: 299_999 },
    detachComputes: false,
    dashboard: true,
    ...{ metricsTenants: 20, statusPage: 'service', otlpUrl: null },
    ...{ priceBook: null, smtpUrl: null, mailFrom: null, stripeUrl: null },
    ...{ stripeKey: null, stripeKeyFile: null },
    ...{ stripeWebhookSecret: null, stripeWebhookSecretFile: null },
    logLevel: 'info',
  });
});

test('the archive is found through its own variables, or through those that others use', () => {
  const key = Buffer.alloc(32, 7);
  const env = {
    DYNABASE_ARCHIVE_KEY: key.toString('base64'),
    DYNABASE_ARCHIVE_URL: 's3://bucket/prefix?endpoint=https://store.example',
    AWS_ACCESS_KEY_ID: 'who',
    AWS_SECRET_ACCESS_KEY: 'proof',
    DYNABASE_ARCHIVE_REGION: 'own',
    AWS_REGION: 'common',
    DYNABASE_POLICY: 'rules.json',
    DYNABASE_SNAPSHOT_EVERY: 'off',
  };
  const names = [
    ...(['archiveKey', 'archiveUrl', 'archiveAccessKeyId', 'archiveSecretAccessKey'] as const),
    ...(['archiveRegion', 'policy', 'snapshotEvery'] as const),
  ];
  expect(readOptions(sources({ env }), names)).toEqual({
    archiveKey: key,
    archiveUrl: env.DYNABASE_ARCHIVE_URL,
    archiveAccessKeyId: 'who',
    archiveSecretAccessKey: 'proof',
    archiveRegion: 'own',
    policy: '/work/rules.json',
    snapshotEvery: 'off',
  });
});

test.each([
  ['DYNABASE_ARCHIVE_KEY', 'archiveKey', 'c2hvcnQ='],
  ['DYNABASE_ARCHIVE_KEY', 'archiveKey', `${'A'.repeat(42)}!=`],
  ['DYNABASE_ARCHIVE_URL', 'archiveUrl', 'https://secret@bucket'],
] as const)('a bad %s is refused without being repeated', (variable, name, given) => {
  const read = () => readOptions(sources({ env: { [variable]: given } }), [name]);
  expect(read).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
  expect(read).not.toThrow(given);
});

describe('a bad value is told with the place it stands in', () => {
  test.each([
    ['--proxy-port', sources({ flags: { proxyPort: 'x' } })],
    ['DYNABASE_PROXY_PORT', sources({ env: { DYNABASE_PROXY_PORT: 'x' } })],
    ['proxyPort in dynabase.config.json', sources({ file: file({ proxyPort: 'x' }) })],
  ])('which is %s', (called, given) => {
    expect(() => readOptions(given, ['proxyPort'])).toThrow(
      expect.objectContaining({
        code: 'BAD_OPTION',
        message: `option ${called}: "x" is not a port from 0 to 65535`,
      }),
    );
  });

  test('and only where somebody asks for it', () => {
    const given = sources({ env: { DYNABASE_HUSKS: 'x' } });
    expect(readOptions(given, ['dataDir'])).toEqual({ dataDir: '/home/me/.dynabase' });
  });
});

describe('the configuration file', () => {
  const read = (text: string | null, more: { flags?: object; path?: string } = {}) => {
    const files = text === null ? {} : { [more.path ?? '/work/dynabase.config.json']: text };
    return readConfigFile(fakeWorld({ files }), { ...more.flags });
  };

  test('is that of the working directory, if there is one', async () => {
    expect(await read(null)).toBeNull();
    expect(await read('{"$schema":"x","proxyPort":7000,"requireTls":true,"tlsCert":null}')).toEqual(
      {
        path: '/work/dynabase.config.json',
        values: { proxyPort: '7000', requireTls: 'true' },
      },
    );
  });

  test('or the one that is named, which must be there', async () => {
    const flags = { config: 'other.json' };
    expect(await read('{"husks":1}', { flags, path: '/work/other.json' })).toEqual({
      path: '/work/other.json',
      values: { husks: '1' },
    });
    await expect(read(null, { flags })).rejects.toThrow(
      'option --config: there is no file other.json',
    );
  });

  test.each([
    ['{', 'option --config: dynabase.config.json is not valid JSON (line 1 column 2)'],
    ['[]', 'option --config: dynabase.config.json must hold one JSON object'],
    [
      '{"proxyprt":1}',
      'option proxyprt in dynabase.config.json: is not known; did you mean proxyPort?',
    ],
    ['{"colour":"red"}', 'option colour in dynabase.config.json: is not known'],
    ['{"husks":{}}', 'option husks in dynabase.config.json: must be text, a number, true or false'],
  ])('that says %s is refused', async (text, message) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'BAD_OPTION', message });
  });
});

describe('the table', () => {
  test('every option has one flag and one variable', () => {
    expect(flagOf('sessionsMaxPerAddress')).toBe('--sessions-max-per-address');
    expect(variableOf('sessionsMaxPerAddress')).toBe('DYNABASE_SESSIONS_MAX_PER_ADDRESS');
    expect(new Set(optionNames.map(flagOf)).size).toBe(optionNames.length);
  });

  test.each(optionNames)('the default of %s can be read', (name) => {
    const { default: byDefault, parse } = optionOf(name);
    if (byDefault !== undefined) {
      expect(() => parse(byDefault, { baseDir: '/', homeDir: '/' })).not.toThrow();
    }
  });
});
