import { type Static, Type } from 'typebox';
import { FleetPolicy } from '../policy/policy.ts';
import { FleetLevels } from '../tenants/levels.ts';
import { Count, Moment } from '../values.ts';

export const Status = Type.Object(
  {
    version: Type.String({ description: 'Of DynaBase.' }),
    startedAt: Moment('When the server started.'),
    engine: Type.Object(
      {
        kind: Type.Enum(['embedded'], { type: 'string' }),
        version: Type.String({ description: 'Of PostgreSQL.' }),
      },
      { additionalProperties: false },
    ),
    isolation: Type.String({ description: 'How tenants are kept apart on this machine.' }),
    warnings: Type.Array(Type.String(), { description: 'What the operator should look at.' }),
    tenants: Type.Object(
      {
        creating: Count(''),
        suspended: Count(''),
        waking: Count(''),
        running: Count(''),
        suspending: Count(''),
        failed: Count(''),
        archiving: Count(''),
        deleting: Count(''),
      },
      { additionalProperties: false, description: 'Tenants by state.' },
    ),
    homes: Type.Object(
      { none: Count(''), local: Count(''), archive: Count('') },
      { additionalProperties: false, description: 'Tenants by where their data is.' },
    ),
    tiers: Type.Object(
      { COLD: Count(''), WARM: Count(''), HOT: Count(''), PERSISTENT: Count('') },
      { additionalProperties: false, description: 'Tenants by tier.' },
    ),
    policy: FleetPolicy,
    levels: FleetLevels,
    unsavedSince: Type.Union([Moment(''), Type.Null()], {
      description: 'Since when the oldest change is in no snapshot; null if all are in one.',
    }),
    sessions: Count('Sessions open now, of all tenants.'),
    proxy: Type.Object(
      { host: Type.String(), port: Type.Integer() },
      { additionalProperties: false, description: 'Where PostgreSQL clients connect.' },
    ),
  },
  { $id: 'Status', additionalProperties: false },
);
export type Status = Static<typeof Status>;

export const Health = Type.Object(
  { status: Type.Enum(['ok'], { type: 'string' }) },
  { $id: 'Health', additionalProperties: false },
);
export type Health = Static<typeof Health>;
