/**
 * Programs of the system that become another program as another user, for root that starts a program
 * without fork(2): posix_spawn(3) changes no user id.
 *
 * What a system has is tried once: not every build knows these options, and root in a container may
 * change users and not call chroot(2). To change the ids of a thread of ours around the start would need
 * no program, and let a tenant that has a process left send signals to it meanwhile.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { FileOwner } from '../copy-tree.ts';

type Owner = NonNullable<FileOwner>;

export type Command = { readonly path: string; readonly args: readonly string[] };

/** A command that becomes `command` as `owner`, without other groups, in the same directory. */
export type UserChange = (owner: Owner, command: Command) => Command;

/** The sign keeps coreutils from asking for a user of that name. 0.5 ms; that of util-linux takes 1.1. */
const byChroot =
  (path: string): UserChange =>
  ({ uid, gid }, command) => ({
    path,
    args: [
      ...[`--userspec=+${uid}:+${gid}`, '--groups=', '--skip-chdir', '/'],
      ...[command.path, ...command.args],
    ],
  });

const bySetpriv =
  (path: string): UserChange =>
  ({ uid, gid }, command) => ({
    path,
    args: [
      ...[`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--'],
      ...[command.path, ...command.args],
    ],
  });

/** The quickest first. */
export const USER_CHANGES: readonly UserChange[] = [
  byChroot('/usr/sbin/chroot'),
  byChroot('/usr/bin/chroot'),
  bySetpriv('/usr/bin/setpriv'),
  bySetpriv('/bin/setpriv'),
];

/** An id that nobody has, and whose two halves differ. */
const TRIAL: Owner = { uid: 54_321, gid: 54_322 };
const TRIAL_WITHIN_MS = 5_000;

/** The first that does what it should here. */
export async function findUserChange(
  changes: readonly UserChange[] = USER_CHANGES,
): Promise<UserChange | undefined> {
  for (const change of changes) if (await works(change)) return change;
  return undefined;
}

async function works(change: UserChange): Promise<boolean> {
  // Found only if the directory is kept.
  const { path, args } = change(TRIAL, { path: '/bin/cat', args: ['self/status'] });
  try {
    const options = { cwd: '/proc', timeout: TRIAL_WITHIN_MS };
    const { stdout } = await promisify(execFile)(path, args, options);
    return isDone(stdout);
  } catch {
    return false;
  }
}

/** Source: proc_pid_status(5); real, effective, saved and file system ids. */
function isDone(status: string): boolean {
  const told = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1]?.trim();
  const four = (id: number) => `${id}\t${id}\t${id}\t${id}`;
  return (
    told('Uid') === four(TRIAL.uid) &&
    told('Gid') === four(TRIAL.gid) &&
    told('Groups') === '' &&
    /^0+$/.test(told('CapEff') ?? '')
  );
}
