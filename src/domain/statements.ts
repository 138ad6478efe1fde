/** What statements do, as far as PostgreSQL's answers to them tell. Their text is never kept. */
export const STATEMENT_CLASSES = [
  'read',
  'write',
  'ddl',
  'transaction',
  'session',
  'other',
] as const;

export type StatementClass = (typeof STATEMENT_CLASSES)[number];
