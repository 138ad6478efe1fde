import { describe, expect, test } from 'vitest';
import { examplesIn, isAsShown, learn } from './doc-examples.ts';

const PAGE = `# Page

<!-- before
make it
-->

\`\`\`console
$ one \\
    --more
first
$ two
$ three
…
last
\`\`\`

<!-- not run: it takes hours -->

\`\`\`ts
const x = 1;
\`\`\`

\`\`\`json
{}
\`\`\`
`;

test('examples are found in their order, with what makes them and what excuses them', () => {
  expect(examplesIn(PAGE)).toEqual([
    { line: 3, excuse: null, kind: 'console', commands: [{ command: 'make it', prints: null }] },
    {
      ...{ line: 7, excuse: null, kind: 'console' },
      commands: [
        { command: 'one  --more', prints: 'first' },
        { command: 'two', prints: null },
        { command: 'three', prints: '…\nlast' },
      ],
    },
    { line: 19, excuse: 'it takes hours', kind: 'ts', code: 'const x = 1;' },
  ]);
});

test('a block without an end is no example', () => {
  expect(() => examplesIn('```ts\nlet x')).toThrow('line 1');
});

describe('what is printed is as shown', () => {
  test.each([
    ['NAME  ID\nacme  tn_aaaaaaaaaaaa', 'NAME ID\nacme   tn_bbbbbbbbbbbb'],
    ['created postgresql://a:secret@h/a', 'created postgresql://a:other@h/a'],
    ['awake since 3 s ago, for 0.5 s', 'awake since just now, for 12 min'],
    ['{"ms":8.1,"wakeMs":112.84}', '{"ms":1,"wakeMs":0}'],
    ['one\ntwo\nthree', 'one\n…\nthree'],
    ['{"a":1,"b":2}', '{"a":1,...}'],
    ['a\n\nb  ', 'a\nb'],
  ])('%j by %j', (printed, shown) => expect(isAsShown(printed, shown)).toBe(true));

  test.each([
    ['acme  suspended', 'acme  running'],
    ['one\ntwo', 'one'],
    ['one', 'one\ntwo'],
    ['{"rows":[]}', '{"rows":[{"n":7}]}'],
    ['a.b', 'a*b'],
    ['axb', 'a.b'],
  ])('and %j is not by %j', (printed, shown) => expect(isAsShown(printed, shown)).toBe(false));
});

test('ids and passwords of a page are learned in the order in which they are shown', () => {
  const known = new Map<string, string>();
  learn(known, 'tn_1 tn_2 postgresql://a:real@h', 'tn_a tn_b postgresql://a:shown@h');
  expect([...known]).toEqual([
    ['shown', 'real'],
    ['tn_a', 'tn_1'],
    ['tn_b', 'tn_2'],
  ]);
});
