/** Both ways of starting a program give the same process. */
import {
  chownSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Limits } from '../../domain/tier.ts';
import { eventually } from '../../testing/eventually.ts';
import { WAYS_TO_START } from '../../testing/ways-to-start.ts';
import { UNLIMITED } from '../start.ts';
import { type Launched, openLauncher } from './launcher.ts';
import type { OsCalls } from './os.ts';
import { isRoot } from './users.ts';

const OWNER = 70_001;

let dir: string;
const running: Launched[] = [];

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'dynabase-launcher-')));
  if (isRoot()) chownSync(dir, OWNER, OWNER);
});
afterEach(async () => {
  for (const { pid, ended } of running.splice(0)) {
    if (isThere(pid)) process.kill(pid, 'SIGKILL');
    await ended;
  }
  rmSync(dir, { recursive: true });
});

const isThere = (pid: number): boolean =>
  statSync(`/proc/${pid}`, { throwIfNoEntry: false }) !== undefined;

type Asked = { readonly args?: readonly string[]; readonly limits?: Limits };

async function launched(
  os: OsCalls,
  program: string,
  { args = [], limits = UNLIMITED }: Asked = {},
): Promise<Launched> {
  const launcher = await openLauncher(os);
  const file = openSync(join(dir, 'file'), 'a');
  try {
    const fds = [null, file, file, file];
    const launch = { program, args, directory: dir, env: { NAME: 'value' }, fds, limits };
    const process = await launcher.launch(launch);
    running.push(process);
    return process;
  } finally {
    closeSync(file);
  }
}

describe.runIf(process.platform === 'linux')('on Linux', () => {
  const of = (pid: number, name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8');

  /** What a process is, but for what no two have in common. */
  function portrait(pid: number) {
    const lines = of(pid, 'status').split('\n');
    const kept =
      /^(Name|PPid|Uid|Gid|Groups|Sig[PBIC]|Shd|Cap|NoNewPrivs|Seccomp|Umask|TracerPid|Cpus_allowed|THP|CoreDumping)/;
    const [, fields = ''] = of(pid, 'stat').split(') ');
    const [, , group, session, terminal] = fields.split(' ');
    return {
      status: lines.filter((line) => kept.test(line)),
      limits: of(pid, 'limits'),
      environ: of(pid, 'environ'),
      cmdline: of(pid, 'cmdline'),
      exe: readlinkSync(`/proc/${pid}/exe`),
      cwd: readlinkSync(`/proc/${pid}/cwd`),
      fds: ['0', '1', '2', '3'].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)),
      leads: [Number(group) === pid, Number(session) === pid, terminal],
      oom: of(pid, 'oom_score_adj'),
      cgroup: of(pid, 'cgroup'),
      nice: fields.split(' ').slice(15, 17),
    };
  }

  const LIMITS: Limits = { ...UNLIMITED, memoryMb: 1_024, processesMax: 200 };

  test.each([
    ['without bounds', UNLIMITED],
    ['within bounds', LIMITS],
  ])('a process started by posix_spawn is as one started by fork, %s', async (_, limits) => {
    const portraits: ReturnType<typeof portrait>[] = [];
    for (const os of Object.values(WAYS_TO_START)) {
      const { pid } = await launched(os, '/bin/sleep', { args: ['60'], limits });
      // Its name is set a moment before its environment can be read.
      const isSleeping = () => of(pid, 'comm') === 'sleep\n' && of(pid, 'environ') !== '';
      await eventually('it sleeps', () => Promise.resolve(isSleeping()));
      portraits.push(portrait(pid));
    }
    expect(portraits[0]).toEqual(portraits[1]);
    const uid = isRoot() ? OWNER : process.getuid?.();
    expect(portraits[0]?.status.find((line) => line.startsWith('Uid'))).toBe(
      ['Uid:', uid, uid, uid, uid].join('\t'),
    );
    // A fork hands down what this process was itself given open.
    const [{ pid } = { pid: 0 }] = running;
    expect(readdirSync(`/proc/${pid}/fd`)).toEqual(['0', '1', '2', '3']);
    const data = limits.memoryMb === null ? 'unlimited' : `${512 * 1_048_576}`;
    expect(/^Max data size\s+(\S+)/m.exec(portraits[0]?.limits ?? '')?.[1]).toBe(data);
  });

  test.each(Object.entries(WAYS_TO_START))(
    'its end is told with what ended it, %s',
    async (_, os) => {
      const failed = await launched(os, '/bin/sh', { args: ['-c', 'exit 7'], limits: LIMITS });
      expect(await failed.ended).toBe('the server process ended with status 7');
      expect(isThere(failed.pid)).toBe(false);
      const killed = await launched(os, '/bin/sleep', { args: ['60'] });
      process.kill(killed.pid, 'SIGKILL');
      expect(await killed.ended).toBe('the server process ended with SIGKILL');
      expect(isThere(killed.pid)).toBe(false);
    },
  );

  test.each(Object.entries(WAYS_TO_START))(
    'a missing program is told at once, %s',
    async (_, os) => {
      const attempt = async () => {
        const { ended } = await launched(os, join(dir, 'nothing'));
        throw new Error(await ended);
      };
      // The program that changes the user runs before it finds that the other does not.
      await expect(attempt()).rejects.toThrow(
        /^the server process (could not be started: ENOENT|ended with status 127)$/,
      );
    },
  );
});

test.runIf(isRoot())('data that belongs to root is no compute’s', async () => {
  chownSync(dir, 0, 0);
  for (const os of Object.values(WAYS_TO_START)) {
    await expect(launched(os, '/bin/true')).rejects.toThrow('the data belongs to root');
  }
});
