/**
 * The rules of the house as a program: walls, sizes, names and bans. What is said here is said in
 * prose in STYLE.md; where the two differ, this one is in force.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { banFindings } from './bans.ts';
import { deadExportFindings, type Kept } from './dead-exports.ts';
import { shapeFindings } from './shape.ts';
import { parsed, type SourceFile } from './syntax.ts';
import { wallFindings } from './walls.ts';

/** Every way in which `files` break the house rules, one sentence each, by path and line. */
export function tidy(files: readonly SourceFile[], kept: Kept = {}): readonly string[] {
  const sources = files.map(parsed);
  const findings = [
    ...sources.flatMap(wallFindings),
    ...sources.flatMap(banFindings),
    ...sources.flatMap(shapeFindings),
    ...deadExportFindings(sources, kept),
  ];
  return findings
    .toSorted((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1))
    .map(({ path, line, says }) => `${path}:${line} ${says}`);
}

/** The sources below the folders `tops` of `root`, and files of `root` itself that are in `tops`. */
export async function readSources(
  root: string,
  tops: readonly string[],
): Promise<readonly SourceFile[]> {
  const chosen = await Promise.all(
    tops.map((top) => (top.endsWith('/') ? pathsBelow(root, top) : [top])),
  );
  return Promise.all(
    chosen.flat().map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') })),
  );
}

async function pathsBelow(root: string, folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(ts|tsx|js)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}
