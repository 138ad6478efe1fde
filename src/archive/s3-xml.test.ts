import { expect, test } from 'vitest';
import { childrenOf, escapeXml, parseXml, textIn } from './s3-xml.ts';

test('elements, text, attributes, entities and empty elements are read', () => {
  const root = parseXml(
    '\uFEFF<?xml version="1.0" encoding="UTF-8"?>\n' +
      '<List xmlns="http://s3/" a = \'>\'>\n <Key>a&amp;&lt;b&#x41;&#66;</Key><Empty/><Key>2</Key></List>\n',
  );
  expect(root.name).toBe('List');
  expect(childrenOf(root, 'Key').map(({ text }) => text)).toEqual(['a&<bAB', '2']);
  expect(textIn(root, 'Empty')).toBe('');
  expect(textIn(root, 'None')).toBe(undefined);
});

test.each([
  '',
  'text',
  '<a>',
  '</a>',
  '<a></b>',
  '<a/><b/>',
  '<a></a>text',
  '<a b=c/>',
  '<a>&unknown;</a>',
  '<a>&#x110000;</a>',
  '<a>&#xD8000000;</a>',
  '<a>& </a>',
  '<a>&amp</a>',
  '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
  '<a><![CDATA[x]]></a>',
  '<a><!-- x --></a>',
  '<a'.repeat(40),
  '<a>'.repeat(40) + '</a>'.repeat(40),
  `<a ${'b="c" '.repeat(2_000)}`,
])('%j is refused', (document) => {
  expect(() => parseXml(document)).toThrow('XML');
});

test('what is escaped is read as it was', () => {
  const text = `a&<>"'b`;
  expect(parseXml(`<a>${escapeXml(text)}</a>`).text).toBe(text);
});
