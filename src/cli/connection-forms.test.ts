import { expect, test } from 'vitest';
import { formsFor } from './connection-forms.ts';

const FORMS = [
  ['psql', 'psql'],
  ['node-postgres', 'Node.js (pg)'],
  ['postgres.js', 'Node.js (postgres.js)'],
  ['psycopg', 'Python (psycopg)'],
  ['sqlalchemy', 'Python (SQLAlchemy 2)'],
  ['jdbc', 'Java (JDBC)'],
  ['npgsql', '.NET (Npgsql)'],
  ['prisma-env', 'Prisma (.env)'],
  ['prisma-schema', 'Prisma (schema.prisma)'],
].map(([kind = '', title = '']) => ({ kind, title, language: 'text', text: kind }));

test.each([
  ['jdbc', ['jdbc']],
  ['Java', ['jdbc']],
  ['python', ['psycopg', 'sqlalchemy']],
  ['node', ['node-postgres', 'postgres.js']],
  ['prisma', ['prisma-env', 'prisma-schema']],
  ['.net', ['npgsql']],
  ['cobol', []],
])('who asks for %s means %j', (client, kinds) => {
  expect(formsFor(FORMS, client).map(({ kind }) => kind)).toEqual(kinds);
});
