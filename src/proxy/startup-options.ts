/**
 * The startup parameter `options`: command-line switches for the backend, and one of our own.
 *
 * PostgreSQL splits it at whitespace; a backslash takes away the meaning of what follows it. A
 * tenant is named by `endpoint=NAME` alone, or as a setting called `endpoint` or `dynabase.tenant`
 * in each of the forms that PostgreSQL has for settings. These are taken out; all else goes on as
 * it came.
 *
 * Source: PostgreSQL `pg_split_opts` and `process_postgres_switches`.
 */

export type StartupOptions = {
  /** Tenants named, in order, without repetition. */
  readonly tenants: readonly string[];
  /** What PostgreSQL is to read. */
  readonly rest: string;
};

const NAMING = /^(?:-c|--)?(?:endpoint|dynabase\.tenant)=(.*)$/s;

/** A switch and, for `-c`, its setting, each as written. */
type Switch = readonly string[];

export function readStartupOptions(text: string): StartupOptions {
  const tenants = new Set<string>();
  const rest: string[] = [];
  for (const one of switchesOf(splitWords(text))) {
    const named = NAMING.exec(one.map(unescaped).join(''))?.[1];
    if (named === undefined) rest.push(...one);
    else tenants.add(named);
  }
  return { tenants: [...tenants], rest: rest.join(' ') };
}

/** The words of `text` as written, backslashes and all. */
function splitWords(text: string): string[] {
  return text.match(/(?:\\[\s\S]|[^\\ \t\n\v\f\r])+\\?|\\$/g) ?? [];
}

const unescaped = (word: string): string => word.replace(/\\([\s\S])/g, '$1');

/** `-c NAME=VALUE` may be two words; every other switch that could name a tenant is one. */
function switchesOf(words: readonly string[]): Switch[] {
  const switches: Switch[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    const setting = words[i + 1];
    if (word === '-c' && setting !== undefined) {
      switches.push([word, setting]);
      i++;
    } else switches.push([word]);
  }
  return switches;
}
