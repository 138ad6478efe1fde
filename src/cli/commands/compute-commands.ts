/** `dynabase computes ...`, `plans` and `tiers`: what is awake, and by which rules. */
import type { Command } from 'commander';
import type { Compute, ComputeEntry, PlanList, TierList } from '../../contract/tenants/compute.ts';
import type { Run } from '../command.ts';
import { firstOf, given, orDash } from '../options/fields.ts';
import { parsed } from '../options/flag.ts';
import { choice, integer } from '../options/parse.ts';
import { factsText, tableText } from '../words/layout.ts';
import type { Style } from '../words/style.ts';
import { stateText } from '../words/tenant-words.ts';
import { agoWords, bytesWords, inWords, spanWords } from '../words/words.ts';

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 100_000;

export const COMPUTE_SORTS = ['memory', 'since'] as const;

export function addComputeCommands(program: Command, run: Run): void {
  const computes = program.command('computes').description('Show what is awake, and how it runs');
  addList(computes, run);
  addShow(computes, run);
  addRules(program, run);
}

type ListFlags = { readonly sort?: string; readonly limit?: string };

function addList(computes: Command, run: Run): void {
  computes
    .command('list')
    .alias('ls')
    .description('List what is awake')
    .option('--sort <by>', `${COMPUTE_SORTS.join(', ')}: the largest first, or the longest awake`)
    .option('--limit <n>', `How many at most (${LIMIT_DEFAULT})`)
    .action(
      run(async ({ server, printer, world }, _, flags: ListFlags) => {
        const sort = parsed('--sort', flags.sort, choice(COMPUTE_SORTS));
        const limit = parsed('--limit', flags.limit, integer({ min: 1, max: LIMIT_MAX }));
        const client = await server();
        const found = await firstOf(client.computes.list(given({ sort })), limit ?? LIMIT_DEFAULT);
        printer.answer(found, (style) => computesText(found, world.now(), style));
      }),
    );
}

function addShow(computes: Command, run: Run): void {
  computes
    .command('show')
    .argument('<name>', 'Name or id')
    .description('Show where and how a tenant runs, and how it woke of late; wakes nobody')
    .action(
      run(async ({ server, printer, world }, [name = '']) => {
        const found = await (await server()).computes.get(name);
        printer.answer(found, (style) => computeText(found, world.now(), style));
      }),
    );
}

function addRules(program: Command, run: Run): void {
  program
    .command('plans')
    .description('Show what the plans promise and bound')
    .action(
      run(async ({ server, printer }) => {
        const found = await (await server()).computes.plans();
        printer.answer(found, (style) => plansText(found, style));
      }),
    );
  program
    .command('tiers')
    .description('Show how each tier is kept')
    .action(
      run(async ({ server, printer }) => {
        const found = await (await server()).computes.tiers();
        printer.answer(found, (style) => tiersText(found, style));
      }),
    );
}

function computesText(found: readonly ComputeEntry[], now: number, style: Style): string {
  if (found.length === 0) return 'nothing is awake';
  const columns = [
    { head: 'NAME' },
    { head: 'STATE' },
    { head: 'SINCE' },
    { head: 'TIER' },
    { head: 'PLAN' },
    { head: 'BUFFERS', align: 'right' },
    { head: 'MEMORY MAX', align: 'right' },
    { head: 'SESSIONS', align: 'right' },
    { head: 'SUSPENDS' },
  ] as const;
  const rows = found.map((one) => [
    one.name,
    stateText(one, style),
    agoWords(one.since, now),
    one.tier,
    one.plan,
    `${one.size.sharedBuffersMb} MB`,
    megabytes(one.limits.memoryMb),
    `${one.sessions} (${one.sessionsBound} bound)`,
    one.suspendAt === null ? '-' : inWords(one.suspendAt, now),
  ]);
  return tableText(columns, rows, style);
}

const megabytes = (mb: number | null): string => (mb === null ? 'no limit' : `${mb} MB`);

type Sized = Pick<Compute, 'size' | 'limits'>;

function sizeFacts({ size, limits }: Sized): readonly (readonly [string, string])[] {
  return [
    ['buffers', `${size.sharedBuffersMb} MB`],
    ['work memory', `${size.workMemKb} kB, ${size.maintenanceWorkMemMb} MB for maintenance`],
    ['backends', `at most ${size.connectionsMax}`],
    ['memory', megabytes(limits.memoryMb)],
    ['processors', limits.cpuPercent === null ? 'no limit' : String(limits.cpuPercent / 100)],
    ['processes', limits.processesMax === null ? 'no limit' : String(limits.processesMax)],
    ['disk', limits.ioMbPerSecond === null ? 'no limit' : `${limits.ioMbPerSecond} MB/s each way`],
  ];
}

function computeText(one: Compute, now: number, style: Style): string {
  const facts = factsText(
    [
      ['name', style.bold(one.name)],
      ['state', `${stateText(one, style)}, since ${agoWords(one.since, now)}`],
      ['level', one.level],
      ['tier', `${one.tier}, plan ${one.plan}`],
      ...sizeFacts(one),
      ['sessions', `${one.sessions} (${one.sessionsBound} bound)`],
      ['suspends', one.suspendAt === null ? '-' : inWords(one.suspendAt, now)],
    ],
    style,
  );
  if (one.wakes.length === 0) return facts;
  const columns = [
    { head: 'WOKE' },
    { head: 'PART' },
    { head: 'TOOK', align: 'right' },
    { head: 'FROM' },
    { head: 'BYTES', align: 'right' },
    { head: 'BECAUSE' },
  ] as const;
  const rows = one.wakes.map((wake) => [
    agoWords(wake.at, now),
    wake.kind,
    spanWords(wake.ms),
    orDash(wake.from),
    bytesWords(wake.bytes),
    wake.because,
  ]);
  return `${facts}\n\n${tableText(columns, rows, style)}`;
}

function plansText(plans: PlanList['plans'], style: Style): string {
  const columns = [
    { head: 'PLAN' },
    { head: 'TIERS' },
    { head: 'MEMORY MAX', align: 'right' },
    { head: 'COLD STARTS' },
    { head: 'THEY WAIT' },
    { head: 'P95' },
    { head: 'UPTIME', align: 'right' },
  ] as const;
  const rows = plans.map(({ plan, floor, ceiling, limits, sla }) => [
    plan,
    floor === ceiling ? floor : `${floor} to ${ceiling}`,
    megabytes(limits.memoryMb),
    sla.coldStarts,
    sla.coldStartUnderMs === null ? '-' : `under ${spanWords(sla.coldStartUnderMs)}`,
    `under ${spanWords(sla.queryP95UnderMs)}`,
    sla.uptimePercent === null ? 'best effort' : `${sla.uptimePercent} %`,
  ]);
  return tableText(columns, rows, style);
}

function tiersText({ tiers, archiveAfterMs, residency }: TierList, style: Style): string {
  const columns = [
    { head: 'TIER' },
    { head: 'BUFFERS', align: 'right' },
    { head: 'MEMORY MAX', align: 'right' },
    { head: 'IDLE AFTER' },
    { head: 'WAY DOWN' },
    { head: 'COLDEST' },
  ] as const;
  const rows = tiers.map((one) => [
    one.tier,
    `${one.size.sharedBuffersMb} MB`,
    megabytes(one.limits.memoryMb),
    one.idleAfterMs === null ? 'never' : spanWords(one.idleAfterMs),
    spanWords(one.descentMs),
    one.coldest,
  ]);
  const learned =
    residency === 'adaptive' ? 'idle times are learned of each tenant' : 'idle times are these';
  const archived =
    archiveAfterMs === null
      ? 'nothing is archived'
      : `archived after ${spanWords(archiveAfterMs)} at rest`;
  return `${tableText(columns, rows, style)}\n\n${learned}; ${archived}`;
}
