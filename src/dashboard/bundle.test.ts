import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'vite';
import { beforeAll, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Of script, compressed the worse of the two ways it is served, until the first page is there. */
const FIRST_LOAD_MAX = 250_000;

type Chunk = {
  readonly fileName: string;
  readonly code: string;
  readonly imports: readonly string[];
  readonly facadeModuleId: string | null;
};

let chunks: ReadonlyMap<string, Chunk>;

beforeAll(async () => {
  const built = await build({
    ...{ configFile: join(ROOT, 'vite.config.ts'), logLevel: 'silent' },
    // As it is served: a test's own environment would bring React's checks along.
    define: { 'process.env.NODE_ENV': '"production"' },
    build: { write: false, manifest: false },
  });
  const outputs = [built].flat().flatMap((one) => ('output' in one ? one.output : []));
  chunks = new Map(
    outputs.flatMap((one) => (one.type === 'chunk' ? [[one.fileName, one as Chunk] as const] : [])),
  );
});

/** The files that `name` cannot begin without. */
function needed(name: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(name)) return found;
  found.add(name);
  for (const other of chunks.get(name)?.imports ?? []) needed(other, found);
  return found;
}

const chunkOf = (source: string): string =>
  [...chunks.values()].find(({ facadeModuleId }) => facadeModuleId?.endsWith(source))?.fileName ??
  '';

test('what is loaded until a first page is there fits into what a phone takes', () => {
  const size = (name: string): number => {
    const code = chunks.get(name)?.code ?? '';
    return Math.max(brotliCompressSync(code).length, gzipSync(code, { level: 9 }).length);
  };
  const sizes = (page: string): number =>
    [...new Set([...needed(chunkOf('/index.html')), ...needed(chunkOf(page))])]
      .map(size)
      .reduce((sum, one) => sum + one, 0);
  expect(chunkOf('/pages/overview.tsx')).not.toBe('');
  expect(sizes('/pages/overview.tsx')).toBeLessThan(FIRST_LOAD_MAX);
  expect(sizes('/pages/tenants.tsx')).toBeLessThan(FIRST_LOAD_MAX);
  expect(chunkOf('/customer/home.tsx')).not.toBe('');
  expect(sizes('/customer/home.tsx')).toBeLessThan(FIRST_LOAD_MAX);
  expect(sizes('/customer/database.tsx')).toBeLessThan(FIRST_LOAD_MAX);
});

test('each page is loaded when it is gone to, and no other with it', () => {
  const first = needed(chunkOf('/index.html'));
  const pages = [...chunks.values()].filter(({ facadeModuleId }) =>
    /\/pages\/[a-z-]+\.tsx$/.test(facadeModuleId ?? ''),
  );
  expect(pages.length).toBeGreaterThan(10);
  expect(pages.filter(({ fileName }) => first.has(fileName))).toEqual([]);
});

test('the editor comes to who goes to it, and to nobody else', () => {
  const hasEditor = (source: string): boolean =>
    [...needed(chunkOf(source))].some((name) => chunks.get(name)?.code.includes('cm-content'));
  expect(hasEditor('/sql/console.tsx')).toBe(true);
  expect(hasEditor('/customer/database.tsx')).toBe(false);
});

test('nothing is asked of another host, and nothing of the server is in it', () => {
  const page = readFileSync(join(ROOT, 'src/dashboard/index.html'), 'utf8');
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  const all = [...chunks.values()].map(({ code }) => code).join('\n');
  expect(all).not.toMatch(/typebox|from ?["']node:/i);
});
