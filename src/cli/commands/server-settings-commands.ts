/** `dynabase server-settings ...` and `health`: what the operator sets for the whole server. */
import type { Command } from 'commander';
import type { Settings, SettingsChange } from '../../contract/service/settings.ts';
import type { Run } from '../command.ts';
import { badRequest } from '../failure.ts';
import { restOf } from '../options/fields.ts';
import { durationText } from '../options/parse.ts';
import { factsText } from '../words/layout.ts';
import type { Style } from '../words/style.ts';

export function addServerSettingsCommands(program: Command, run: Run): void {
  const settings = program
    .command('server-settings')
    .description('Show and change what holds for the whole server');
  settings
    .command('show')
    .description('Show the settings of the server')
    .action(
      run(async ({ server, printer }) => {
        const found = await (await server()).settings.get();
        printer.answer(found, (style) => settingsText(found, style));
      }),
    );
  settings
    .command('branding')
    .description('Show the name and the looks of the dashboard; needs no key')
    .action(
      run(async ({ server, printer }) => {
        const found = await (await server()).settings.branding();
        printer.answer(found, (style) => factsText(factsOf(found), style));
      }),
    );
  settings
    .command('set')
    .argument('<assignments...>', 'Such as defaultPlan=starter or rates.perCaller.burst=500')
    .description('Change settings of the server; a list is written with commas')
    .action(
      run(async ({ server, printer }, [assignments]) => {
        const client = await server();
        const now = await client.settings.get();
        const change = changeOf(restOf(assignments), now);
        const found = await client.settings.change(change);
        printer.answer(found, (style) => settingsText(found, style));
      }),
    );
  program
    .command('health')
    .description('Tell whether the server lives and can do its work; needs no key')
    .action(
      run(async ({ server, printer }) => {
        const client = await server();
        await client.healthy();
        const { status } = await client.ready();
        printer.answer({ status }, (style) => style.green(status));
      }),
    );
}

type Leaf = string | number | boolean | readonly unknown[];

/** `a.b.c` and its value, of everything that is set. */
function leavesOf(settings: object, path = ''): readonly (readonly [string, Leaf])[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    const here = path === '' ? name : `${path}.${name}`;
    const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isGroup ? leavesOf(value, here) : [[here, value as Leaf] as const];
  });
}

const settingsText = (settings: Settings, style: Style): string =>
  factsText(factsOf(settings), style);

const factsOf = (settings: object): readonly (readonly [string, string])[] =>
  leavesOf(settings).map(([name, value]) => [name, leafText(name, value)]);

/** An image would fill the screen. */
const LEAF_LENGTH_MAX = 120;

function leafText(name: string, value: Leaf): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  if (value === '') return 'none';
  if (name.endsWith('Ms')) return `${value} (${durationText(Number(value))})`;
  const text = String(value);
  return text.length > LEAF_LENGTH_MAX ? `${text.slice(0, LEAF_LENGTH_MAX)}…` : text;
}

/** What there is now says which names there are, and what kind of value each has. */
function changeOf(assignments: readonly string[], now: Settings): SettingsChange {
  const known = new Map(leavesOf(now));
  const change: Record<string, unknown> = {};
  for (const assignment of assignments) {
    const [, name = '', text = ''] = /^([\w.]+)=(.*)$/s.exec(assignment) ?? [];
    const before = known.get(name);
    if (before === undefined) {
      throw badRequest(
        `"${assignment}" is not NAME=VALUE; names are ${[...known.keys()].join(', ')}`,
      );
    }
    const path = name.split('.');
    const leaf = path.pop() ?? '';
    let group = change;
    for (const part of path) {
      group[part] ??= {};
      group = group[part] as Record<string, unknown>;
    }
    group[leaf] = typedAs(text, before);
  }
  return change;
}

function typedAs(text: string, before: Leaf): unknown {
  if (Array.isArray(before)) return text.split(',').filter((one) => one !== '');
  if (typeof before === 'number' && text.trim() !== '' && !Number.isNaN(Number(text))) {
    return Number(text);
  }
  if (typeof before === 'boolean' && /^(?:true|false)$/.test(text)) return text === 'true';
  // What fits no kind is refused by the server, which knows the bounds.
  return text;
}
