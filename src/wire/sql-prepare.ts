/**
 * Finds the one command that has prepared a statement.
 *
 * PostgreSQL keeps the whole query string with a statement made by SQL `PREPARE`, also if it held
 * other commands, which must not be run again.
 */
import { type SqlToken, sqlTokens } from './sql-lexer.ts';

/** The `PREPARE` of statement `name` in `sql`; undefined if that is not certain. */
export function statementOf(sql: string, name: string): string | undefined {
  const commands = commandsOf(sql);
  if (commands === undefined) return undefined;
  const found = commands.filter((tokens) => prepares(tokens) === name);
  const [only] = found;
  if (only === undefined || found.length > 1) return undefined;
  return only
    .map(({ text }) => text)
    .join('')
    .trim();
}

/** Undefined if the text cannot be cut for certain. */
function commandsOf(sql: string): readonly (readonly SqlToken[])[] | undefined {
  const commands: SqlToken[][] = [];
  let current: SqlToken[] = [];
  let isDoubtful = false;
  for (const token of sqlTokens(sql)) {
    if (token.kind === 'unended') return undefined;
    isDoubtful ||= token.kind === 'doubtful';
    if (token.kind !== 'semicolon') current.push(token);
    else {
      commands.push(current);
      current = [];
    }
  }
  commands.push(current);
  const full = commands.filter((tokens) => tokens.some(({ kind }) => kind !== 'space'));
  return isDoubtful && sql.includes(';') ? undefined : full;
}

/** The name that a command prepares. */
function prepares(tokens: readonly SqlToken[]): string | undefined {
  const [verb, name] = tokens.filter(({ kind }) => kind !== 'space');
  if (verb?.text.toLowerCase() !== 'prepare') return undefined;
  if (name?.kind === 'identifier') return name.text.slice(1, -1).replaceAll('""', '"');
  return name?.kind === 'word' ? name.text.replace(/[A-Z]/g, (l) => l.toLowerCase()) : undefined;
}
