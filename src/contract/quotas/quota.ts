/** What tenants and customers may use, and have used; where their clients may come from. */
import { type Static, Type } from 'typebox';
import { Count, Moment } from '../values.ts';

const Amount = Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], { examples: [360_000] });

const limit = (description: string) =>
  Type.Optional(
    Type.Object(
      {
        soft: Amount,
        hard: Amount,
      },
      { additionalProperties: false, description },
    ),
  );

export const Quota = Type.Object(
  {
    activeTimeSeconds: limit('Time that a compute is awake, in a calendar month (UTC).'),
    computeTimeSeconds: limit(
      'The same times its compute units: one for each 4 GB of memory that its tier may have.',
    ),
    writtenDataBytes: limit('Written to the write-ahead log in a month.'),
    dataTransferBytes: limit('Sent to clients in a month, without TLS.'),
    logicalSizeBytes: limit('Of all its databases, now.'),
    sessions: limit('Open at once, parked ones too.'),
  },
  {
    $id: 'Quota',
    additionalProperties: false,
    description:
      'Each limit soft, which is told of once a period, and hard, which stops. Null, or nothing, for none.',
  },
);
export type Quota = Static<typeof Quota>;

const QuotaName = Type.Union(
  [
    Type.Literal('activeTimeSeconds'),
    Type.Literal('computeTimeSeconds'),
    Type.Literal('writtenDataBytes'),
    Type.Literal('dataTransferBytes'),
    Type.Literal('logicalSizeBytes'),
    Type.Literal('sessions'),
  ],
  { $id: 'QuotaName' },
);

const usedFields = {
  activeTimeSeconds: Count('Time that a compute was awake.'),
  computeTimeSeconds: Count('The same times its compute units.'),
  writtenDataBytes: Count('Written to the write-ahead log.'),
  dataTransferBytes: Count('Sent to clients, without TLS.'),
  logicalSizeBytes: Count('Of all databases, as last measured; of now, whatever the month.'),
  sessions: Count('Open now.'),
};

const Used = Type.Object(usedFields, { $id: 'QuotaUsed', additionalProperties: false });

const PassedLimit = Type.Object(
  {
    quota: Type.Union([QuotaName, Type.Literal('budget'), Type.Literal('included')]),
    grade: Type.Union([Type.Literal('soft'), Type.Literal('hard')]),
    limit: Type.Integer({
      minimum: 0,
      description: 'Of a budget that a customer has set, in whole units of money; of the others 0.',
    }),
    until: Moment(
      'How long that counts; of a size that stopped the tenant, when it may be awake again.',
    ),
  },
  { $id: 'PassedLimit', additionalProperties: false },
);

export const QuotaState = Type.Object(
  {
    operator: Quota,
    own: Quota,
    effective: Quota,
    used: Used,
    passed: Type.Array(PassedLimit, { description: 'Limits that were passed in this period.' }),
    resetsAt: Moment('When what is counted by the month begins anew.'),
  },
  {
    $id: 'QuotaState',
    additionalProperties: false,
    description:
      'Limits by who has set them. Of a tenant the plan stands in where the operator has set none; the lower of `operator` and `own` holds.',
  },
);
export type QuotaState = Static<typeof QuotaState>;

export const Consumption = Type.Object(
  {
    from: Moment('The first moment of the month.'),
    to: Moment('The first moment of the next.'),
    ...usedFields,
  },
  { $id: 'Consumption', additionalProperties: false },
);
export type Consumption = Static<typeof Consumption>;

export const ConsumptionQuery = Type.Object(
  {
    month: Type.Optional(
      Type.String({
        pattern: '^[0-9]{4}-(0[1-9]|1[0-2])$',
        description: 'A calendar month (UTC); this one if not given.',
        examples: ['2026-11'],
      }),
    ),
  },
  { additionalProperties: false },
);

export const AddressEntries = Type.Array(
  Type.String({ minLength: 1, maxLength: 100, examples: ['203.0.113.0/24'] }),
  {
    maxItems: 100,
    description:
      'Addresses, networks (`10.0.0.0/8`) and ranges (`10.0.0.1-10.0.0.9`), IPv4 and IPv6, that clients may come from; an empty list allows all. Holds at once, and ends sessions that come from elsewhere.',
  },
);

export const AllowedAddresses = Type.Object(
  { allowedAddresses: AddressEntries },
  { $id: 'AllowedAddresses', additionalProperties: false },
);
export type AllowedAddresses = Static<typeof AllowedAddresses>;
