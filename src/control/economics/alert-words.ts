/** What is said of money to people: one sentence for each alert, and the letter around it. */
import type { Mail, NewAlert, StoredAlert } from '../../domain/economics.ts';
import type { Alert } from '../../economics/alerts.ts';
import { type Currency, moneyOf, toCoins } from '../../economics/money.ts';

export function alertWords(alert: Alert, currency: Currency): string {
  const money = (value: Parameters<typeof toCoins>[0]): string =>
    `${moneyOf(toCoins(value, currency), currency)} ${currency}`;
  switch (alert.kind) {
    case 'budget':
      return `${alert.part} % of this month's budget is used: ${money(alert.spent)} of ${money(alert.budget)}.`;
    case 'negative margin':
      return `It costs more than it brings in: ${money(alert.profit)} this month.`;
    case 'unusual cost':
      return `The last hour cost ${money(alert.cost)}, where such an hour costs ${money(alert.expected)}.`;
    case 'unusual day':
      return `Today has cost ${money(alert.cost)} so far, where its dearest day of late has cost ${money(alert.dearest)}.`;
    default:
      return alert satisfies never;
  }
}

const SUBJECTS: Readonly<Record<string, string>> = {
  budget: 'Budget',
  'negative margin': 'Negative margin',
  'unusual cost': 'Unusual cost',
  'unusual day': 'Unusual cost',
};

/** Names are kept to one line: a subject that has two is two headers. */
export function alertMail(to: string, { owner, measure, kind, data }: NewAlert): Mail {
  const name = typeof data.name === 'string' ? data.name.replaceAll(/\s+/g, ' ') : null;
  const whom = owner.kind === 'fleet' ? 'the fleet' : `${owner.kind} ${name ?? owner.id}`;
  const part = typeof data.part === 'number' ? ` ${data.part} %` : '';
  const what = measure === 'cost' ? 'what it costs to run' : 'what you are charged';
  return {
    to,
    subject: `DynaBase: ${SUBJECTS[kind] ?? kind}${part}, ${whom}`,
    text: [
      `About ${whom} (${what}):`,
      '',
      `${data.says}`,
      '',
      'This is told once. You get this letter because your address is on the budget; see `dynabase budget list`.',
      '',
    ].join('\n'),
  };
}

export function alertData(alert: Alert, currency: Currency): StoredAlert['data'] {
  switch (alert.kind) {
    case 'budget': {
      const { part, spent, budget } = alert;
      return { part, spent: moneyOf(spent, currency), budget: moneyOf(budget, currency) };
    }
    case 'negative margin':
      return { profit: moneyOf(alert.profit, currency) };
    case 'unusual cost':
      return {
        cost: moneyOf(alert.cost, currency),
        expected: moneyOf(alert.expected, currency),
      };
    case 'unusual day':
      return { cost: moneyOf(alert.cost, currency), dearest: moneyOf(alert.dearest, currency) };
    default:
      return alert satisfies never;
  }
}
