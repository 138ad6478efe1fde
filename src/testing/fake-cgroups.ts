/**
 * Control groups as a kernel keeps them, in memory: which files a group has, what may be written to
 * them, and when a group can be removed. Source: cgroups(7), Documentation/admin-guide/cgroup-v2.rst.
 */
import { basename, dirname, join } from 'node:path';
import type { ControlFiles } from '../embedded/cages/cgroup-files.ts';

/** What a new group has, by controller; version 1 first. */
const FILES_V1: Readonly<Record<string, readonly string[]>> = {
  memory: ['memory.limit_in_bytes', 'memory.soft_limit_in_bytes', 'memory.swappiness'],
  cpu: ['cpu.cfs_period_us', 'cpu.cfs_quota_us'],
  pids: ['pids.max'],
  blkio: ['blkio.throttle.read_bps_device', 'blkio.throttle.write_bps_device'],
};
const FILES_V2: Readonly<Record<string, readonly string[]>> = {
  memory: ['memory.max', 'memory.high', 'memory.current', 'memory.swap.max'],
  cpu: ['cpu.max'],
  pids: ['pids.max'],
  io: ['io.max'],
};

/** Every file system that has a disk is on the one of the machine, which has one partition. */
const DISK = '8:0';
const DISK_FILE = /^\/sys\/dev\/block\/(?!0:)\d+:\d+\/dev$/;
const DISK_FILES: readonly (readonly [string, string])[] = [
  ['/sys/dev/block/8:1/dev', '8:1\n'],
  ['/sys/dev/block/8:1/partition', '1\n'],
  ['/sys/dev/block/8:1/../dev', `${DISK}\n`],
];

const errno = (code: string): Error => Object.assign(new Error(code), { code });

const ROOT = '/cg';

export class FakeCgroups implements ControlFiles {
  readonly #texts = new Map<string, string>(DISK_FILES);
  readonly #groups = new Map<string, Set<string>>();
  /** What is delegated to this process: its own group, or the one above if that is only its leaf. */
  readonly #base: string;
  readonly #version: 1 | 2;
  /** Answers every attempt to make a group. */
  refuse: string | undefined;

  /** `home` is the group of this process, such as `/service`; `pids` are in it. */
  constructor(version: 1 | 2, home: string, pids: readonly number[] = [process.pid]) {
    this.#version = version;
    this.#base = basename(home) === 'dynabase-server' ? dirname(home) : home;
    const controllers = Object.keys(version === 1 ? FILES_V1 : FILES_V2);
    const trees = version === 1 ? controllers : [''];
    const mounts = trees.map((tree) =>
      version === 1
        ? `30 20 0:1 / ${ROOT}/${tree} rw - cgroup cgroup rw,${tree}`
        : `30 20 0:1 / ${ROOT} rw - cgroup2 cgroup2 rw,nsdelegate`,
    );
    const lines = trees.map((tree, index) => `${version === 1 ? index + 1 : 0}:${tree}:${home}`);
    this.#texts.set('/proc/self/mountinfo', mounts.join('\n'));
    this.#texts.set('/proc/self/cgroup', lines.join('\n'));
    for (const tree of trees) {
      const own = clean(join(ROOT, tree, home));
      this.#groups.set(own, new Set(pids.map(String)));
      const base = clean(join(ROOT, tree, this.#base));
      if (base !== own) this.#groups.set(base, new Set());
      if (version === 1) continue;
      for (const group of [own, base]) {
        this.#texts.set(
          join(group, 'cgroup.controllers'),
          group === base ? controllers.join(' ') : '',
        );
        this.#texts.set(join(group, 'cgroup.subtree_control'), '');
      }
    }
  }

  /** The path of what is in the group delegated to this process, in a tree of version 1 if one is named. */
  path(below: string, tree = ''): string {
    return clean(join(ROOT, tree, this.#base, below));
  }

  /** Groups below the one delegated to this process, in a tree of version 1 if one is named. */
  groups(tree = ''): readonly string[] {
    const home = `${clean(join(ROOT, tree, this.#base))}/`;
    const all = [...this.#groups.keys()].filter((group) => group.startsWith(home));
    return all.map((group) => group.slice(home.length)).sort();
  }

  /** Sets what a file says, as the kernel does. */
  say(path: string, text: string): void {
    this.#texts.set(path, text);
  }

  /** Takes a process out of its groups, as its end does. */
  end(pid: number): void {
    for (const pids of this.#groups.values()) pids.delete(`${pid}`);
  }

  read(path: string): Promise<string | undefined> {
    const pids = this.#groups.get(dirname(path));
    if (pids && basename(path) === 'cgroup.procs') return Promise.resolve([...pids].join('\n'));
    const text = this.#texts.get(path) ?? (DISK_FILE.test(path) ? `${DISK}\n` : undefined);
    return Promise.resolve(text);
  }

  async write(path: string, text: string): Promise<void> {
    const group = dirname(path);
    const pids = this.#groups.get(group);
    if (!pids) throw errno('ENOENT');
    if (basename(path) === 'cgroup.procs') this.#move(group, text);
    else if (basename(path) === 'cgroup.subtree_control') this.#handDown(group, pids, text);
    else if (!this.#texts.has(path)) throw errno('EACCES');
    else this.#texts.set(path, text);
  }

  async makeGroup(path: string): Promise<boolean> {
    if (this.#groups.has(path)) return false;
    if (this.refuse !== undefined) throw errno(this.refuse);
    const parent = dirname(path);
    if (!this.#groups.has(parent)) throw errno('ENOENT');
    this.#groups.set(path, new Set());
    if (this.#version === 2) {
      const handed = this.#texts.get(join(parent, 'cgroup.subtree_control')) ?? '';
      this.#texts.set(join(path, 'cgroup.controllers'), handed);
      this.#texts.set(join(path, 'cgroup.subtree_control'), '');
      for (const name of words(handed)) this.#furnish(path, FILES_V2[name] ?? []);
    } else this.#furnish(path, FILES_V1[path.split('/')[2] ?? ''] ?? []);
    return true;
  }

  async removeGroup(path: string): Promise<boolean> {
    const pids = this.#groups.get(path);
    if (!pids) return true;
    const isParent = (await this.groupsBelow(path)).length > 0;
    if (pids.size > 0 || isParent) return false;
    this.#groups.delete(path);
    for (const file of [...this.#texts.keys()])
      if (dirname(file) === path) this.#texts.delete(file);
    return true;
  }

  groupsBelow(path: string): Promise<readonly string[]> {
    const all = [...this.#groups.keys()].filter((group) => dirname(group) === path);
    return Promise.resolve(all.map((group) => basename(group)));
  }

  #furnish(group: string, files: readonly string[]): void {
    for (const file of files) this.#texts.set(join(group, file), 'unset');
  }

  #move(group: string, pid: string): void {
    const isInner = words(this.#texts.get(join(group, 'cgroup.subtree_control')) ?? '').length > 0;
    if (isInner) throw errno('EBUSY');
    const tree = group
      .split('/')
      .slice(0, this.#version === 1 ? 3 : 2)
      .join('/');
    for (const [path, pids] of this.#groups) if (path.startsWith(tree)) pids.delete(pid);
    this.#groups.get(group)?.add(pid);
  }

  /** A group that holds processes hands nothing down. */
  #handDown(group: string, pids: ReadonlySet<string>, text: string): void {
    const name = text.slice(1);
    const controllers = words(this.#texts.get(join(group, 'cgroup.controllers')) ?? '');
    if (!controllers.includes(name)) throw errno('ENOENT');
    if (pids.size > 0) throw errno('EBUSY');
    const file = join(group, 'cgroup.subtree_control');
    this.#texts.set(file, [...words(this.#texts.get(file) ?? ''), name].join(' '));
  }
}

const clean = (path: string): string => path.replace(/\/$/, '');

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');
