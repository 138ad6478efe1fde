import { describe, expect, test } from 'vitest';
import { fakeWorld } from '../testing/fake-world.ts';
import { findServer } from './server.ts';

const local = {
  '/home/me/.dynabase/server.json': '{"pid":7,"apiUrl":"http://127.0.0.1:6480"}',
  '/home/me/.dynabase/api-key': 'local-key\n',
};
const remote = { DYNABASE_API_URL: 'https://db.example', DYNABASE_API_KEY: 'remote-key' };

describe('the server is found', () => {
  test('through the data directory of a local one', async () => {
    expect(await findServer(fakeWorld({ files: local }), {})).toEqual({
      apiUrl: 'http://127.0.0.1:6480',
      apiKey: 'local-key',
    });
  });

  test('through the variables of a remote one, though there is a local one', async () => {
    expect(await findServer(fakeWorld({ files: local, env: remote }), {})).toEqual({
      apiUrl: 'https://db.example',
      apiKey: 'remote-key',
    });
  });

  test('through a data directory that is named by hand, whatever the variables say', async () => {
    const files = {
      '/data/server.json': '{"apiUrl":"http://127.0.0.1:7000"}',
      '/data/api-key': 'data-key',
    };
    expect(await findServer(fakeWorld({ files, env: remote }), { dataDir: '/data' })).toEqual({
      apiUrl: 'http://127.0.0.1:7000',
      apiKey: 'data-key',
    });
  });
});

describe('a profile', () => {
  const files = {
    ...local,
    '/home/me/.config/dynabase/credentials.json': JSON.stringify({
      profiles: {
        default: { apiUrl: 'https://usual.example', apiKey: 'usual-key' },
        work: { apiUrl: 'https://work.example', apiKey: 'work-key' },
      },
    }),
    '/data/server.json': '{"apiUrl":"http://127.0.0.1:7000"}',
    '/data/api-key': 'data-key',
  };
  const keyBy = async (env: Readonly<Record<string, string>>, flags: object = {}) =>
    (await findServer(fakeWorld({ files, env }), flags as Record<string, unknown>)).apiKey;

  test.each([
    ['nothing is named', {}, {}, 'usual-key'],
    ['a flag names it', remote, { profile: 'work' }, 'work-key'],
    ['a variable names it', { DYNABASE_PROFILE: 'work' }, {}, 'work-key'],
    ['a variable names a server', { ...remote, DYNABASE_PROFILE: 'work' }, {}, 'remote-key'],
    ['a flag names a directory', { DYNABASE_PROFILE: 'work' }, { dataDir: '/data' }, 'data-key'],
    ['a variable names a directory', { DYNABASE_DATA_DIR: '/data' }, {}, 'data-key'],
  ])('where %s', async (_, env, flags, key) => {
    expect(await keyBy(env, flags)).toBe(key);
  });

  test('that is not there names one that is', async () => {
    await expect(keyBy({}, { profile: 'wrok' })).rejects.toMatchObject({
      message: 'there is no profile "wrok"; did you mean work?',
    });
    await expect(keyBy({}, { profile: 'home' })).rejects.toMatchObject({
      message: 'there is no profile "home"; dynabase login --profile home makes it',
    });
  });

  test('in a file that is spoilt is told, and what stands there is not', async () => {
    const spoilt = { '/home/me/.config/dynabase/credentials.json': '{"apiKey": "secret' };
    await expect(findServer(fakeWorld({ files: spoilt }), {})).rejects.toMatchObject({
      message: expect.not.stringContaining('secret'),
    });
  });
});

describe('what is missing is said with what to do', () => {
  test('no server runs', async () => {
    await expect(findServer(fakeWorld(), {})).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
      message: expect.stringContaining('nothing runs on this data directory; start it with'),
    });
  });

  test('the server file is broken', async () => {
    const files = { '/home/me/.dynabase/server.json': '{' };
    await expect(findServer(fakeWorld({ files }), {})).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
    });
  });

  test('this user may not read the key', async () => {
    const world = fakeWorld({ files: local });
    const readText = async (path: string) => {
      if (path.endsWith('api-key')) throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
      return world.readText(path);
    };
    await expect(findServer({ ...world, readText }, {})).rejects.toMatchObject({
      code: 'BAD_OPTION',
      message: expect.stringContaining('the key file of the data directory cannot be read'),
    });
  });

  test('a remote server has no key', async () => {
    const env = { DYNABASE_API_URL: 'https://db.example' };
    await expect(findServer(fakeWorld({ files: local, env }), {})).rejects.toMatchObject({
      code: 'BAD_OPTION',
      message: expect.stringContaining('option DYNABASE_API_KEY: must be set'),
    });
  });
});

test('a key from the environment is not sent where a file of the working directory says', async () => {
  const files = { '/work/dynabase.config.json': '{"apiUrl":"https://attacker.example"}' };
  const env = { DYNABASE_API_KEY: 'remote-key' };
  await expect(findServer(fakeWorld({ files, env }), {})).rejects.toMatchObject({
    code: 'BAD_OPTION',
  });
});
