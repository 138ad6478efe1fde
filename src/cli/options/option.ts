import type { Parse } from './parse.ts';

/** A row of the table of options. */
export type Option<T> = {
  readonly parse: Parse<T>;
  /** As it would be typed; without one the value is null. */
  readonly default?: string;
  readonly doc: string;
  /** What stands for the value in the help; a switch has none. */
  readonly value?: string;
  /** Who takes it: `up`, every other command, or both. */
  readonly of: 'server' | 'client' | 'both';
  readonly secret?: true;
  /** A variable of a common name that is read too, after our own. */
  readonly alsoVariable?: string;
};
