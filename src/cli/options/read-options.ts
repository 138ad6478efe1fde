/** Puts together what flags, variables, the configuration file and the defaults say. */
import { basename, dirname, join } from 'node:path';
import { badOption } from '../failure.ts';
import { parseJsonc } from '../jsonc.ts';
import type { World } from '../world.ts';
import { closest } from './closest.ts';
import {
  flagOf,
  type OptionName,
  type Options,
  type OptionValue,
  optionNames,
  optionOf,
  variableOf,
} from './options.ts';

/** The name of the configuration file where nothing else is said. */
export const CONFIG_FILE = 'dynabase.config.json';

/** A configuration file that was found, with its keys checked. */
export type ConfigFile = {
  readonly path: string;
  readonly values: Readonly<Partial<Record<OptionName, string>>>;
};

export type Sources = {
  /** What the command line says, by name of the option; a switch says true. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: World['env'];
  readonly file: ConfigFile | null;
  readonly homeDir: string;
  readonly cwd: string;
};

export type SourceKind = 'flag' | 'variable' | 'file' | 'default';

type Given = {
  readonly from: SourceKind;
  /** As a person would find it: `--proxy-port`, `DYNABASE_PROXY_PORT`. */
  readonly called: string;
  readonly text: string;
  readonly baseDir: string;
};

/** The values of the named options. Throws `BAD_OPTION`, naming where the bad value stands. */
export function readOptions<N extends OptionName>(
  sources: Sources,
  names: readonly N[],
): Pick<Options, N> {
  return Object.fromEntries(names.map((name) => [name, readOption(sources, name)])) as Pick<
    Options,
    N
  >;
}

function readOption<N extends OptionName>(sources: Sources, name: N): OptionValue<N> {
  const given = givenFor(sources, name);
  if (given === undefined) return null as OptionValue<N>;
  try {
    const place = { baseDir: given.baseDir, homeDir: sources.homeDir };
    return optionOf(name).parse(given.text, place) as OptionValue<N>;
  } catch (error) {
    throw badOption(given.called, error instanceof Error ? error.message : String(error));
  }
}

/** Where the value of an option comes from; undefined if nobody gives it one. */
export const sourceOf = (sources: Sources, name: OptionName): SourceKind | undefined =>
  givenFor(sources, name)?.from;

function givenFor(sources: Sources, name: OptionName): Given | undefined {
  const { flags, env, file, cwd } = sources;
  const option = optionOf(name);
  const flag = flags[name];
  if (flag !== undefined && !option.secret) {
    return { from: 'flag', called: flagOf(name), text: String(flag), baseDir: cwd };
  }
  for (const variable of [variableOf(name), option.alsoVariable]) {
    const set = variable === undefined ? undefined : env[variable];
    if (variable !== undefined && set !== undefined && set !== '') {
      return { from: 'variable', called: variable, text: set, baseDir: cwd };
    }
  }
  const written = file?.values[name];
  if (file !== null && written !== undefined) {
    const called = `${name} in ${basename(file.path)}`;
    return { from: 'file', called, text: written, baseDir: dirname(file.path) };
  }
  if (option.default === undefined) return undefined;
  return { from: 'default', called: flagOf(name), text: option.default, baseDir: cwd };
}

/**
 * The configuration file that `--config` or `DYNABASE_CONFIG` names, else the one of the working
 * directory; null if there is none. Throws `BAD_OPTION`.
 */
export async function readConfigFile(
  world: World,
  flags: Readonly<Record<string, unknown>>,
): Promise<ConfigFile | null> {
  const { env, homeDir, cwd } = world;
  const { config } = readOptions({ flags, env, file: null, homeDir, cwd }, ['config']);
  const path = config ?? join(cwd, CONFIG_FILE);
  const text = await world.readText(path).catch(() => {
    throw badOption('--config', `${basename(path)} cannot be read`);
  });
  if (text !== undefined) return { path, values: checked(parseJson(text, path), path) };
  if (config !== null) throw badOption('--config', `there is no file ${basename(path)}`);
  return null;
}

function parseJson(text: string, path: string): unknown {
  try {
    return parseJsonc(text);
  } catch (error) {
    // What is around the place may be a secret.
    const place = /\(line \d+ column \d+\)/.exec(String(error))?.[0];
    const where = place === undefined ? '' : ` ${place}`;
    throw badOption('--config', `${basename(path)} is not valid JSON${where}`);
  }
}

/** The keys and values of a configuration file as text. A key that is not known is an error. */
function checked(read: unknown, path: string): Partial<Record<OptionName, string>> {
  const file = basename(path);
  if (typeof read !== 'object' || read === null || Array.isArray(read)) {
    throw badOption('--config', `${file} must hold one JSON object`);
  }
  const values: Partial<Record<OptionName, string>> = {};
  for (const [key, value] of Object.entries(read)) {
    if (key === '$schema' || value === null) continue;
    const name = optionNames.find((known) => known === key && known !== 'config');
    if (name === undefined) {
      const near = closest(key, optionNames);
      throw badOption(
        `${key} in ${file}`,
        `is not known${near === undefined ? '' : `; did you mean ${near}?`}`,
      );
    }
    if (typeof value === 'object') {
      throw badOption(`${key} in ${file}`, 'must be text, a number, true or false');
    }
    values[name] = String(value);
  }
  return values;
}
