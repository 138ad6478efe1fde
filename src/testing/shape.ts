/** Sizes and names: of files, of functions, of tests. */

import type { Finding } from './finding.ts';
import {
  dotted,
  lineOf,
  linesIn,
  nodeIn,
  nodesIn,
  type Source,
  type SyntaxNode,
  textOf,
} from './syntax.ts';

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;
const TEST_WORDS_MIN = 3;

const FILE_NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.(pg|e2e|sim|web))?(\.test)?\.tsx?$/;

/** A name that vitest completes from a row of a table, which may hold the whole sentence. */
const FILLED_IN = /[%$][a-z]/i;

/** Words that say nothing of what a thing is for. */
const EMPTY_WORDS = new Set(
  ['util', 'helper', 'manager', 'handler', 'service', 'common', 'misc'].flatMap((word) => [
    word,
    `${word}s`,
  ]),
);

export function shapeFindings(source: Source): readonly Finding[] {
  if (source.room === null) return [];
  return [...fileFindings(source), ...functionFindings(source), ...testFindings(source)];
}

function fileFindings({ path, name, room, text, body }: Source): readonly Finding[] {
  const lines = linesIn(text.trimEnd());
  const sayings = [
    lines > FILE_LINES_MAX && `has ${lines} lines; ${FILE_LINES_MAX} is the wall`,
    !FILE_NAME.test(name) && 'has a name that is not kebab-case',
    /^index\./.test(name) && room !== 'sdk' && 'is a barrel; import the files themselves',
    body.length === 0 && 'has no code',
    ...name
      .split(/[-.]/)
      .filter((word) => EMPTY_WORDS.has(word))
      .map((word) => `is called "${word}", which says nothing of what it is for`),
  ];
  return sayings
    .filter((says): says is string => says !== false)
    .map((says) => ({ path, line: 1, says }));
}

function functionFindings(source: Source): readonly Finding[] {
  return source.visits.flatMap(({ node, parent }) => {
    if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) {
      return [];
    }
    const lines = linesIn(source.text.slice(node.start, node.end));
    if (lines <= FUNCTION_LINES_MAX || isSuite(parent)) return [];
    const says = `has a function of ${lines} lines; ${FUNCTION_LINES_MAX} is the wall`;
    return [{ path: source.path, line: lineOf(source, node.start), says }];
  });
}

/** A suite is a list of tests, which are measured one by one. */
const isSuite = (parent: SyntaxNode | undefined): boolean =>
  parent?.type === 'CallExpression' && calledFirst(parent) === 'describe';

function testFindings(source: Source): readonly Finding[] {
  if (source.setting === 'product') return [];
  return source.visits.flatMap(({ node }) => {
    const name = testName(node);
    if (name === undefined || name.trim().split(/\s+/).length >= TEST_WORDS_MIN) return [];
    const says = `has a test called "${name}"; say in a sentence what is so`;
    return [{ path: source.path, line: lineOf(source, node.start), says }];
  });
}

/** The name of the test that `node` declares, where it is written out and not filled in later. */
function testName(node: SyntaxNode): string | undefined {
  if (node.type !== 'CallExpression' || !/^(test|it)$/.test(calledFirst(node))) return undefined;
  const [name] = nodesIn(node, 'arguments');
  const text = name?.type === 'Literal' ? textOf(name) : undefined;
  return text !== undefined && FILLED_IN.test(text) ? undefined : text;
}

/** `test` of `test(…)`, `test.only(…)` and `test.each(…)(…)`. */
function calledFirst(call: SyntaxNode): string {
  const callee = nodeIn(call, 'callee');
  if (callee?.type === 'CallExpression') return calledFirst(callee);
  if (callee?.type === 'TaggedTemplateExpression') return firstName(nodeIn(callee, 'tag'));
  return firstName(callee);
}

const firstName = (node: SyntaxNode | undefined): string => dotted(node)?.split('.')[0] ?? '';
