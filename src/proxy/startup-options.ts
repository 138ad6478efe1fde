/**
 * The startup parameter `options`: command-line switches for the backend, and two of our own.
 *
 * PostgreSQL splits it at whitespace; a backslash takes away the meaning of what follows it. A
 * tenant is named by `endpoint=NAME` alone, or as a setting called `endpoint` or `dynabase.tenant`
 * in each of the forms that PostgreSQL has for settings. In the same forms `dynabase.pool` says for how
 * long the session has a backend. These are taken out; all else goes on as it came.
 *
 * Source: PostgreSQL `pg_split_opts` and `process_postgres_switches`.
 */
import { fault } from '../domain/faults.ts';

export type StartupOptions = {
  /** Tenants named, in order, without repetition. */
  readonly tenants: readonly string[];
  /** The last `dynabase.pool`; null if there is none. */
  readonly pool: string | null;
  /** What PostgreSQL is to read. */
  readonly rest: string;
};

/** How long a session has a backend: as long as it may hold something there, or for a transaction. */
export type PoolMode = 'session' | 'transaction';

const NAMING = /^(?:-c|--)?(?:endpoint|dynabase\.tenant)=(.*)$/s;
const POOLING = /^(?:-c|--)?dynabase\.pool=(.*)$/s;

/** A switch and, for `-c`, its setting, each as written. */
type Switch = readonly string[];

export function readStartupOptions(text: string): StartupOptions {
  const tenants = new Set<string>();
  const rest: string[] = [];
  let pool: string | null = null;
  for (const one of switchesOf(splitWords(text))) {
    const setting = one.map(unescaped).join('');
    const named = NAMING.exec(setting)?.[1];
    const pooled = POOLING.exec(setting)?.[1];
    if (named !== undefined) tenants.add(named);
    else if (pooled !== undefined) pool = pooled;
    else rest.push(...one);
  }
  return { tenants: [...tenants], pool, rest: rest.join(' ') };
}

/** Throws `BAD_OPTION`. */
export function poolModeOf({ pool }: StartupOptions): PoolMode {
  if (pool === null || pool === 'session') return 'session';
  if (pool === 'transaction') return pool;
  throw fault('BAD_OPTION', {
    option: 'dynabase.pool',
    why: `"${pool}" is none of session, transaction`,
  });
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
