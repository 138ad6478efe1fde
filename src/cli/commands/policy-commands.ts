/** `dynabase set-tier`, `set-plan`, `decisions` and `policy`: what is decided, and by what. */
import type { Command } from 'commander';
import {
  AUTO_TIER,
  DECISION_KINDS,
  POLICY_PRESETS,
  TENANT_PLANS,
  TENANT_TIERS,
} from '../../contract/limits.ts';
import type { Decision, PolicyChange } from '../../contract/policy/policy.ts';
import type { Run } from '../command.ts';
import { badOption, badRequest, onFile } from '../failure.ts';
import { parsed } from '../options/flag.ts';
import { choice, integer, momentFrom, type Parse } from '../options/parse.ts';
import { decisionsText, replayText } from '../words/decision-words.ts';
import { inForceText, policyText } from '../words/policy-words.ts';
import { stateText } from '../words/tenant-words.ts';
import type { World } from '../world.ts';

export function addPolicyCommands(program: Command, run: Run): void {
  addSetTier(program, run);
  addSetPlan(program, run);
  addDecisions(program, run);
  const policy = program.command('policy').description('Show and change the rules for all tenants');
  addPolicyShow(policy, run);
  addPolicySet(policy, run);
}

const TIER_CHOICES = [...TENANT_TIERS, AUTO_TIER] as const;

const tierParse: Parse<(typeof TIER_CHOICES)[number]> = (given, place) =>
  choice(TIER_CHOICES)(given.toLowerCase() === AUTO_TIER ? AUTO_TIER : given.toUpperCase(), place);

function addSetTier(program: Command, run: Run): void {
  program
    .command('set-tier')
    .argument('<name>', 'Name or id')
    .argument('<tier>', `${TENANT_TIERS.join(', ')}, or ${AUTO_TIER}: what the policy chooses`)
    .description('Choose the tier of a tenant, or give the choice back to the policy')
    .option('--until <time>', 'When the policy chooses again: 2h, 7d, or such as 2030-12-31T18:00Z')
    .action(
      run(async ({ server, printer, world }, [name = '', given], flags: { until?: string }) => {
        const tier = parsed('tier', given, tierParse);
        const until = parsed('--until', flags.until, momentFrom(world.now()));
        if (until !== undefined && tier === AUTO_TIER) {
          throw badOption('--until', `needs a tier; "${AUTO_TIER}" has no end`);
        }
        const client = await server();
        const tenant = await client.tenants.change(name, {
          ...(tier === undefined ? {} : { tier }),
          ...(until === undefined ? {} : { tierUntil: until }),
        });
        printer.answer(tenant, (style) => {
          const { override } = tenant;
          const end = override?.until ? `, until ${override.until}` : '';
          const by = override === null ? '; the policy chooses from now on' : end;
          return `${tenant.name} is ${tenant.tier} now, and ${stateText(tenant, style)}${by}`;
        });
      }),
    );
}

function addSetPlan(program: Command, run: Run): void {
  program
    .command('set-plan')
    .argument('<name>', 'Name or id')
    .argument('<plan>', TENANT_PLANS.join(', '))
    .description('Change what the customer of a tenant pays for, which bounds its tiers')
    .action(
      run(async ({ server, printer }, [name = '', given]) => {
        const plan = parsed('plan', given?.toLowerCase(), choice(TENANT_PLANS));
        const change = plan === undefined ? {} : { plan };
        const tenant = await (await server()).tenants.change(name, change);
        printer.answer(
          tenant,
          () => `${tenant.name} has plan ${tenant.plan} now, and tier ${tenant.tier}`,
        );
      }),
    );
}

/** Under `tenants`: what a customer says, and the policy then goes by. */
export function addConsent(tenants: Command, run: Run): void {
  tenants
    .command('consent')
    .argument('<name>', 'Name or id')
    .description('Note that its customer agrees to less than the PERSISTENT that is paid for')
    .option('--revoke', 'Take it back')
    .action(
      run(async ({ server, printer }, [name = ''], flags: { readonly revoke?: true }) => {
        const consent = flags.revoke !== true;
        const tenant = await (await server()).tenants.change(name, { consent });
        const has = consent ? 'agrees' : 'does not agree';
        printer.answer(
          tenant,
          () =>
            `the customer of ${tenant.name} ${has} to less than PERSISTENT; it is ${tenant.tier} now`,
        );
      }),
    );
}

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 10_000;

/** Where nobody says how wide the terminal is. */
const COLUMNS_DEFAULT = 80;

type DecisionFlags = { readonly limit?: string; readonly kind?: string; readonly replay?: true };

function addDecisions(program: Command, run: Run): void {
  program
    .command('decisions')
    .argument('<name>', 'Name or id')
    .description('List what the policy decided about a tenant, and why')
    .option('--limit <n>', `How many at most (${LIMIT_DEFAULT})`)
    .option('--kind <kind>', `Only those of one kind: ${DECISION_KINDS.join(', ')}`)
    .option('--replay', 'With all that was looked at, and what the rules of now say to that')
    .action(
      run(async ({ server, printer, world }, [name = ''], flags: DecisionFlags) => {
        const limit = parsed('--limit', flags.limit, integer({ min: 1, max: LIMIT_MAX }));
        const kind = parsed('--kind', flags.kind, choice(DECISION_KINDS));
        const replay = flags.replay === true;
        const client = await server();
        const found: Decision[] = [];
        for await (const decision of client.tenants.decisions(name, replay ? { replay } : {})) {
          if (kind === undefined || decision.kind === kind) found.push(decision);
          if (found.length >= (limit ?? LIMIT_DEFAULT)) break;
        }
        const text = replay ? replayText : decisionsText;
        const columns = world.stdout.columns ?? COLUMNS_DEFAULT;
        const shown = { decisions: found, now: world.now(), columns };
        printer.answer(found, (style) => text(shown, style));
      }),
    );
}

function addPolicyShow(policy: Command, run: Run): void {
  policy
    .command('show')
    .description('Show the rules in force, and how things go by them')
    .action(
      run(async ({ server, printer }) => {
        const inForce = await (await server()).policy.get();
        printer.answer(inForce, (style) => policyText(inForce, style));
      }),
    );
}

function addPolicySet(policy: Command, run: Run): void {
  policy
    .command('set')
    .argument('<policy>', `${POLICY_PRESETS.join(', ')}, or a policy file`)
    .description('Change the rules for all tenants, from now on and after a restart')
    .option('--dry-run', 'Only say whether they could be set')
    .action(
      run(async ({ server, printer, world }, [given = ''], flags: { dryRun?: true }) => {
        const dryRun = flags.dryRun === true;
        const change = await changeOf(world, given);
        const inForce = await (await server()).policy.set({ ...change, dryRun });
        const done = dryRun ? 'it could be set; in force is' : 'in force now:';
        printer.answer(inForce, () => `${done} ${inForceText(inForce)}`);
      }),
    );
}

/** A preset goes before a file of that name; `./vision` is the file. */
async function changeOf(world: World, given: string): Promise<PolicyChange> {
  if (POLICY_PRESETS.some((preset) => preset === given)) return { preset: given };
  const parts = await onFile(given, 'read', () => world.readFile(given));
  if (parts === undefined) {
    throw badRequest(`there is no file ${given}, and no preset; there are ${PRESETS_TEXT}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of parts) {
    bytes += part.length;
    if (bytes > FILE_BYTES_MAX) throw badRequest(`${given} is too large for a policy`);
    chunks.push(part);
  }
  return { file: Buffer.concat(chunks).toString() };
}

/** A request may have 64 kB, the file in it escaped. */
const FILE_BYTES_MAX = 32_768;

const PRESETS_TEXT = POLICY_PRESETS.join(', ');
