import { type Static, Type } from 'typebox';
import { EVENT_TYPES } from '../limits.ts';
import { Moment } from '../values.ts';

export const EventType = Type.Enum([...EVENT_TYPES], {
  type: 'string',
  description: 'What has happened.',
});

export const Event = Type.Object(
  {
    id: Type.String({
      description: 'Send the last one as `Last-Event-ID` to go on behind it.',
      examples: ['ev_mhq2l6hc_1z'],
    }),
    at: Moment('When it happened.'),
    type: EventType,
    tenant: Type.Union(
      [
        Type.Object(
          {
            id: Type.String({ examples: ['tn_4f9k2m0q7x1z'] }),
            name: Type.String({ examples: ['acme'] }),
          },
          { additionalProperties: false },
        ),
        Type.Null(),
      ],
      { description: 'Of whom it tells; null for what is of no tenant.' },
    ),
    customer: Type.Union([Type.String(), Type.Null()], {
      description: 'Whose matter it is; null for the operator’s own.',
      examples: ['cu_4f9k2m0q7x1z'],
    }),
    data: Type.Record(Type.String(), Type.Unknown(), {
      description: 'What there is to say besides; other fields for each type. Never a secret.',
      examples: [{ from: 'suspended', to: 'waking', home: 'local' }],
    }),
  },
  { $id: 'Event', additionalProperties: false },
);
export type Event = Static<typeof Event>;

export const EventTypes = Type.String({
  maxLength: 500,
  pattern: '^[a-z.*]+(,[a-z.*]+)*$',
  description:
    'Types to hear of, divided by commas; `tenant.*` for all of a kind. All if not given.',
  examples: ['tenant.state,operation.*'],
});
