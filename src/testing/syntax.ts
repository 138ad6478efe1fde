/** A source file as a tree, for rules about code: what stands in strings and comments is no code. */
import { basename } from 'node:path/posix';
import { parseSync } from 'vite';

export type SourceFile = {
  /** From the root of the repository, with `/`: `src/proxy/relay.ts`. */
  readonly path: string;
  readonly text: string;
};

export type SyntaxNode = {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [property: string]: unknown;
};

export type Comment = { readonly value: string; readonly start: number };

/**
 * Where code runs. `test`: nothing outside the process. `real-test`: PostgreSQL, the simulator, the
 * whole program or a browser beside it.
 */
export type Setting = 'product' | 'test' | 'real-test';

export type Source = SourceFile & {
  readonly name: string;
  /** The folder under `src/`; null for what lies elsewhere. */
  readonly room: string | null;
  readonly setting: Setting;
  readonly body: readonly SyntaxNode[];
  /** All nodes, in the order of the text: walked once, for all rules. */
  readonly visits: readonly Visit[];
  readonly comments: readonly Comment[];
};

/** Throws a plain `Error` if the text is no TypeScript. */
export function parsed(file: SourceFile): Source {
  const { program, comments, errors } = parseSync(file.path, file.text);
  if (errors.length > 0) throw new Error(`${file.path}: ${errors[0]?.message}`);
  const body = program.body as unknown as readonly SyntaxNode[];
  const visits: Visit[] = [];
  for (const node of body) collect(node, undefined, visits);
  const room = /^src\/([^/]+)\//.exec(file.path)?.[1] ?? null;
  return {
    ...file,
    name: basename(file.path),
    room,
    setting: settingOf(file.path),
    body,
    visits,
    comments,
  };
}

/** From 1. */
export const lineOf = (source: SourceFile, offset: number): number =>
  linesIn(source.text.slice(0, offset));

export const linesIn = (text: string): number => text.split('\n').length;

/** A node of a tree, and what holds it. */
export type Visit = { readonly node: SyntaxNode; readonly parent: SyntaxNode | undefined };

/** Adds a node and all below it. There are a million in the house: nothing is made for each but its visit. */
function collect(node: SyntaxNode, parent: SyntaxNode | undefined, visits: Visit[]): void {
  visits.push({ node, parent });
  for (const property in node) {
    const value = node[property];
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) collect(item, node, visits);
    } else if (isNode(value)) collect(value, node, visits);
  }
}

const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === 'object' && value !== null && 'type' in value && 'start' in value;

/** The node in `property`; undefined if there is none. */
export function nodeIn(node: SyntaxNode, property: string): SyntaxNode | undefined {
  const value = node[property];
  return isNode(value) ? value : undefined;
}

/** The nodes in `property`, as of a list. */
export function nodesIn(node: SyntaxNode, property: string): readonly SyntaxNode[] {
  const value = node[property];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** The text of an identifier or of a string. */
export function textOf(node: SyntaxNode | undefined): string | undefined {
  const text = node?.name ?? node?.value;
  return typeof text === 'string' ? text : undefined;
}

/** `a.b.c` of names joined by dots; undefined for any other expression. */
export function dotted(node: SyntaxNode | undefined): string | undefined {
  if (node?.type === 'Identifier') return textOf(node);
  if (node?.type !== 'MemberExpression' || node.computed === true) return undefined;
  const object = dotted(nodeIn(node, 'object'));
  return object && `${object}.${textOf(nodeIn(node, 'property'))}`;
}

function settingOf(path: string): Setting {
  if (/\.(pg|e2e|sim|web)\.test\.tsx?$/.test(path)) return 'real-test';
  return /\.test\.tsx?$/.test(path) ? 'test' : 'product';
}
