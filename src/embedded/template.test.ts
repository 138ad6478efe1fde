import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realHost } from '../testing/real-host.ts';
import { isRoot } from './machine/users.ts';

let binDir: string;
beforeEach(async () => {
  binDir = await mkdtemp(join(tmpdir(), 'dynabase-bin-'));
  await chmod(binDir, 0o755);
});
afterEach(() => rm(binDir, { recursive: true }));

const program = async (name: string, script: string): Promise<void> => {
  await writeFile(join(binDir, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(binDir, name), 0o755);
};

test.each([
  [
    'FATAL:  could not write to file "base/4/2838": No space left on device',
    'DISK_FULL',
    'the disk is full: the template of databases needs about 60 MB; free some space and repeat',
  ],
  [
    'initdb: error: could not change permissions of directory "/srv/secret/data": denied',
    'ENGINE_MISSING',
    'initdb fails (initdb: error: could not change permissions of directory a file: denied)',
  ],
])('an initdb that fails with %s is told as %s', async (told, code, message) => {
  await program('postgres', 'echo "postgres (PostgreSQL) 18.9"');
  await program('initdb', `echo '${told}' >&2; exit 1`);
  const opened = realHost({ binDir, ownTemplate: true });
  await expect(opened).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
});

test('a user id without a name is refused in plain words', async ({ skip }) => {
  if (!isRoot()) skip('only root can become somebody else');
  const script = `
    const { templateBuilder } = await import('${join(import.meta.dirname, 'machine/users.ts')}');
    await templateBuilder().catch((error) => console.log(error.code));`;
  const nameless = { uid: 61_234, gid: 61_234 };
  const args = ['--input-type=module', '--eval', script];
  expect(execFileSync(process.execPath, args, nameless).toString()).toBe('USER_UNKNOWN\n');
});
