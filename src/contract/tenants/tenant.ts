import { type Static, Type } from 'typebox';
import { AddressEntries } from '../quotas/quota.ts';
import {
  Consent,
  Count,
  Home,
  Level,
  MaxPinIdleMs,
  Moment,
  Override,
  Plan,
  SessionsMax,
  State,
  SuspendAfterMs,
  Tier,
  TierChoice,
} from '../values.ts';

export const TenantFailure = Type.Object(
  {
    reason: Type.String({ description: 'Why the last start failed.' }),
    attempt: Type.Integer({ minimum: 1, description: 'Failed starts in a row.' }),
    retryAt: Moment('No other start is tried before this.'),
  },
  { $id: 'TenantFailure', additionalProperties: false },
);

const SuspendRefusal = Type.Object(
  {
    why: Type.String({
      description: 'What was in the way.',
      examples: ['session 12 is pinned: temporary objects'],
    }),
    at: Moment('When the suspend was tried.'),
  },
  { $id: 'SuspendRefusal', additionalProperties: false },
);

const tenantFields = {
  id: Type.String({ description: 'Never changes.', examples: ['tn_4f9k2m0q7x1z'] }),
  name: Type.String({
    description: 'Also its database and its owner role.',
    examples: ['acme'],
  }),
  customer: Type.Union([Type.String(), Type.Null()], {
    description: "Whose it is; null for the operator's own.",
    examples: ['cu_4f9k2m0q7x1z'],
  }),
  plan: Plan,
  tier: Tier,
  tierSince: Moment('Since when it has this tier.'),
  override: Override,
  consent: Consent,
  state: State,
  stateSince: Moment('When the state was entered.'),
  home: Home,
  level: Level,
  descent: Type.Union([Type.String(), Type.Null()], {
    description: 'Where it stands on the way down; null while it is where its tier has it.',
    examples: ['step 3 of 10 to sleep'],
  }),
  dirtySince: Type.Union([Moment(''), Type.Null()], {
    description:
      'Since when it may have changes that no snapshot has; null if there are none. This much would be lost with the machine.',
  }),
  createdAt: Moment('When the tenant was created.'),
  expiresAt: Type.Union([Moment(''), Type.Null()], {
    description: 'When it is deleted by itself; null for never.',
  }),
  allowedAddresses: Type.Array(Type.String(), {
    description: 'Addresses, networks and ranges that clients may come from; none for any.',
  }),
  suspendAfterMs: SuspendAfterMs,
  sessionsMax: SessionsMax,
  maxPinIdleMs: MaxPinIdleMs,
  sessions: Count('Sessions open now, parked ones too.'),
  sessionsBound: Count('Of these, how many have a backend; the others are parked.'),
  heldBy: Type.Union([Type.String(), Type.Null()], {
    description: 'What keeps the compute awake; null if nothing does, and while it sleeps.',
    examples: ['session 12 is pinned: temporary objects'],
  }),
  idleSince: Type.Union([Moment(''), Type.Null()], {
    description:
      'Since when no session has asked anything; null while one does or no compute runs.',
  }),
  suspendAt: Type.Union([Moment(''), Type.Null()], {
    description: 'When it will be suspended if nobody asks anything; null if nothing is planned.',
  }),
  lastSuspendRefusal: Type.Union([SuspendRefusal, Type.Null()], {
    description: 'Why the last suspend since the wake was not possible; null if there was none.',
  }),
  failure: Type.Union([TenantFailure, Type.Null()], {
    description: 'Set in state `failed` only.',
  }),
  connectionUri: Type.String({
    description: 'What a PostgreSQL client connects to. Holds no password.',
    examples: ['postgresql://acme@localhost:6432/acme'],
  }),
};

export const Tenant = Type.Object(tenantFields, { $id: 'Tenant', additionalProperties: false });
export type Tenant = Static<typeof Tenant>;

export const TenantSecret = Type.Object(
  {
    ...tenantFields,
    connectionUri: Type.String({
      description: 'What a PostgreSQL client connects to, with the new password.',
      examples: ['postgresql://acme:4PqX...@localhost:6432/acme'],
    }),
    password: Type.String({ description: 'Of the owner role. Shown once, kept nowhere.' }),
  },
  { $id: 'TenantSecret', additionalProperties: false },
);
export type TenantSecret = Static<typeof TenantSecret>;

export const TenantPage = Type.Object(
  {
    tenants: Type.Array(Tenant),
    next: Type.Union([Type.String(), Type.Null()], {
      description: 'Send it as `after` to get the next page; null at the end.',
    }),
  },
  { $id: 'TenantPage', additionalProperties: false },
);
export type TenantPage = Static<typeof TenantPage>;

const ExpiresAt = Type.Union([Moment(''), Type.Null()], {
  description:
    'When it is to be deleted by itself, with all its data; null for never. A day and an hour before, events warn of it.',
});

export const NewTenant = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 63,
      description:
        'a-z, 0-9, _ and -, beginning with a letter and ending with a letter or digit; unique.',
      examples: ['acme'],
    }),
    customer: Type.Optional(
      Type.Union([Type.String({ maxLength: 63 }), Type.Null()], {
        description:
          "Id of the customer whose it is to be; null for the operator's own. The caller's own if not given.",
      }),
    ),
    plan: Type.Optional(Plan),
    expiresAt: Type.Optional(ExpiresAt),
    allowedAddresses: Type.Optional(AddressEntries),
    suspendAfterMs: Type.Optional(SuspendAfterMs),
    sessionsMax: Type.Optional(SessionsMax),
    maxPinIdleMs: Type.Optional(MaxPinIdleMs),
  },
  { $id: 'NewTenant', additionalProperties: false },
);
export type NewTenant = Static<typeof NewTenant>;

export const TenantChange = Type.Object(
  {
    customer: Type.Optional(
      Type.Union([Type.String({ maxLength: 63 }), Type.Null()], {
        description:
          'For callers of the operator: whose it is from now on; null for nobody. Keys for this tenant alone are revoked.',
      }),
    ),
    plan: Type.Optional(Plan),
    tier: Type.Optional(TierChoice),
    tierUntil: Type.Optional(
      Type.Union([Moment(''), Type.Null()], {
        description:
          'With `tier`: when the policy chooses again; null or nothing until a person takes it back.',
      }),
    ),
    consent: Type.Optional(
      Type.Boolean({
        description:
          'Whether the customer agrees to less than the PERSISTENT that is paid for, should it be used less.',
      }),
    ),
    expiresAt: Type.Optional(ExpiresAt),
    allowedAddresses: Type.Optional(AddressEntries),
    suspendAfterMs: Type.Optional(SuspendAfterMs),
    sessionsMax: Type.Optional(SessionsMax),
    maxPinIdleMs: Type.Optional(MaxPinIdleMs),
  },
  { $id: 'TenantChange', additionalProperties: false, minProperties: 1 },
);
export type TenantChange = Static<typeof TenantChange>;

export const Ticket = Type.Object(
  {
    connectionUri: Type.String({
      description: 'Logs in as the owner without its password, until the ticket expires.',
    }),
    expiresAt: Moment('Sessions opened before this live on.'),
  },
  { $id: 'Ticket', additionalProperties: false },
);
export type Ticket = Static<typeof Ticket>;

export const ConnectionString = Type.Object(
  {
    connectionUri: Type.String({ examples: ['postgresql://acme@localhost:6432/acme'] }),
    host: Type.String({ examples: ['localhost'] }),
    port: Type.Integer({ minimum: 1, maximum: 65_535, examples: [6432] }),
    database: Type.String({ examples: ['acme'] }),
    user: Type.String({ examples: ['acme'] }),
  },
  { $id: 'ConnectionString', additionalProperties: false },
);
export type ConnectionString = Static<typeof ConnectionString>;
