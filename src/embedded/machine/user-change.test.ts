import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findUserChange, USER_CHANGES, type UserChange } from './user-change.ts';
import { isRoot } from './users.ts';

const OWNER = { uid: 70_001, gid: 70_002 };

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dynabase-user-change-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Runs a script in place of the program; `"$@"` is what the program is to become. */
function scripted(change: UserChange, script: string): UserChange {
  const path = join(dir, 'changes');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return (owner, command) => ({ path, args: change(owner, command).args });
}

const [change = (_: unknown, command) => command] = USER_CHANGES;

test('a program that is missing, fails or only pretends to change the user is not used', async () => {
  const missing: UserChange = (_, command) => ({ path: join(dir, 'nothing'), args: command.args });
  expect(await findUserChange([missing])).toBeUndefined();
  expect(await findUserChange([scripted(change, 'exit 1')])).toBeUndefined();
  expect(await findUserChange([(_, command) => command])).toBeUndefined();
  const early = scripted(change, 'cat /proc/self/status');
  expect(await findUserChange([early])).toBeUndefined();
});

describe.runIf(isRoot() && process.platform === 'linux')('as root', () => {
  const there = USER_CHANGES.filter((one) =>
    existsSync(one(OWNER, { path: '/bin/true', args: [] }).path),
  );

  test('there is one', () => expect(there.length).toBeGreaterThan(0));

  test.each(there)('number %# changes user and group, and nothing else', async (one) => {
    expect(await findUserChange([one])).toBe(one);
    const script = 'id -u; id -g; id -G; pwd; printf %s: "$@"';
    const args = ['-c', script, 'sh', '--uid', 'a b', ''];
    const command = one(OWNER, { path: '/bin/sh', args });
    const told = execFileSync(command.path, [...command.args], { cwd: '/proc' }).toString();
    expect(told).toBe('70001\n70002\n70002\n/proc\n--uid:a b::');
  });

  test('the first that works is taken', async () => {
    const [working] = there;
    if (!working) throw new Error('there is none');
    const broken = scripted(working, 'exit 1');
    expect(await findUserChange([broken, working])).toBe(working);
  });

  test('one that leaves the directory is not used', async () => {
    const leaving = scripted(change, 'cd /; exec /usr/sbin/chroot "$@"');
    expect(await findUserChange([leaving])).toBeUndefined();
  });
});
