/** The backslash commands: the part of psql's that people use most. */

import { badRequest } from '../failure.ts';
import { closest } from '../options/closest.ts';
import { describeQueries, LISTS, type TitledQuery } from './catalog-queries.ts';
import type { Display } from './display.ts';

export type BackslashCommand =
  | { readonly kind: 'quit' }
  | { readonly kind: 'help' }
  /** Changes how rows are shown; `say` tells the person. */
  | { readonly kind: 'display'; readonly change: (now: Display) => Display }
  /** Undefined turns it round. */
  | { readonly kind: 'timing'; readonly on: boolean | undefined }
  | { readonly kind: 'connect'; readonly name: string }
  | { readonly kind: 'include'; readonly file: string }
  /** Null for the terminal. */
  | { readonly kind: 'output'; readonly file: string | null }
  | { readonly kind: 'edit' }
  /** Queries whose results are shown one below the other, each under its title. */
  | { readonly kind: 'queries'; readonly queries: readonly TitledQuery[] };

export const BACKSLASH_HELP = `  \\d [NAME]          list tables, views and sequences, or describe one
  \\dt [PATTERN]      list tables
  \\dv [PATTERN]      list views
  \\di [PATTERN]      list indexes
  \\ds [PATTERN]      list sequences
  \\dn [PATTERN]      list schemas
  \\df [PATTERN]      list functions
  \\dx [PATTERN]      list extensions
  \\du [PATTERN]      list roles
  \\l [PATTERN]       list databases
  \\c NAME            go to another tenant
  \\e                 write the statement in an editor: $VISUAL, $EDITOR or vi
  \\i FILE            run a file
  \\o [FILE]          write results to a file, or to the terminal again
  \\x [on|off|auto]   show each row as a record, never, or where a table is too wide
  \\t [on|off]        show rows alone, without heads and counts
  \\pset null TEXT    what is shown for NULL
  \\timing [on|off]   show how long each statement takes
  \\q                 quit (as Ctrl-D does)
  \\?                 this help

A PATTERN may have * and ?, and a schema before a dot. A statement ends with ";" and may take
several lines. TAB completes words and names. Ctrl-C takes back what you typed, or cancels what
runs.`;

/** Words that begin commands, for completion and for slips of the fingers. */
export const BACKSLASH_WORDS: readonly string[] = [
  ...Object.keys(LISTS),
  ...['c', 'e', 'i', 'o', 'x', 't', 'pset', 'timing', 'q', '?'],
];

/** Reads a line that begins with a backslash. Throws `BAD_REQUEST` if it is no command of ours. */
export function parseBackslash(line: string): BackslashCommand {
  const [, word = '', rest = ''] = /^\\(\S*?)(?:;?\s*|\s+(.*?);?\s*)$/.exec(line) ?? [];
  switch (word) {
    case 'q':
    case 'quit':
      return { kind: 'quit' };
    case '?':
    case 'h':
    case 'help':
      return { kind: 'help' };
    case 'x':
      return { kind: 'display', change: expandedBy(rest) };
    case 't':
      return { kind: 'display', change: tuplesOnlyBy(rest) };
    case 'pset':
      return { kind: 'display', change: psetBy(rest) };
    case 'timing':
      return { kind: 'timing', on: switched(word, rest) };
    case 'c':
    case 'connect':
      return { kind: 'connect', name: needed(word, rest, 'the name of a tenant') };
    case 'i':
    case 'include':
      return { kind: 'include', file: unquoted(needed(word, rest, 'the name of a file')) };
    case 'o':
    case 'out':
      return { kind: 'output', file: rest === '' ? null : unquoted(rest) };
    case 'e':
    case 'edit':
      return { kind: 'edit' };
    default:
      return { kind: 'queries', queries: queriesOf(word, rest) };
  }
}

function queriesOf(word: string, rest: string): readonly TitledQuery[] {
  const bare = word.replace(/[+S]+$/, '');
  if (bare === 'd' && rest !== '' && !/[*?]/.test(rest)) return describeQueries(rest);
  const list = Object.hasOwn(LISTS, bare) ? LISTS[bare] : undefined;
  if (list !== undefined) return [list(rest)];
  const near = closest(word, BACKSLASH_WORDS);
  const meant = near === undefined || word.length < 2 ? '' : `; did you mean \\${near}?`;
  throw badRequest(`there is no command \\${word}${meant || '; \\? lists those there are'}`);
}

function expandedBy(rest: string): (now: Display) => Display {
  if (rest === 'auto') return (now) => ({ ...now, expanded: 'auto' });
  const on = switched('x', rest, 'on, off or auto');
  return (now) => ({ ...now, expanded: (on ?? now.expanded !== 'on') ? 'on' : 'off' });
}

function tuplesOnlyBy(rest: string): (now: Display) => Display {
  const on = switched('t', rest);
  return (now) => ({ ...now, tuplesOnly: on ?? !now.tuplesOnly });
}

function psetBy(rest: string): (now: Display) => Display {
  const [, what = '', value = ''] = /^(\S*)\s*(.*)$/.exec(rest) ?? [];
  switch (what) {
    case 'null':
      return (now) => ({ ...now, nullText: unquoted(value) });
    case 'expanded':
      return expandedBy(value);
    case 'tuples_only':
      return tuplesOnlyBy(value);
    default:
      throw badRequest('\\pset takes null TEXT, expanded on|off|auto, or tuples_only on|off');
  }
}

function switched(word: string, given: string, wanted = 'on or off'): boolean | undefined {
  if (given === '') return undefined;
  if (given === 'on') return true;
  if (given === 'off') return false;
  throw badRequest(`\\${word} takes ${wanted}`);
}

function needed(word: string, given: string, what: string): string {
  if (given === '') throw badRequest(`\\${word} needs ${what}`);
  return given;
}

/** `'(none)'` as `(none)`. */
const unquoted = (text: string): string =>
  /^'.*'$/.test(text) ? text.slice(1, -1).replaceAll("''", "'") : text;
