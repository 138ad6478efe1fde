/**
 * Where this process may make control groups: below its own, so that what bounds it bounds them too.
 *
 * Version 2 has one tree for everything, version 1 a tree for each controller or a few, and a machine
 * may have both, with every controller in one of them. In version 2 a group that hands controllers down
 * may hold no process itself, and whoever manages it must know that: systemd could not start the service
 * again there while computes of its last run live. So it is used only where it is plainly ours: at the
 * top of what a container or machine shows, where we move aside ourselves, or in a leaf of a known name
 * that systemd was told to put us in (`DelegateSubgroup=`).
 * Source: cgroups(7), Documentation/admin-guide/cgroup-v2.rst.
 */
import { basename, dirname, join } from 'node:path';
import { isErrno } from '../machine/durable.ts';
import type { ControlFiles } from './cgroup-files.ts';

export const RESOURCES = ['memory', 'cpu', 'pids', 'io'] as const;

export type Resource = (typeof RESOURCES)[number];

/** A tree of groups, and what is limited in it. */
export type Place = {
  readonly version: 1 | 2;
  /** The group below which others are made. */
  readonly home: string;
  readonly resources: readonly Resource[];
};

/** The group of the server itself, beside those that it makes. */
const LEAF = 'dynabase-server';

/** Names of version 1 that are not ours. */
const V1_NAMES: Readonly<Record<string, Resource>> = {
  memory: 'memory',
  cpu: 'cpu',
  pids: 'pids',
  blkio: 'io',
};

type Mount = {
  readonly type: string;
  readonly root: string;
  readonly point: string;
  readonly options: readonly string[];
};

/** The trees that this process could use, as the kernel tells; nothing is tried yet. */
export async function findPlaces(files: ControlFiles): Promise<readonly Place[]> {
  const mounts = mountsOf((await files.read('/proc/self/mountinfo')) ?? '');
  const memberships = (await files.read('/proc/self/cgroup')) ?? '';
  const places: Place[] = [];
  for (const line of memberships.split('\n')) {
    const [, id, names = '', path = ''] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (id === undefined || path.startsWith('/..')) continue;
    const controllers = names.split(',').filter((name) => Object.hasOwn(V1_NAMES, name));
    const version = names === '' ? 2 : 1;
    const mount = mounts.find(({ type, options }) =>
      version === 2 ? type === 'cgroup2' : type === 'cgroup' && isFor(options, controllers),
    );
    if (!mount) continue;
    const own = join(mount.point, below(mount.root, path)).replace(/\/$/, '');
    const isLeaf = version === 2 && basename(own) === LEAF;
    const home = isLeaf ? dirname(own) : own;
    if (version === 2 && !isLeaf && path !== '/') continue;
    const resources =
      version === 2
        ? await offered(files, home)
        : controllers.flatMap((name) => V1_NAMES[name] ?? []);
    if (resources.length > 0) places.push({ version, home, resources });
  }
  return places;
}

/**
 * Makes the place usable and a group named `server` in it; the place again, with the resources that can
 * be limited in groups below `server`. Undefined where the system refuses.
 */
export async function settlePlace(
  files: ControlFiles,
  place: Place,
  server: string,
): Promise<Place | undefined> {
  try {
    if (place.version === 2) await handDown(files, place);
    await makeServerGroup(files, place, server);
    if (place.version === 1) return place;
    const resources = await offered(files, join(place.home, server), 'cgroup.subtree_control');
    return resources.length > 0 ? { ...place, resources } : undefined;
  } catch (error) {
    if (isErrno(error, 'EACCES', 'EPERM', 'EROFS', 'EBUSY', 'ENOENT', 'EINVAL', 'EOPNOTSUPP'))
      return undefined;
    throw error;
  }
}

/** Makes the group that holds those of the computes, unless it is there. */
export async function makeServerGroup(
  files: ControlFiles,
  { version, home, resources }: Place,
  server: string,
): Promise<void> {
  const group = join(home, server);
  await files.makeGroup(group);
  if (version === 1) return;
  const missing = await missingBelow(files, group, resources);
  for (const resource of missing) await enable(files, group, resource);
}

async function handDown(files: ControlFiles, { home, resources }: Place): Promise<void> {
  for (const resource of await missingBelow(files, home, resources)) {
    try {
      await enable(files, home, resource);
    } catch (error) {
      if (!isErrno(error, 'EBUSY')) throw error;
      await moveToLeaf(files, home);
      await enable(files, home, resource);
    }
  }
}

/** Moves aside all that runs in the group, this process and what started it. */
async function moveToLeaf(files: ControlFiles, home: string): Promise<void> {
  const leaf = join(home, LEAF);
  await files.makeGroup(leaf);
  for (const pid of words(await files.read(join(home, 'cgroup.procs'))))
    await files.write(join(leaf, 'cgroup.procs'), pid).catch(unlessGone);
}

/** What ended meanwhile need not be moved. */
export function unlessGone(error: unknown): void {
  if (!isErrno(error, 'ESRCH')) throw error;
}

const enable = (files: ControlFiles, group: string, resource: Resource): Promise<void> =>
  files.write(join(group, 'cgroup.subtree_control'), `+${resource}`);

async function missingBelow(
  files: ControlFiles,
  group: string,
  resources: readonly Resource[],
): Promise<readonly Resource[]> {
  const present = await offered(files, group, 'cgroup.subtree_control');
  return resources.filter((resource) => !present.includes(resource));
}

async function offered(
  files: ControlFiles,
  group: string,
  file = 'cgroup.controllers',
): Promise<readonly Resource[]> {
  const names = words(await files.read(join(group, file)));
  return RESOURCES.filter((resource) => names.includes(resource));
}

const words = (text: string | undefined): readonly string[] =>
  (text ?? '').split(/\s+/).filter((word) => word !== '');

const isFor = (options: readonly string[], controllers: readonly string[]): boolean =>
  controllers.length > 0 && controllers.every((name) => options.includes(name));

/** A container may be shown a part of the tree only. */
const below = (root: string, path: string): string =>
  root !== '/' && `${path}/`.startsWith(`${root}/`) ? path.slice(root.length) : path;

/** Source: proc_pid_mountinfo(5). */
function mountsOf(mountinfo: string): readonly Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const fields = line.split(' ');
    const end = fields.indexOf('-');
    const [root, point] = [fields[3], fields[4]];
    const [type, options] = [fields[end + 1], fields[end + 3]];
    if (end < 0 || root === undefined || point === undefined) return [];
    return [{ type: type ?? '', root, point, options: (options ?? '').split(',') }];
  });
}
