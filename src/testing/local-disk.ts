/** The files of real tenants, for an archive in memory. */
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Disk } from '../sim/memory-archive.ts';

export const localDisk: Disk = {
  read: (path) => {
    const tree = new Map<string, Buffer | null>();
    if (existsSync(path)) readInto(tree, path, '');
    return tree;
  },
  fill: (path, tree, owner) => {
    if (!existsSync(path)) return;
    for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true });
    for (const [name, bytes] of tree) {
      const target = join(path, name);
      if (bytes === null) mkdirSync(target, { mode: 0o700 });
      else writeFileSync(target, bytes, { mode: 0o600 });
      if (owner) chownSync(target, owner.uid, owner.gid);
    }
  },
};

function readInto(tree: Map<string, Buffer | null>, root: string, under: string): void {
  for (const entry of readdirSync(join(root, under), { withFileTypes: true })) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (entry.isDirectory()) {
      tree.set(path, null);
      readInto(tree, root, path);
    } else if (entry.isFile()) tree.set(path, readFileSync(join(root, path)));
    else throw new Error(`${path} is neither a file nor a directory`);
  }
}
