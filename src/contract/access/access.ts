/** Who may call: keys, people, issuers of tokens. */
import { type Static, Type } from 'typebox';
import { CALLER_KINDS, CALLER_ROLES, KEY_KINDS, PERSON_ROLES } from '../limits.ts';
import { Moment } from '../values.ts';

const NEXT = Type.Union([Type.String(), Type.Null()], {
  description: 'Send it as `after` to get the next page; null at the end.',
});

export const Scope = Type.Union(
  [
    Type.Object(
      { kind: Type.Enum(['operator'], { type: 'string' }) },
      { additionalProperties: false },
    ),
    Type.Object(
      {
        kind: Type.Enum(['customer'], { type: 'string' }),
        customer: Type.String({ maxLength: 63, examples: ['cu_4f9k2m0q7x1z'] }),
      },
      { additionalProperties: false },
    ),
    Type.Object(
      {
        kind: Type.Enum(['tenant'], { type: 'string' }),
        tenant: Type.String({ maxLength: 63, examples: ['tn_4f9k2m0q7x1z'] }),
      },
      { additionalProperties: false },
    ),
  ],
  {
    description: 'How far it reaches: everything, one customer and its tenants, or one tenant.',
  },
);

const KeyRole = Type.Enum([...CALLER_ROLES], {
  type: 'string',
  description:
    'What it may do there. `admin` everything; `operator` reads and changes; `billing` reads, and chooses plans and limits; `viewer` reads; `claimer` makes databases that somebody claims later.',
});

const PersonRole = Type.Enum([...PERSON_ROLES], {
  type: 'string',
  description: 'What they may do there.',
});

const EndsAt = Type.Union([Moment(''), Type.Null()], {
  description: 'It is not taken from then on; null for never.',
});

const KeyName = Type.String({
  ...{ minLength: 1, maxLength: 200, description: 'For people.', examples: ['deploy'] },
});

const keyFields = {
  id: Type.String({ examples: ['key_4f9k2m0q7x1z'] }),
  kind: Type.Enum([...KEY_KINDS], {
    type: 'string',
    description: 'A `key`, the `personal` one of somebody who logged in, or a browser `session`.',
  }),
  name: KeyName,
  scope: Scope,
  role: KeyRole,
  readOnly: Type.Boolean({ description: 'It reads, whatever its role.' }),
  person: Type.Union([Type.String(), Type.Null()], { description: 'Who has logged in with it.' }),
  createdAt: Moment('When it was made.'),
  createdBy: Type.String({ examples: ['person ann@example.com'] }),
  expiresAt: EndsAt,
  oldSecretUntil: Type.Union([Moment(''), Type.Null()], {
    description: 'Until when the secret before the last rotation is taken.',
  }),
  lastUsedAt: Type.Union([Moment(''), Type.Null()], { description: 'To the minute.' }),
  lastUsedFrom: Type.Union([Type.String(), Type.Null()], { description: 'An address.' }),
};

export const Key = Type.Object(keyFields, { $id: 'Key', additionalProperties: false });
export type Key = Static<typeof Key>;

export const KeySecret = Type.Object(
  {
    ...keyFields,
    secret: Type.String({
      description: 'Send it as `Authorization: Bearer SECRET`. Shown once, kept nowhere.',
      examples: ['dyb_4f9k2m0q7x1z_...'],
    }),
  },
  { $id: 'KeySecret', additionalProperties: false },
);
export type KeySecret = Static<typeof KeySecret>;

export const KeyPage = Type.Object(
  { keys: Type.Array(Key, { description: 'Sorted by id.' }), next: NEXT },
  { $id: 'KeyPage', additionalProperties: false },
);
export type KeyPage = Static<typeof KeyPage>;

export const NewKey = Type.Object(
  {
    name: KeyName,
    scope: Type.Optional(Scope),
    role: Type.Optional(KeyRole),
    readOnly: Type.Optional(Type.Boolean({ default: false })),
    expiresAt: Type.Optional(EndsAt),
  },
  {
    ...{ $id: 'NewKey', additionalProperties: false },
    description: "Scope and role are the maker's own if not given.",
  },
);
export type NewKey = Static<typeof NewKey>;

export const KeyRotation = Type.Object(
  {
    graceMs: Type.Optional(
      Type.Integer({
        ...{ minimum: 0, maximum: 2_592_000_000, default: 0 },
        description: 'How long the secret of now is taken as well.',
      }),
    ),
  },
  { $id: 'KeyRotation', additionalProperties: false },
);
export type KeyRotation = Static<typeof KeyRotation>;

export const Caller = Type.Object(
  {
    kind: Type.Enum([...CALLER_KINDS], { type: 'string', description: 'By what it was proven.' }),
    id: Type.String(),
    name: Type.String(),
    scope: Scope,
    role: KeyRole,
    readOnly: Type.Boolean(),
  },
  { $id: 'Caller', additionalProperties: false },
);
export type Caller = Static<typeof Caller>;

export const Person = Type.Object(
  {
    email: Type.String({ examples: ['ann@example.com'] }),
    customer: Type.Union([Type.String(), Type.Null()], {
      description: "To whom they belong; null for the operator's own.",
    }),
    role: PersonRole,
    createdAt: Moment('When they were added.'),
    lastSeenAt: Type.Union([Moment(''), Type.Null()], { description: 'When they last logged in.' }),
  },
  { $id: 'Person', additionalProperties: false },
);
export type Person = Static<typeof Person>;

export const PersonPage = Type.Object(
  { people: Type.Array(Person, { description: 'Sorted by address.' }), next: NEXT },
  { $id: 'PersonPage', additionalProperties: false },
);
export type PersonPage = Static<typeof PersonPage>;

export const PersonChange = Type.Object(
  { role: PersonRole },
  { $id: 'PersonChange', additionalProperties: false },
);
export type PersonChange = Static<typeof PersonChange>;

const issuerFields = {
  name: Type.String({ minLength: 1, maxLength: 200, examples: ['our app'] }),
  issuer: Type.String({
    ...{ minLength: 1, maxLength: 500, examples: ['https://app.example'] },
    description: 'What its tokens say in `iss`; unique.',
  }),
  audience: Type.String({
    ...{ minLength: 1, maxLength: 500, examples: ['dynabase'] },
    description: 'What its tokens must say in `aud`.',
  }),
  keys: Type.Optional(
    Type.Object(
      { keys: Type.Array(Type.Record(Type.String(), Type.Unknown()), { maxItems: 20 }) },
      { description: 'Its public keys, a JSON Web Key Set. Either these or `keysUrl`.' },
    ),
  ),
  keysUrl: Type.Optional(
    Type.String({
      ...{ maxLength: 1_000, examples: ['https://app.example/.well-known/jwks.json'] },
      description: 'Where its keys are to be had, over https.',
    }),
  ),
  customerClaim: Type.String({
    ...{ minLength: 1, maxLength: 100, examples: ['org_id'] },
    description: 'The claim that names the customer, by id or external id.',
  }),
  role: PersonRole,
};

export const TokenIssuer = Type.Object(
  {
    id: Type.String({ examples: ['iss_4f9k2m0q7x1z'] }),
    ...issuerFields,
    createdAt: Moment('When it was added.'),
  },
  { $id: 'TokenIssuer', additionalProperties: false },
);
export type TokenIssuer = Static<typeof TokenIssuer>;

export const TokenIssuerList = Type.Object(
  { issuers: Type.Array(TokenIssuer) },
  { $id: 'TokenIssuerList', additionalProperties: false },
);
export type TokenIssuerList = Static<typeof TokenIssuerList>;

export const NewTokenIssuer = Type.Object(
  {
    ...issuerFields,
    customerClaim: Type.Optional(issuerFields.customerClaim),
    role: Type.Optional(issuerFields.role),
  },
  { $id: 'NewTokenIssuer', additionalProperties: false },
);
export type NewTokenIssuer = Static<typeof NewTokenIssuer>;

export const TokenIssuerChange = Type.Partial(Type.Object(issuerFields), {
  ...{ $id: 'TokenIssuerChange', additionalProperties: false, minProperties: 1 },
});
export type TokenIssuerChange = Static<typeof TokenIssuerChange>;

export const LoginCode = Type.Object(
  {
    code: Type.String({ minLength: 1, maxLength: 200, description: 'What the browser brought.' }),
    verifier: Type.String({
      ...{ minLength: 43, maxLength: 128 },
      description: 'Its SHA-256 in base64url is the `challenge` that the login began with.',
    }),
  },
  { $id: 'LoginCode', additionalProperties: false },
);
export type LoginCode = Static<typeof LoginCode>;
