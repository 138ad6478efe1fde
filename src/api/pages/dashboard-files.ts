/**
 * The built dashboard: which files there are, and in which encodings.
 *
 * Read whole when it is opened (two megabytes): what a page of it asks for later is there although the folder has been
 * built anew or removed meanwhile.
 */
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
  readonly #contents: ReadonlyMap<string, Buffer>;
  readonly #files: ReadonlyMap<string, DashboardFile>;
  /** The one page; what differs from answer to answer is filled in. */
  readonly page: string;

  private constructor(
    contents: ReadonlyMap<string, Buffer>,
    page: string,
    files: ReadonlyMap<string, DashboardFile>,
  ) {
    this.#contents = contents;
    this.page = page;
    this.#files = files;
  }

  /** Rejects if nothing is built in `place`. */
  static async open(place: string): Promise<DashboardFiles> {
    const page = await readFile(join(place, 'index.html'), 'utf8');
    const entries = await readdir(place, { recursive: true, withFileTypes: true });
    const read = entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => {
        const path = join(parentPath, name);
        return [relative(place, path).replaceAll('\\', '/'), await readFile(path)] as const;
      });
    const all = new Map(await Promise.all(read));
    const files = new Map<string, DashboardFile>();
    const contents = new Map<string, Buffer>();
    for (const name of all.keys()) {
      const type = TYPES[extname(name)];
      if (type === undefined) continue;
      const encodings = ENCODINGS.filter(({ suffix }) => all.has(`${name}${suffix}`));
      files.set(`/${name}`, { type, isImmutable: name.startsWith('assets/'), encodings });
      for (const suffix of ['', ...encodings.map((one) => one.suffix)]) {
        const content = all.get(`${name}${suffix}`);
        if (content !== undefined) contents.set(`/${name}${suffix}`, content);
      }
    }
    return new DashboardFiles(contents, page, files);
  }

  /** Paths as they are asked for. */
  get paths(): readonly string[] {
    return [...this.#files.keys()];
  }

  file(path: string): DashboardFile | undefined {
    return this.#files.get(path);
  }

  /** Of a path that there is. */
  read(path: string, encoding: Encoding | undefined): Buffer {
    return this.#contents.get(`${path}${encoding?.suffix ?? ''}`) ?? Buffer.alloc(0);
  }
}
