/** What may not be written, and what to use instead. */

import type { Finding } from './finding.ts';
import {
  dotted,
  lineOf,
  nodeIn,
  nodesIn,
  type Source,
  type SyntaxNode,
  textOf,
  type Visit,
} from './syntax.ts';
import { TIMELESS } from './walls.ts';

type Ban = {
  readonly holdsIn: (source: Source) => boolean;
  readonly matches: (visit: Visit) => boolean;
  readonly says: string;
};

const inTimeless = ({ room, setting }: Source): boolean =>
  room !== null && TIMELESS.has(room) && setting !== 'real-test';

const outsideMain = ({ room, setting }: Source): boolean =>
  room !== null && room !== 'main' && room !== 'testing' && setting === 'product';

const inSource = ({ room }: Source): boolean => room !== null;

const globalName = (node: SyntaxNode | undefined): string =>
  dotted(node)?.replace(/^globalThis\./, '') ?? '';

const calls = (node: SyntaxNode, ...functions: readonly string[]): boolean =>
  node.type === 'CallExpression' && functions.includes(globalName(nodeIn(node, 'callee')));

const reads = (node: SyntaxNode, ...names: readonly string[]): boolean =>
  node.type === 'MemberExpression' && names.includes(globalName(node));

const BANS: readonly Ban[] = [
  {
    holdsIn: inTimeless,
    matches: ({ node }) =>
      reads(node, 'Date.now', 'performance.now', 'process.hrtime', 'process.uptime') ||
      calls(node, 'Date') ||
      (node.type === 'NewExpression' &&
        globalName(nodeIn(node, 'callee')) === 'Date' &&
        nodesIn(node, 'arguments').length === 0),
    says: 'reads the time; use your Clock',
  },
  {
    holdsIn: inTimeless,
    matches: ({ node }) => calls(node, 'setTimeout', 'setInterval'),
    says: 'sets a timer; use your Clock',
  },
  {
    holdsIn: inTimeless,
    matches: ({ node }) =>
      reads(node, 'Math.random', 'crypto.randomUUID', 'crypto.getRandomValues') ||
      calls(node, 'randomUUID', 'randomBytes', 'randomInt'),
    says: 'takes a chance; use your Random',
  },
  {
    holdsIn: outsideMain,
    matches: ({ node, parent }) =>
      reads(node, 'process.env') ||
      (node.type === 'ImportSpecifier' &&
        textOf(nodeIn(node, 'imported')) === 'env' &&
        /^(node:)?process$/.test(textOf(parent && nodeIn(parent, 'source')) ?? '')),
    says: 'reads the environment; take options',
  },
  {
    holdsIn: ({ room }) => room !== null && room !== 'main',
    matches: ({ node }) =>
      node.type === 'MemberExpression' && globalName(nodeIn(node, 'object')) === 'console',
    says: 'writes to the console; use your Log',
  },
  {
    holdsIn: inSource,
    matches: ({ node }) => node.type === 'ExportDefaultDeclaration',
    says: 'has a default export; give it a name',
  },
  {
    holdsIn: inSource,
    matches: ({ node }) => node.type === 'TSNonNullExpression' || node.definite === true,
    says: 'asserts with "!"; guard, or make the type say it',
  },
  {
    holdsIn: ({ room }) => room !== null && room !== 'sdk',
    matches: ({ node }) => node.type === 'ExportAllDeclaration',
    says: 'exports what another file has; import that file',
  },
];

const UNFINISHED = /\b(TODO|FIXME)\b/;

export function banFindings(source: Source): readonly Finding[] {
  const { path } = source;
  const bans = BANS.filter(({ holdsIn }) => holdsIn(source));
  const inCode = source.visits.flatMap((visit) =>
    bans
      .filter(({ matches }) => matches(visit))
      .map(({ says }) => ({ path, line: lineOf(source, visit.node.start), says })),
  );
  const inComments = source.comments
    .filter(({ value }) => UNFINISHED.test(value))
    .map(({ start }) => ({
      path,
      line: lineOf(source, start),
      says: 'is unfinished by its own word',
    }));
  return [...inCode, ...inComments];
}
