/** What it costs, what is charged, prices and budgets. Amounts are texts: they are exact, and JSON's numbers are not. */
import { type Static, Type } from 'typebox';
import { COST_KEYS } from '../limits.ts';
import { PolicyFile } from '../policy/policy.ts';
import { Moment, Plan, Tier } from '../values.ts';

const Money = (description: string) =>
  Type.String({ pattern: '^-?\\d+(\\.\\d{1,12})?$', description, examples: ['0.004630555556'] });

const MoneyOrNull = (description: string) =>
  Type.Union([Money(description), Type.Null()], { description });

const Ratio = (description: string) =>
  Type.Union([Type.Number(), Type.Null()], { description, examples: [0.966] });

const Currency = Type.String({ pattern: '^[A-Z]{3}$', examples: ['USD'] });

const Day = (description: string) =>
  Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\d$', description, examples: ['2026-11-01'] });

const REVENUE =
  'Accrued for the time in question by the tariffs; null where these are in another currency than costs.';

const line = {
  attributed: Money('Follows from its own use.'),
  shared: Money('Its part of what nobody used and somebody must bear.'),
  cost: Money('Both.'),
  alwaysOn: Money('The same without sleep.'),
  reduction: Ratio(
    'How much less its own use (`attributed`) is than that, 0 to 1: what nobody used is on neither side. Null if always on would cost nothing.',
  ),
  revenue: MoneyOrNull(REVENUE),
  profit: MoneyOrNull('Revenue less cost.'),
  margin: Ratio('Profit by revenue; null where `marginUnknown` says why.'),
  marginUnknown: Type.Union(
    [
      Type.Literal('no revenue'),
      Type.Literal('too early', { description: 'Nobody has been there for a day.' }),
      Type.Literal('another currency', { description: 'Than that of costs are tariffs in.' }),
      Type.Null(),
    ],
    { description: 'Why there is no margin; null where there is one.' },
  ),
  tenantSeconds: Type.Integer({
    minimum: 0,
    description: 'Time that tenants were there, added up.',
  }),
};

const CostLine = Type.Object(line, { $id: 'CostLine', additionalProperties: false });

const Projection = Type.Object(
  {
    measured: Money('Of this month so far.'),
    expected: Money('At its end.'),
    low: Money('Four months of five end between this'),
    high: Money('and this, if days go on as they were.'),
    days: Type.Number({ description: 'Of history; under two there is no range to speak of.' }),
  },
  { $id: 'CostProjection', additionalProperties: false },
);

export const CostReport = Type.Object(
  {
    from: Day('The first day.'),
    to: Day('The day behind the last.'),
    priceBook: Type.String({ description: 'In force now.', examples: ['railway'] }),
    currency: Currency,
    settledUntil: Type.Union([Day('Days before this one stay as they are.'), Type.Null()]),
    total: CostLine,
    unattributed: Type.Object(
      {
        overhead: Money('Of our own processes.'),
        idle: Money('Room on machines that nobody used.'),
        minimum: Money('What was missing to a minimum.'),
        unborne: Money('Of these, what no tenant bears.'),
      },
      { additionalProperties: false },
    ),
    utilisation: Ratio('Of machines that are paid by the month, by price; null where none are.'),
    lines: Type.Array(
      Type.Object(
        {
          key: Type.Union([Type.String(), Type.Null()], {
            description: 'Id, tier, plan or day; null for tenants of nobody.',
          }),
          name: Type.Union([Type.String(), Type.Null()]),
          ...line,
        },
        { additionalProperties: false },
      ),
      { description: 'The dearest first; days in their order.' },
    ),
    others: Type.Union([CostLine, Type.Null()], { description: 'What is not listed.' }),
    projection: Projection,
    advice: Type.Array(
      Type.Object(
        {
          plan: Plan,
          ownCost: Money('Of a tenant for a month, on average.'),
          borne: Money('Its part of what tenants cost that pay nothing.'),
          price: Money('The lowest that leaves the margin.'),
        },
        { additionalProperties: false },
      ),
      { description: 'What plans would have to be sold for.' },
    ),
  },
  { $id: 'CostReport', additionalProperties: false },
);
export type CostReport = Static<typeof CostReport>;
export type CostLine = Static<typeof CostLine>;

const SpanQuery = {
  from: Type.Optional(Moment('The day of this is the first; that of the month if not given.')),
  to: Type.Optional(Moment('Up to the end of its day; today if not given.')),
};

export const CostSpanQuery = Type.Object(SpanQuery, { additionalProperties: false });

export const CostQuery = Type.Object(
  {
    ...SpanQuery,
    by: Type.Optional(Type.Enum([...COST_KEYS], { type: 'string', default: 'plan' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
    margin: Type.Optional(
      Type.Number({ minimum: 0, maximum: 0.99, default: 0.75, description: 'For the advice.' }),
    ),
  },
  { additionalProperties: false },
);

export const OwnCost = Type.Object(
  {
    from: Day('The first day.'),
    to: Day('The day behind the last.'),
    currency: Currency,
    charged: Money('By the tariffs, for this time. What is billed is decided by whole months.'),
    chargedAtMonthEnd: Money('This month, if the rest of it goes on as it has.'),
    charges: Type.Array(
      Type.Object(
        {
          meter: Type.Union([Type.String(), Type.Null()], {
            description: 'Null for the plan itself.',
          }),
          amount: Money('For it.'),
        },
        { additionalProperties: false },
      ),
    ),
    ours: Type.Union(
      [
        Type.Object(
          {
            currency: Currency,
            ...line,
            projection: Projection,
            suggestedPrice: MoneyOrNull('A month for which three quarters would be left.'),
            days: Type.Array(
              Type.Object({ day: Day(''), cost: Money('') }, { additionalProperties: false }),
            ),
          },
          { additionalProperties: false },
        ),
        Type.Null(),
      ],
      { description: 'What it costs to run; null for callers of a customer.' },
    ),
  },
  { $id: 'OwnCost', additionalProperties: false },
);
export type OwnCost = Static<typeof OwnCost>;

export const Document = Type.Record(Type.String(), Type.Unknown(), {
  description: 'As docs/economics.md describes it.',
  examples: [{ preset: 'railway', versions: [{ sharing: 'by-tenant' }] }],
});

export const PriceBook = Type.Object(
  {
    name: Type.String({ examples: ['railway'] }),
    revision: Type.Integer({ minimum: 0, description: '0 for a preset.' }),
    isPreset: Type.Boolean(),
    isInForce: Type.Boolean(),
    currency: Currency,
    document: Document,
  },
  { $id: 'PriceBook', additionalProperties: false },
);
export type PriceBook = Static<typeof PriceBook>;

export const PriceBookList = Type.Object(
  { priceBooks: Type.Array(PriceBook) },
  { $id: 'PriceBookList', additionalProperties: false },
);

export const BookParam = Type.Object({
  book: Type.String({ minLength: 1, maxLength: 60, pattern: '^[\\w.-]+$', examples: ['ours'] }),
});

export const Tariffs = Type.Object(
  { document: Document },
  { $id: 'Tariffs', additionalProperties: false },
);
export type Tariffs = Static<typeof Tariffs>;

export const BudgetWish = Type.Object(
  {
    amount: Type.Union(
      [Type.String({ pattern: '^\\d{1,9}(\\.\\d{1,12})?$', examples: ['25'] }), Type.Null()],
      { description: 'For a month of UTC; null for no budget.' },
    ),
    hardCap: Type.Optional(
      Type.Boolean({
        description:
          'Whether use ends where the budget does. If not given it does for tenants of plan free alone.',
      }),
    ),
    emails: Type.Optional(
      Type.Array(
        Type.String({
          maxLength: 254,
          pattern: '^[^\\s@,;<>"]+@[^\\s@,;<>"]+$',
          examples: ['ops@example.com'],
        }),
        {
          maxItems: 10,
          description: 'Who is written to; nobody if not given.',
        },
      ),
    ),
  },
  { $id: 'BudgetWish', additionalProperties: false },
);
export type BudgetWish = Static<typeof BudgetWish>;

const Measure = Type.Union([Type.Literal('cost'), Type.Literal('charges')], {
  description: 'What it costs us, which the operator bounds, or what a customer is charged.',
});

const Owner = Type.String({ description: '`fleet`, or the id of a tenant or customer.' });

export const Budget = Type.Object(
  {
    owner: Owner,
    name: Type.Union([Type.String(), Type.Null()]),
    measure: Measure,
    amount: Money('For a month.'),
    currency: Currency,
    spent: Money('Of this month so far.'),
    hardCap: Type.Boolean(),
    emails: Type.Array(Type.String()),
  },
  { $id: 'Budget', additionalProperties: false },
);
export type Budget = Static<typeof Budget>;

export const BudgetList = Type.Object(
  { budgets: Type.Array(Budget) },
  { $id: 'BudgetList', additionalProperties: false },
);
export type BudgetList = Static<typeof BudgetList>;

export const CostAlert = Type.Object(
  {
    id: Type.Integer(),
    at: Moment('When it was told.'),
    owner: Owner,
    measure: Measure,
    kind: Type.String({ examples: ['budget'] }),
    says: Type.String({ description: 'In a sentence.' }),
  },
  { $id: 'CostAlert', additionalProperties: false },
);

export const CostAlertList = Type.Object(
  { alerts: Type.Array(CostAlert) },
  { $id: 'CostAlertList', additionalProperties: false },
);
export type CostAlertList = Static<typeof CostAlertList>;

export const WhatIfWish = Type.Object(
  {
    tenant: Type.Optional(
      Type.String({
        maxLength: 63,
        description: 'Id or name; a sample of the fleet if not given.',
      }),
    ),
    sample: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 200,
        default: 50,
        description: 'Tenants, if of the fleet.',
      }),
    ),
    days: Type.Optional(Type.Integer({ minimum: 1, maximum: 28, default: 14 })),
    idleMs: Type.Optional(
      Type.Integer({ minimum: 1_000, maximum: 86_400_000, description: 'A fixed idle time.' }),
    ),
    tier: Type.Optional(Tier),
    plan: Type.Optional(Plan),
    policy: Type.Optional(Type.String({ maxLength: 60, description: 'A preset of the policy.' })),
    policyFile: Type.Optional(
      PolicyFile('A policy file, as JSON or as its text, instead of a preset.'),
    ),
  },
  { $id: 'WhatIfWish', additionalProperties: false },
);
export type WhatIfWish = Static<typeof WhatIfWish>;

const changeOf = <S extends ReturnType<typeof Money> | ReturnType<typeof Type.Number>>(of: S) =>
  Type.Object({ before: of, after: of, difference: of }, { additionalProperties: false });

export const WhatIf = Type.Object(
  {
    tenants: Type.Integer({ minimum: 1, description: 'Whose use was replayed.' }),
    days: Type.Number({ description: 'That were replayed.' }),
    currency: Currency,
    cost: changeOf(Money('As over thirty days.')),
    coldStarts: changeOf(Type.Number()),
    waitedMs: changeOf(Type.Number()),
    saved: Ratio('Of the cost.'),
    secondFor: MoneyOrNull('For what a second of waiting is sold or bought.'),
    verdict: Type.String(),
    charged: Type.Union([changeOf(Money('This month.')), Type.Null()], {
      description: 'Where another plan was asked about.',
    }),
  },
  { $id: 'WhatIf', additionalProperties: false },
);
export type WhatIf = Static<typeof WhatIf>;
