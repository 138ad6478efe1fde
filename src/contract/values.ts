/** The small schemas that the shapes are made of. JSON carries units in its names: `...Ms`, `...Us`. */
import { Type } from 'typebox';
import {
  AUTO_TIER,
  MAX_PIN_IDLE_MAX_MS,
  MAX_PIN_IDLE_MIN_MS,
  SESSIONS_MAX,
  SUSPEND_AFTER_MAX_MS,
  SUSPEND_AFTER_MIN_MS,
  TENANT_HOMES,
  TENANT_LEVELS,
  TENANT_PLANS,
  TENANT_STATES,
  TENANT_TIERS,
  TIER_SETTERS,
} from './limits.ts';

/** RFC 3339 in UTC with milliseconds, as `Date.prototype.toISOString` writes it. */
export const Moment = (description: string) =>
  Type.String({ format: 'date-time', description, examples: ['2026-05-04T09:30:00.000Z'] });

export const Count = (description: string) => Type.Integer({ minimum: 0, description });

export const Tier = Type.Enum([...TENANT_TIERS], {
  type: 'string',
  description: 'How the tenant is kept.',
});

export const TierChoice = Type.Enum([...TENANT_TIERS, AUTO_TIER], {
  type: 'string',
  description: 'A tier that the policy then leaves it; `auto` gives the choice back to the policy.',
});

export const Override = Type.Union(
  [
    Type.Object(
      {
        tier: Tier,
        until: Type.Union([Moment(''), Type.Null()], {
          description: 'The policy chooses again from then on; null until a person takes it back.',
        }),
        by: Type.Enum([...TIER_SETTERS], { type: 'string', description: 'Who chose it.' }),
      },
      { additionalProperties: false },
    ),
    Type.Null(),
  ],
  { description: 'The tier that a person has chosen; null while the policy chooses.' },
);

export const Consent = Type.Union(
  [
    Type.Object(
      {
        at: Moment('When it was told.'),
        by: Type.Enum([...TIER_SETTERS], { type: 'string', description: 'Who told it.' }),
      },
      { additionalProperties: false },
    ),
    Type.Null(),
  ],
  {
    description:
      'The customer agrees to less than the PERSISTENT that is paid for; null if not. It ends with the plan.',
  },
);

export const Plan = Type.Enum([...TENANT_PLANS], {
  type: 'string',
  description: 'What the customer pays for; bounds the tiers.',
});

export const State = Type.Enum([...TENANT_STATES], {
  type: 'string',
  description: 'Where the tenant is in its life.',
});

export const Home = Type.Enum([...TENANT_HOMES], {
  type: 'string',
  description:
    'Where the data is: `none` before the first wake, `local` on this machine, or in the `archive`.',
});

export const Level = Type.Enum([...TENANT_LEVELS], {
  type: 'string',
  description:
    'How near its data is: L1 awake, L3 at rest on this machine, L4 in the archive or not yet made.',
});

export const SuspendAfterMs = Type.Union(
  [Type.Integer({ minimum: SUSPEND_AFTER_MIN_MS, maximum: SUSPEND_AFTER_MAX_MS }), Type.Null()],
  { description: 'Idle time before the tenant is suspended; null leaves it to the policy.' },
);

export const SessionsMax = Type.Union(
  [Type.Integer({ minimum: 1, maximum: SESSIONS_MAX }), Type.Null()],
  { description: 'Most sessions at once, parked ones too; null leaves it to the server.' },
);

export const MaxPinIdleMs = Type.Union(
  [
    Type.Integer({ minimum: MAX_PIN_IDLE_MIN_MS, maximum: MAX_PIN_IDLE_MAX_MS }),
    Type.Enum([0], { type: 'integer' }),
    Type.Null(),
  ],
  {
    description:
      'Idle time after which a session that cannot be parked is ended; 0 for never, null leaves it to the server. Tier PERSISTENT never ends one.',
  },
);
