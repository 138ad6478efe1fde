import { expect, test } from 'vitest';
import { QUERY_CLASSES } from '../domain/usage.ts';
import { classOfTag } from './tag-class.ts';

test.each([
  ['SELECT 5', 'read'],
  ['FETCH 10', 'read'],
  ['INSERT 0 1', 'write'],
  ['DELETE 0', 'write'],
  ['MERGE 3', 'write'],
  ['TRUNCATE TABLE', 'write'],
  ['CREATE TABLE', 'ddl'],
  ['COMMENT', 'ddl'],
  ['COMMIT', 'transaction'],
  ['ROLLBACK', 'transaction'],
  ['START TRANSACTION', 'transaction'],
  ['COPY 100', 'copy'],
  ['SET', 'utility'],
  ['SECURITY LABEL', 'ddl'],
  ['DO', 'utility'],
  ['DECLARE CURSOR', 'utility'],
  ['DEALLOCATE ALL', 'utility'],
  ['REINDEX', 'utility'],
  ['WHATEVER', 'other'],
  ['', 'other'],
  ['12', 'other'],
] as const)('a statement with the tag %j is one of class %s', (tag, kind) => {
  const bytes = Buffer.from(`..${tag}\0`);
  expect(QUERY_CLASSES[classOfTag(bytes, 2, bytes.length)]).toBe(kind);
});

test('what lies behind the end of a tag is not looked at', () => {
  const bytes = Buffer.from('SETTLE');
  expect(QUERY_CLASSES[classOfTag(bytes, 0, 3)]).toBe('utility');
});
