import { type Static, Type } from 'typebox';
import { Count, Moment } from '../values.ts';

const strict = { additionalProperties: false } as const;

const orNull = <T extends ReturnType<typeof Type.String>>(shape: T, description: string) =>
  Type.Union([shape, Type.Null()], { description });

const text = (description: string, maxLength = 200) => Type.String({ maxLength, description });

const MoneyText = (description: string) =>
  Type.String({ description, examples: ['12.50'], maxLength: 30 });

const Lines = (description: string) =>
  Type.Array(Type.String({ maxLength: 200 }), { maxItems: 12, description });

export const MonthName = Type.String({
  pattern: '^\\d{4}-(0[1-9]|1[0-2])$',
  description: 'A calendar month, in UTC.',
  examples: ['2020-01'],
});

export const InvoiceNumber = Type.String({
  ...{ minLength: 1, maxLength: 63, examples: ['000042'] },
  description: 'Number of the invoice.',
});

const headFields = {
  number: InvoiceNumber,
  customer: Type.String({ examples: ['cu_4f9k2m0q7x1z'] }),
  month: MonthName,
  currency: Type.String({ description: 'ISO 4217.', examples: ['USD'] }),
  total: MoneyText('With taxes, after credits.'),
  closedAt: Moment('Since when it stands as it is.'),
  payment: Type.Union(
    [Type.Enum(['open', 'paid', 'failed', 'void'], { type: 'string' }), Type.Null()],
    { description: 'How it stands with the payment provider; null if that knows nothing of it.' },
  ),
};

export const InvoiceHead = Type.Object(headFields, { $id: 'InvoiceHead', ...strict });
export type InvoiceHead = Static<typeof InvoiceHead>;

export const Invoice = Type.Object(
  {
    ...headFields,
    text: Type.String({
      description: 'The invoice as JSON, exactly as it was closed. Nothing else counts.',
    }),
    digest: Type.String({ description: 'SHA-256 of `text` in hexadecimal.' }),
  },
  { $id: 'Invoice', ...strict },
);
export type Invoice = Static<typeof Invoice>;

export const InvoicePage = Type.Object(
  {
    invoices: Type.Array(InvoiceHead, { description: 'The latest first.' }),
    next: Type.Union([Type.String(), Type.Null()], {
      description: 'Send it as `after` to get the next page; null at the end.',
    }),
  },
  { $id: 'InvoicePage', ...strict },
);
export type InvoicePage = Static<typeof InvoicePage>;

export const InvoiceDraft = Type.Object(
  {
    customer: Type.String({ examples: ['cu_4f9k2m0q7x1z'] }),
    month: MonthName,
    currency: Type.String({ examples: ['USD'] }),
    total: MoneyText('As of the last hour that was counted.'),
    text: Type.String({ description: 'The invoice as JSON, as it would stand now.' }),
  },
  { $id: 'InvoiceDraft', ...strict },
);
export type InvoiceDraft = Static<typeof InvoiceDraft>;

export const InvoiceRendering = Type.Object(
  {
    format: Type.Enum(['json', 'csv', 'html'], { type: 'string' }),
    contentType: Type.String({ examples: ['text/csv; charset=utf-8'] }),
    content: Type.String({ description: 'The whole file.' }),
  },
  { $id: 'InvoiceRendering', ...strict },
);
export type InvoiceRendering = Static<typeof InvoiceRendering>;

export const MonthClosed = Type.Object(
  {
    month: MonthName,
    numbers: Type.Array(InvoiceNumber, { description: 'Invoices that were closed now.' }),
    skipped: Count('Customers that had their invoice before, or owe nothing.'),
  },
  { $id: 'MonthClosed', ...strict },
);
export type MonthClosed = Static<typeof MonthClosed>;

export const InvoiceVerdict = Type.Object(
  {
    number: InvoiceNumber,
    customer: Type.String({ examples: ['cu_4f9k2m0q7x1z'] }),
    month: MonthName,
    currency: Type.String({ examples: ['USD'] }),
    isIntact: Type.Boolean({ description: 'Whether the text is the one that was closed.' }),
    isSame: Type.Union([Type.Boolean(), Type.Null()], {
      description:
        'Whether the ledger gives it again, text for text; null where the hours of that month are no longer kept.',
    }),
    difference: MoneyText(
      'What the ledger says more than it and its corrections, before credits and taxes.',
    ),
    corrections: Type.Array(Type.String(), {
      description: 'Ids of the credits and adjustments that put it right.',
    }),
    isGood: Type.Boolean({
      description: 'Whether nothing is to be done: it stands, and what differs is put right.',
    }),
  },
  { $id: 'InvoiceVerdict', ...strict },
);
export type InvoiceVerdict = Static<typeof InvoiceVerdict>;

export const InvoiceVerdicts = Type.Object(
  { verdicts: Type.Array(InvoiceVerdict), allGood: Type.Boolean() },
  { $id: 'InvoiceVerdicts', ...strict },
);
export type InvoiceVerdicts = Static<typeof InvoiceVerdicts>;

const Seller = {
  name: text('Of whoever sells; no invoice is issued without it.'),
  address: Lines('Line by line.'),
  taxId: orNull(text('', 60), 'Such as `VAT DE123456789`; null for none.'),
  logoText: text('In large letters at the head of printed invoices; empty for none.', 80),
  footer: Lines('At the foot of printed invoices: bank account, terms.'),
};

const MeterName = Type.Object(
  {
    event: Type.String({
      ...{ minLength: 1, maxLength: 100, examples: ['dynabase_egress'] },
      description: 'What the payment provider calls it.',
    }),
    per: Type.String({
      ...{ minLength: 1, maxLength: 18, examples: ['1000000'] },
      description: 'How many of our base units are one there.',
    }),
  },
  strict,
);

const settingsFields = {
  numberPrefix: text('What numbers of invoices begin with.', 20),
  closesFrom: orNull(
    MonthName,
    'This month and later ones are closed by themselves; null for none.',
  ),
  graceHours: Type.Integer({
    ...{ minimum: 3, maximum: 240 },
    description: 'How long after its end a month is closed at the earliest.',
  }),
  tells: Type.Enum(['invoices', 'meters', 'nothing'], {
    type: 'string',
    description: 'What the payment provider is told: closed invoices, or what was used.',
  }),
  prices: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
    maxItems: 20,
    description: 'Prices of the provider that a customer’s subscription there is made of.',
  }),
  meters: Type.Record(Type.String({ maxLength: 20 }), MeterName, {
    description: 'Which meters the provider is told of, by our names of them.',
    examples: [{ egress: { event: 'dynabase_egress', per: '1000000' } }],
  }),
};

export const BillingSettings = Type.Object(
  { seller: Type.Object(Seller, strict), ...settingsFields },
  { $id: 'BillingSettings', ...strict },
);
export type BillingSettings = Static<typeof BillingSettings>;

export const BillingSettingsChange = Type.Partial(
  Type.Object({ seller: Type.Partial(Type.Object(Seller, strict), strict), ...settingsFields }),
  { $id: 'BillingSettingsChange', ...strict, minProperties: 1 },
);
export type BillingSettingsChange = Static<typeof BillingSettingsChange>;

const Tax = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 60, examples: ['VAT 19 %'] }),
    rate: Type.Integer({
      ...{ minimum: 0, maximum: 10_000, examples: [1_900] },
      description: 'In hundredths of a percent.',
    }),
    reverseCharge: Type.Boolean({ description: 'The recipient owes it to its own state.' }),
  },
  strict,
);

const profileFields = {
  legalName: orNull(text(''), 'In place of the name on invoices; null for none.'),
  address: Lines('Line by line.'),
  taxId: orNull(text('', 60), 'Such as `VAT DE123456789`; null for none.'),
};

const Taxes = Type.Array(Tax, {
  maxItems: 5,
  description: 'Each on the whole of an invoice after credits.',
});

export const BillingProfile = Type.Object(
  {
    customer: Type.String({ examples: ['cu_4f9k2m0q7x1z'] }),
    name: Type.String({ description: 'As the customer is called.' }),
    ...profileFields,
    taxes: Taxes,
    failed: Type.Union(
      [Type.Object({ at: Moment('Since when.'), note: Type.String() }, strict), Type.Null()],
      { description: 'A payment that failed, since which none has succeeded; null for none.' },
    ),
  },
  { $id: 'BillingProfile', ...strict },
);
export type BillingProfile = Static<typeof BillingProfile>;

export const BillingProfileChange = Type.Partial(Type.Object({ ...profileFields, taxes: Taxes }), {
  $id: 'BillingProfileChange',
  ...strict,
  minProperties: 1,
});
export type BillingProfileChange = Static<typeof BillingProfileChange>;

const ItemKind = Type.Enum(['credit', 'adjustment'], {
  type: 'string',
  description: 'Money that the customer has with us; or what it was billed too little.',
});

export const Credit = Type.Object(
  {
    id: Type.String({ examples: ['cr_00aa11bb22cc33dd'] }),
    customer: Type.String({ examples: ['cu_4f9k2m0q7x1z'] }),
    kind: ItemKind,
    says: Type.String({ description: 'What stands on the invoice.' }),
    currency: Type.String({ examples: ['USD'] }),
    amount: MoneyText('Of all of it.'),
    remaining: MoneyText('What no invoice has used yet.'),
    createdAt: Moment('When it was added.'),
  },
  { $id: 'Credit', ...strict },
);
export type Credit = Static<typeof Credit>;

export const CreditList = Type.Object(
  {
    credits: Type.Array(Credit, { description: 'The oldest first: they are used in this order.' }),
  },
  { $id: 'CreditList', ...strict },
);
export type CreditList = Static<typeof CreditList>;

export const NewCredit = Type.Object(
  {
    amount: Type.String({
      pattern: '^\\d{1,9}(\\.\\d{1,3})?$',
      description: 'More than nothing, in the currency of the tariffs.',
      examples: ['12.50'],
    }),
    says: Type.String({
      ...{ minLength: 1, maxLength: 200, examples: ['Welcome'] },
      description: 'What stands on the invoice.',
    }),
    kind: Type.Optional(ItemKind),
  },
  { $id: 'NewCredit', ...strict },
);
export type NewCredit = Static<typeof NewCredit>;

export const PaymentDifference = Type.Object(
  {
    customer: Type.String({ examples: ['cu_4f9k2m0q7x1z'] }),
    what: Type.String({ description: 'A meter, or the number of an invoice.' }),
    ours: Type.String(),
    theirs: Type.String(),
    mended: Type.Union([Type.String(), Type.Null()], { description: 'What was done about it.' }),
  },
  strict,
);

export const Reconciliation = Type.Object(
  {
    month: MonthName,
    differences: Type.Array(PaymentDifference),
    waiting: Count('What is still to be told to the provider.'),
    lastError: Type.Union([Type.String(), Type.Null()], {
      description: 'Why something of that could not be told.',
    }),
  },
  { $id: 'Reconciliation', ...strict },
);
export type Reconciliation = Static<typeof Reconciliation>;

export const PaymentPortal = Type.Object(
  { url: Type.String({ description: 'Where the customer sees and pays. Soon over.' }) },
  { $id: 'PaymentPortal', ...strict },
);
export type PaymentPortal = Static<typeof PaymentPortal>;
