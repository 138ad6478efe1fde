/** Exports that nobody needs: neither another file nor the one that has them. */
import { posix } from 'node:path';
import type { Finding } from './finding.ts';
import { importsOf } from './imports.ts';
import { lineOf, nodeIn, nodesIn, type Source, type SyntaxNode, textOf } from './syntax.ts';

/** Exports that have a reason to be unused here: `src/room/file.ts name` and the reason. */
export type Kept = Readonly<Record<string, string>>;

export function deadExportFindings(sources: readonly Source[], kept: Kept): readonly Finding[] {
  const used = usedExports(sources);
  const dead = sources
    .filter(
      ({ room, setting, name }) => room !== null && setting === 'product' && name !== 'index.ts',
    )
    .flatMap((source) => {
      const idle = exportsOf(source).filter(
        ({ name }) => !used.has(`${source.path} ${name}`) && !used.has(`${source.path} *`),
      );
      const mentions = mentionsOf(source, new Set(idle.map(({ name }) => name)));
      return idle
        .filter(({ name }) => (mentions.get(name)?.size ?? 0) < 2)
        .map(({ name, start }) => ({ source, name, start }));
    });
  const unused = new Set(dead.map(({ source, name }) => `${source.path} ${name}`));
  const findings = dead
    .filter(({ source, name }) => !Object.hasOwn(kept, `${source.path} ${name}`))
    .map(({ source, name, start }) => ({
      path: source.path,
      line: lineOf(source, start),
      says: `exports ${name}, which nobody uses; delete it`,
    }));
  const idle = Object.keys(kept)
    .filter((key) => !unused.has(key))
    .map((key) => {
      const [path = '', name] = key.split(' ');
      return { path, line: 1, says: `is excused for ${name}, which needs no excuse; delete that` };
    });
  return [...findings, ...idle];
}

/** `path name` of all that is imported; `path *` of files that are loaded as a whole. */
function usedExports(sources: readonly Source[]): ReadonlySet<string> {
  const used = new Set<string>();
  for (const source of sources) {
    for (const { target, names } of importsOf(source)) {
      for (const name of names) used.add(`${target} ${name}`);
    }
    for (const path of filesNamed(source)) used.add(`${path} *`);
  }
  return used;
}

/** Files that are named in strings, to be started or loaded by path. */
function filesNamed(source: Source): readonly string[] {
  const names = source.visits.flatMap(({ node, parent }) => {
    const text = node.type === 'Literal' ? textOf(node) : undefined;
    if (text === undefined || !/^\.{1,2}\/.*\.tsx?$/.test(text)) return [];
    return /^(Import|Export)/.test(parent?.type ?? '') ? [] : [text];
  });
  return names.map((name) => posix.join(posix.dirname(source.path), name));
}

type Export = { readonly name: string; readonly start: number };

function exportsOf(source: Source): readonly Export[] {
  return source.body
    .filter(({ type }) => type === 'ExportNamedDeclaration')
    .flatMap((node) => {
      const declaration = nodeIn(node, 'declaration');
      const declared = declaration ? declaredBy(declaration) : [];
      const listed = nodesIn(node, 'specifiers').map((one) => textOf(nodeIn(one, 'exported')));
      return [...declared, ...listed]
        .filter((name) => name !== undefined)
        .map((name) => ({ name, start: node.start }));
    });
}

function declaredBy(declaration: SyntaxNode): readonly (string | undefined)[] {
  if (declaration.type !== 'VariableDeclaration') return [textOf(nodeIn(declaration, 'id'))];
  return nodesIn(declaration, 'declarations').flatMap((one) => boundBy(nodeIn(one, 'id')));
}

/** The names that a pattern binds: `a`, `b` and `c` of `{ a, x: [b = 1, ...c] }`. */
function boundBy(pattern: SyntaxNode | undefined): readonly (string | undefined)[] {
  switch (pattern?.type) {
    case 'Identifier':
      return [textOf(pattern)];
    case 'ObjectPattern':
      return nodesIn(pattern, 'properties').flatMap((one) => boundBy(nodeIn(one, 'value') ?? one));
    case 'ArrayPattern':
      return nodesIn(pattern, 'elements').flatMap(boundBy);
    case 'AssignmentPattern':
      return boundBy(nodeIn(pattern, 'left'));
    case 'RestElement':
      return boundBy(nodeIn(pattern, 'argument'));
    default:
      return [];
  }
}

/** Where each of `names` stands in the code, its declaration included and lists of exports not. */
function mentionsOf(
  source: Source,
  names: ReadonlySet<string>,
): ReadonlyMap<string, ReadonlySet<number>> {
  // The `a` of a pattern `{ a }` is two nodes in one place.
  const places = new Map<string, Set<number>>();
  if (names.size === 0) return places;
  for (const { node, parent } of source.visits) {
    if (node.type !== 'Identifier' || parent?.type === 'ExportSpecifier') continue;
    const name = textOf(node);
    if (name === undefined || !names.has(name)) continue;
    places.set(name, (places.get(name) ?? new Set()).add(node.start));
  }
  return places;
}
