/** The built dashboard as it lies on the disk: which files there are, and in which encodings. */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export type DashboardFile = {
  readonly type: string;
  /** Its name holds a hash of what it says: it never changes. */
  readonly isImmutable: boolean;
  /** Suffixes by what a client accepts, the best first. */
  readonly encodings: readonly Encoding[];
};

export type Encoding = { readonly name: 'br' | 'gzip'; readonly suffix: '.br' | '.gz' };

const ENCODINGS: readonly Encoding[] = [
  { name: 'br', suffix: '.br' },
  { name: 'gzip', suffix: '.gz' },
];

export class DashboardFiles {
  readonly #place: string;
  readonly #files: ReadonlyMap<string, DashboardFile>;
  /** The one page; what differs from answer to answer is filled in. */
  readonly page: string;

  private constructor(place: string, page: string, files: ReadonlyMap<string, DashboardFile>) {
    this.#place = place;
    this.page = page;
    this.#files = files;
  }

  /** Rejects if nothing is built in `place`. */
  static async open(place: string): Promise<DashboardFiles> {
    const page = await readFile(join(place, 'index.html'), 'utf8');
    const entries = await readdir(place, { recursive: true, withFileTypes: true });
    const names = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(place, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
    const all = new Set(names);
    const files = new Map<string, DashboardFile>();
    for (const name of names) {
      const type = TYPES[extname(name)];
      if (type === undefined) continue;
      const encodings = ENCODINGS.filter(({ suffix }) => all.has(`${name}${suffix}`));
      files.set(`/${name}`, { type, isImmutable: name.startsWith('assets/'), encodings });
    }
    return new DashboardFiles(place, page, files);
  }

  /** Paths as they are asked for. */
  get paths(): readonly string[] {
    return [...this.#files.keys()];
  }

  file(path: string): DashboardFile | undefined {
    return this.#files.get(path);
  }

  read(path: string, encoding: Encoding | undefined): Promise<Buffer> {
    return readFile(join(this.#place, `${path}${encoding?.suffix ?? ''}`));
  }
}
