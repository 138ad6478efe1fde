/** What TAB offers at the prompt: words of SQL, names of the tenant, backslash commands. */
import { BACKSLASH_WORDS } from './backslash.ts';

/** The words that people begin to type most, not all that PostgreSQL reserves. */
const KEYWORDS =
  `abort add all alter analyze and any array as asc begin between by cascade case cast check coalesce
  column comment commit concurrently constraint copy create cross current_date current_timestamp
  current_user cycle database default delete desc distinct do drop each else end except execute exists
  explain extension false fetch filter first for foreign from full function generated grant group
  having identity if ilike in index inner insert instead intersect interval into is join key
  last lateral left like limit listen lock materialized natural not notify null nulls offset on only or
  order outer over partition policy primary procedure recursive references refresh reindex rename
  replace reset restrict returning returns revoke right role rollback row rows savepoint schema select
  sequence set show some start table tablespace temporary then to transaction trigger true truncate
  type union unique unlogged update using vacuum values verbose view when where window with without`
    .trim()
    .split(/\s+/);

/** Offered at once; more would scroll the statement away. */
const OFFERED_MAX = 200;

/**
 * What may stand in place of the last word of `line`, and that word. Keywords come in the case of
 * what was typed; a name that needs quotes gets them.
 */
export function completionsFor(
  line: string,
  names: readonly string[],
): readonly [offered: string[], word: string] {
  const command = /^\\(\S*)$/.exec(line);
  if (command !== null) {
    const word = line;
    return [BACKSLASH_WORDS.map((one) => `\\${one}`).filter((one) => one.startsWith(word)), word];
  }
  const [word] = /"?[\p{L}\p{N}_$]*$/u.exec(line) ?? [''];
  if (word === '' || word === '"') return [[], word];
  const bare = word.replace(/^"/, '');
  const isUpper = /\p{Lu}/u.test(bare) && bare === bare.toUpperCase();
  const ofNames = names
    .filter((name) => name.toLowerCase().startsWith(bare.toLowerCase()))
    .map((name) => (word.startsWith('"') ? `"${name.replaceAll('"', '""')}"` : quoted(name)));
  const isCommand = line.startsWith('\\');
  const ofKeywords =
    isCommand || word.startsWith('"')
      ? []
      : KEYWORDS.filter((one) => one.startsWith(bare.toLowerCase())).map((one) =>
          isUpper ? one.toUpperCase() : one,
        );
  const offered = [...new Set([...ofNames, ...ofKeywords])].slice(0, OFFERED_MAX);
  return [offered, word];
}

const quoted = (name: string): string =>
  /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
