/** What the operator sets for the whole server. */
import { type Static, type TObject, type TProperties, Type } from 'typebox';
import { Plan } from '../values.ts';

const DAY_MS = 86_400_000;

const rateFields = {
  perMinute: Type.Number({
    exclusiveMinimum: 0,
    maximum: 60_000_000,
    description: 'How fast the allowance comes back.',
    examples: [6_000],
  }),
  burst: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    description: 'The allowance: as many at once.',
    examples: [1_000],
  }),
};

const claimableFields = {
  enabled: Type.Boolean({ description: 'Whether keys of role `claimer` may create them.' }),
  lifeMs: Type.Integer({
    minimum: 60_000,
    maximum: 365 * DAY_MS,
    description: 'How long each is there unless it is claimed.',
    examples: [3 * DAY_MS],
  }),
  unclaimedMax: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    description: 'Unclaimed at once, all together.',
    examples: [1_000],
  }),
  logicalBytesMax: Type.Integer({
    minimum: 1_048_576,
    maximum: 1_099_511_627_776,
    description: 'Size of each until it is claimed.',
    examples: [104_857_600],
  }),
  sessionsMax: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    description: 'Sessions of each until it is claimed.',
    examples: [10],
  }),
};

const webhookFields = {
  perOwnerMax: Type.Integer({
    minimum: 0,
    maximum: 1_000,
    description: 'Webhooks of one customer, and of the operator.',
    examples: [20],
  }),
  keptMs: Type.Integer({
    minimum: 60_000,
    maximum: 365 * DAY_MS,
    description: 'How long deliveries can be looked at.',
    examples: [30 * DAY_MS],
  }),
};

const retentionFields = {
  minutesMs: Type.Integer({
    ...{ minimum: 3_600_000, maximum: 400 * DAY_MS, examples: [14 * DAY_MS] },
    description: 'By the minute.',
  }),
  hoursMs: Type.Integer({
    ...{ minimum: 31 * DAY_MS, maximum: 3_660 * DAY_MS, examples: [400 * DAY_MS] },
    description: 'By the hour; 13 months at least while months are closed or a provider is told.',
  }),
};

const LOGO_LENGTH_MAX = 131_072;

const brandFields = {
  name: Type.String({
    ...{ minLength: 1, maxLength: 60, examples: ['Acme Cloud'] },
    description: 'Stands where the name of this product would.',
  }),
  logo: Type.String({
    ...{ maxLength: LOGO_LENGTH_MAX, examples: ['data:image/png;base64,iVBORw0KGgo='] },
    pattern: '^(data:image/(svg\\+xml|png|webp);base64,[A-Za-z0-9+/]+={0,2})?$',
    description: 'An image as a `data:` URL; empty for that of this product.',
  }),
  accent: Type.String({
    ...{ pattern: '^(#[0-9a-fA-F]{6})?$', examples: ['#0a7d5c'] },
    description:
      'Colour of links and buttons, made lighter or darker where it could not be read; empty for that of this product.',
  }),
  supportUrl: Type.String({
    ...{ maxLength: 500, pattern: '^((https://|mailto:)[^\\s"<>]+)?$' },
    description: 'Where customers find help; empty for nowhere.',
    examples: ['https://acme.example/help'],
  }),
  transparency: Type.Boolean({
    description: 'Whether customers see tiers, levels and why their databases sleep.',
  }),
};

const signUpFields = {
  enabled: Type.Boolean({
    description: 'Whether who is known to the identity provider may become a customer.',
  }),
  emailDomains: Type.Array(
    Type.String({ maxLength: 253, pattern: '^[a-z0-9.-]+$', examples: ['example.com'] }),
    { maxItems: 100, uniqueItems: true, description: 'Of the addresses that may; none for any.' },
  ),
  tenantsMax: Type.Integer({
    ...{ minimum: 1, maximum: 1_000_000, examples: [3] },
    description: 'Tenants that who has signed up may have.',
  }),
};

const Plans = Type.Array(Plan, {
  maxItems: 4,
  uniqueItems: true,
  description: 'Plans that a customer may choose by itself.',
});

const AllowedExtensions = Type.Array(Type.String({ minLength: 1, maxLength: 63 }), {
  maxItems: 100,
  uniqueItems: true,
  description:
    'Extensions that tenants may have beyond those that PostgreSQL trusts and the harmless ones. What gives away the machine stays refused.',
  examples: [['postgres_fdw']],
});

const strict = { additionalProperties: false } as const;

const whole = <P extends TProperties>(fields: P, description: string) =>
  Type.Object(fields, { ...strict, description });

/** The same, any of it left out. */
const some = <P extends TProperties>(shape: TObject<P>) => Type.Partial(shape, strict);

const Rate = whole(rateFields, 'A bucket that fills at a steady pace.');
const Claimable = whole(
  { ...claimableFields, perAddress: Rate },
  'Databases without an account, which somebody claims or which go.',
);
const Hooks = whole(webhookFields, 'Bounds of webhooks.');
const Retention = whole(
  retentionFields,
  'How long what was used and asked is kept; days are kept for ever.',
);
const Rates = whole(
  { perCaller: Rate, perAddress: Rate, failedLogins: Rate },
  'How often the API may be asked: by one caller, from one address, and in vain.',
);

const Brand = whole(brandFields, 'The dashboard that customers see, as your own product.');
const SignUp = whole(
  { ...signUpFields, rate: Rate },
  'Becoming a customer by oneself; `rate` bounds how many do, all together.',
);

/** What anybody may see: the page in which one logs in shows it. */
export const Branding = Type.Object(
  {
    ...brandFields,
    signUp: Type.Boolean({ description: 'Whether one may become a customer by oneself.' }),
    plans: Plans,
  },
  { $id: 'Branding', ...strict },
);
export type Branding = Static<typeof Branding>;

export const Settings = Type.Object(
  {
    defaultPlan: Plan,
    selfServicePlans: Plans,
    allowedExtensions: AllowedExtensions,
    branding: Brand,
    signUp: SignUp,
    claimable: Claimable,
    webhooks: Hooks,
    retention: Retention,
    rates: Rates,
  },
  { $id: 'Settings', ...strict },
);
export type Settings = Static<typeof Settings>;

const SomeRate = some(Rate);

export const SettingsChange = Type.Object(
  {
    defaultPlan: Type.Optional(Plan),
    selfServicePlans: Type.Optional(Plans),
    allowedExtensions: Type.Optional(AllowedExtensions),
    branding: Type.Optional(some(Brand)),
    signUp: Type.Optional(some(whole({ ...signUpFields, rate: SomeRate }, ''))),
    claimable: Type.Optional(some(whole({ ...claimableFields, perAddress: SomeRate }, ''))),
    webhooks: Type.Optional(some(Hooks)),
    retention: Type.Optional(some(Retention)),
    rates: Type.Optional(
      some(whole({ perCaller: SomeRate, perAddress: SomeRate, failedLogins: SomeRate }, '')),
    ),
  },
  { $id: 'SettingsChange', ...strict, minProperties: 1 },
);
export type SettingsChange = Static<typeof SettingsChange>;
