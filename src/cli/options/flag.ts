import { badOption } from '../failure.ts';
import type { Parse } from './parse.ts';

/** The value of a flag of one command. Throws `BAD_OPTION`. */
export function parsed<T>(flag: string, given: string | undefined, parse: Parse<T>): T | undefined {
  if (given === undefined) return undefined;
  try {
    return parse(given, { baseDir: '', homeDir: '' });
  } catch (error) {
    throw badOption(flag, error instanceof Error ? error.message : String(error));
  }
}
