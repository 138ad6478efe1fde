/**
 * What a shell may offer next. The scripts of all shells ask this program, which knows its commands;
 * names of tenants come from the server, if it answers quickly.
 */
import type { Argument, Command, Option } from 'commander';
import {
  AUDIT_OUTCOMES,
  AUTO_TIER,
  CALLER_ROLES,
  EVENT_TYPES,
  PERSON_ROLES,
  QUOTA_NAMES,
  ROLE_ACCESSES,
  STATEMENT_SORTS,
  TENANT_HOMES,
  TENANT_PLANS,
  TENANT_SORTS,
  TENANT_STATES,
  TENANT_TIERS,
  WORK_KINDS,
  WORK_STATUSES,
} from '../../contract/limits.ts';
import { SCHEMA_READERS } from '../import/schema-readers.ts';
import { FILTERS, SORTS } from '../top/view.ts';
import { SHELLS } from './completion-scripts.ts';
import { COMPUTE_SORTS } from './compute-commands.ts';
import { QUOTA_HOLDERS } from './quota-commands.ts';

/** A word, and what it is for. */
export type Candidate = { readonly word: string; readonly about: string };

export type Completion =
  | { readonly kind: 'words'; readonly words: readonly Candidate[] }
  | { readonly kind: 'files' }
  | { readonly kind: 'tenants' };

export type Asked = {
  readonly completion: Completion;
  /** What the words before say of the options that every command has. */
  readonly flags: Readonly<Record<string, string>>;
  /** Of the word that is being typed. */
  readonly prefix: string;
};

/** What values stand for, by the word in angle brackets. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  plan: TENANT_PLANS,
  tier: [...TENANT_TIERS, AUTO_TIER],
  'tenant-tier': TENANT_TIERS,
  home: TENANT_HOMES,
  sort: TENANT_SORTS,
  state: TENANT_STATES,
  shell: SHELLS,
  reader: SCHEMA_READERS,
  which: FILTERS,
  order: SORTS,
  'person-role': PERSON_ROLES,
  'key-role': CALLER_ROLES,
  access: ROLE_ACCESSES,
  'statement-sort': STATEMENT_SORTS,
  status: WORK_STATUSES,
  work: WORK_KINDS,
  outcome: AUDIT_OUTCOMES,
  types: EVENT_TYPES,
  by: COMPUTE_SORTS,
  holder: QUOTA_HOLDERS,
  owner: ['tenant', 'customer'],
  limit: QUOTA_NAMES.map((name) => `${name}=`),
};

/** Words in angle brackets that stand for files. */
const FILES = new Set(['file', 'dir', 'source', 'name|file']);

/** How the argument of a command begins to say what it is, where it is a tenant that is there. */
const TENANT_ARGUMENT = 'Name or id';

/** `words` begin behind the name of the program; the last is what is being typed, maybe nothing. */
export function complete(program: Command, words: readonly string[]): Asked {
  const prefix = words.at(-1) ?? '';
  const flags: Record<string, string> = {};
  let command = program;
  let position = 0;
  let waiting: Option | undefined;
  for (const word of words.slice(0, -1)) {
    if (waiting !== undefined) {
      flags[waiting.attributeName()] = word;
      waiting = undefined;
    } else if (word.startsWith('-')) {
      const [flag, value] = word.split(/=(.*)/s);
      const option = optionsOf(command).find((one) => one.long === flag || one.short === flag);
      if (option?.required && value === undefined) waiting = option;
      if (option !== undefined && value !== undefined) flags[option.attributeName()] = value;
    } else {
      const sub = position === 0 ? subcommand(command, word) : undefined;
      position = sub === undefined ? position + 1 : 0;
      command = sub ?? command;
    }
  }
  return { completion: completionAt(command, { position, waiting, prefix }), flags, prefix };
}

type Place = {
  /** Arguments before. */
  readonly position: number;
  /** The option whose value is typed. */
  readonly waiting: Option | undefined;
  readonly prefix: string;
};

function completionAt(command: Command, { position, waiting, prefix }: Place): Completion {
  if (waiting !== undefined) {
    const named = /<(.*)>/.exec(waiting.flags)?.[1] ?? '';
    return named === 'tenant' ? { kind: 'tenants' } : completionOf(named, '', prefix);
  }
  if (prefix.startsWith('-')) {
    const words = optionsOf(command)
      .filter((option) => !option.hidden)
      .map(({ long, flags, description }) => ({ word: long ?? flags, about: description }));
    return starting([...words, { word: '--help', about: 'Print help' }], prefix);
  }
  const argument: Argument | undefined = command.registeredArguments[position];
  if (argument !== undefined) return completionOf(argument.name(), argument.description, prefix);
  if (position > 0) return { kind: 'words', words: [] };
  const visible = command.createHelp().visibleCommands(command);
  return starting(
    visible.map((one) => ({ word: one.name(), about: one.description() })),
    prefix,
  );
}

function completionOf(named: string, description: string, prefix = ''): Completion {
  if (description.startsWith(TENANT_ARGUMENT)) return { kind: 'tenants' };
  if (FILES.has(named)) return { kind: 'files' };
  const values = Object.hasOwn(VALUES, named) ? VALUES[named] : undefined;
  return starting(
    (values ?? []).map((word) => ({ word, about: named })),
    prefix,
  );
}

const starting = (words: readonly Candidate[], prefix: string): Completion => ({
  kind: 'words',
  words: words.filter(({ word }) => word.startsWith(prefix)),
});

const optionsOf = (command: Command): readonly Option[] =>
  command.parent === null ? command.options : [...command.options, ...optionsOf(command.parent)];

const subcommand = (command: Command, word: string): Command | undefined =>
  command.commands.find((one) => one.name() === word || one.aliases().includes(word));
