/** What it costs and brings in, told to who has to know. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setImmediate as immediately } from 'node:timers/promises';
import type { PgCatalog } from '../../catalog/pg-catalog.ts';
import type { ServerOptions } from '../../cli/options/options.ts';
import { BudgetDesk } from '../../control/economics/budget-desk.ts';
import { BudgetHolds } from '../../control/economics/budget-holds.ts';
import { BudgetWatch } from '../../control/economics/budget-watch.ts';
import { CostDays } from '../../control/economics/cost-days.ts';
import { CostDesk } from '../../control/economics/cost-desk.ts';
import { costFigures } from '../../control/economics/cost-figures.ts';
import type { EconomicsDesks } from '../../control/economics/economics-desks.ts';
import { type GivenPrices, startWithPrices } from '../../control/economics/given-prices.ts';
import { MailRound } from '../../control/economics/mail-round.ts';
import { OverheadMeter } from '../../control/economics/overhead-meter.ts';
import { PriceDesk } from '../../control/economics/price-desk.ts';
import { billedCharges } from '../../control/economics/revenue.ts';
import { WhatIfDesk } from '../../control/economics/what-if-desk.ts';
import type { AllowanceBook } from '../../control/quotas/allowance-book.ts';
import type { Clock } from '../../domain/clock.ts';
import type { MailSender } from '../../domain/economics.ts';
import type { Events } from '../../domain/events.ts';
import { fault } from '../../domain/faults.ts';
import { type CustomerId, isId, isTenantId, type TenantId } from '../../domain/ids.ts';
import type { Lifecycle } from '../../domain/lifecycle.ts';
import type { Log } from '../../domain/log.ts';
import type { UseLedger } from '../../domain/metering.ts';
import { monthStart } from '../../domain/quota.ts';
import { seconds } from '../../domain/units.ts';
import { computeFiles, layoutOf } from '../../embedded/layout.ts';
import { readPostmasterFile } from '../../embedded/postmaster-file.ts';
import type { ReplayWorld } from '../../sim/what-if.ts';
import { smtpSender } from '../../system/mail.ts';
import { cpuBetween, sampleOwn } from '../own-use.ts';
import { type Priced, priceBy } from '../policy-prices.ts';
import { threadedReplayer } from '../what-if-runner.ts';

/** Each step of a conversation with a mail server. */
const MAIL_ANSWERED_WITHIN = seconds(10);

export type EconomicsParts = {
  readonly clock: Clock;
  readonly log: Log;
  readonly events: Events;
  readonly catalog: PgCatalog;
  readonly ledger: UseLedger;
  readonly allowance: AllowanceBook;
  readonly lifecycle: Lifecycle;
  readonly replayWorld: () => ReplayWorld;
  /** Who decides by what things cost. */
  readonly priced: Pick<Priced, 'orchestrator' | 'rules'>;
  /** Of processes that serve clients. */
  readonly proxyPids: () => Promise<readonly number[]>;
  readonly options: Pick<ServerOptions, 'dataDir' | 'priceBook' | 'smtpUrl' | 'mailFrom'>;
};

export type OpenEconomics = { readonly desks: EconomicsDesks; close(): Promise<void> };

/** Throws `BAD_PRICES`, `BAD_OPTION`, `CATALOG_DOWN`. */
export async function openEconomics(parts: EconomicsParts): Promise<OpenEconomics> {
  const { catalog, clock, log, events, ledger, options } = parts;
  const { prices: store, costs: costStore, budgets: budgetStore, quotas } = catalog.stores;
  const sender = senderOf(options);
  const settledUntil = () => costStore.settledUntil();
  const prices = await PriceDesk.open({ clock, store, settledUntil });
  const asked = { prices, log, audit: catalog.stores.audit };
  await choosePrices(asked, options.priceBook);
  priceBy({ ...parts.priced, prices, clock });
  const namesOf = (ids: readonly (TenantId | CustomerId)[]) => names(catalog, ids, clock);
  const days = new CostDays({ clock, log, ledger, store: costStore, prices, pause: immediately });
  const costs = new CostDesk({
    ...{ clock, log, store: costStore, days, prices, namesOf, pause: immediately },
    charges: billedCharges({ store: catalog.stores.billing, ledger, pause: immediately }),
  });
  const { allowance: book, lifecycle } = parts;
  const holds = new BudgetHolds({ clock, log, events, store: quotas, book, lifecycle });
  const watched = { clock, log, events, costs, prices, namesOf, holds, store: budgetStore };
  const watch = new BudgetWatch(watched);
  const mails = sender && new MailRound({ clock, log, store: budgetStore, sender });
  const overhead = new OverheadMeter({ clock, log, store: costStore, look: lookAtOwn(parts) });
  overhead.start();
  days.start();
  watch.start();
  mails?.start();
  const replayer = threadedReplayer(parts.replayWorld);
  const tenantsOf = (id: TenantId) => catalog.tenantById(id);
  return {
    desks: {
      ...{ prices, costs },
      budgets: new BudgetDesk({ clock, store: budgetStore, watch, tenantsOf }),
      whatIf: new WhatIfDesk({ clock, ledger, costs, prices, replayer }),
    },
    close: async () => {
      await watch.close();
      await mails?.close();
      await days.close();
      await overhead.close();
    },
  };
}

/** What stands beside the figures of use. */
export const figuresOf = (clock: Clock, { costs, prices }: EconomicsDesks) =>
  costFigures(costs, prices, clock.wall());

function senderOf({ smtpUrl: url, mailFrom: from }: EconomicsParts['options']): MailSender | null {
  if (url === null) return null;
  if (from === null) {
    throw fault('BAD_OPTION', {
      option: '--mail-from',
      why: 'is needed where a mail server is given',
    });
  }
  return smtpSender({ url, from, answeredWithinMs: MAIL_ANSWERED_WITHIN });
}

/** A name of a book that there is, or a file, which becomes one of its own name. */
async function choosePrices(world: GivenPrices, given: string | null): Promise<void> {
  if (given === null) return;
  const isPreset = world.prices.list().some((book) => book.isPreset && book.name === given);
  const name = isPreset ? given : basename(given).replace(/\.json$/, '');
  await startWithPrices(world, { name, document: isPreset ? null : await textOf(given) });
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    const why = `it is no preset, and there is no file ${path}`;
    throw fault('BAD_OPTION', { option: '--price-book', why });
  }
}

async function names(
  catalog: PgCatalog,
  ids: readonly (TenantId | CustomerId)[],
  clock: Clock,
): Promise<ReadonlyMap<string, string>> {
  const { quotas, customers } = catalog.stores;
  const found = new Map<string, string>();
  const tenants = ids.filter((id): id is TenantId => isTenantId(id));
  if (tenants.length > 0) {
    const accounts = await quotas.accounts(tenants, monthStart(clock.wall()));
    for (const { id, name } of accounts) found.set(id, name);
  }
  for (const id of ids.filter((one): one is CustomerId => isId('cu', one))) {
    const customer = await customers.byId(id);
    if (customer !== undefined) found.set(id, customer.name);
  }
  return found;
}

function lookAtOwn({ options, proxyPids }: EconomicsParts) {
  const { data } = computeFiles(layoutOf(options.dataDir).catalog);
  const look = async () => {
    const postmaster = readPostmasterFile(data)?.pid;
    const trees = postmaster === undefined ? [] : [postmaster];
    return sampleOwn([process.pid, ...(await proxyPids())], trees);
  };
  let before: Awaited<ReturnType<typeof look>> | null = null;
  return async () => {
    const now = await look();
    const cpuUs = before === null ? 0 : cpuBetween(before, now);
    before = now;
    return { memoryBytes: now.memoryBytes, cpuUs };
  };
}
