import { Type } from 'typebox';
import type { OperationName } from '../operations.ts';
import { EVENT_STREAM_TYPE, Ref, type Route } from '../route.ts';
import { EventTypes } from './events.ts';

const after = Type.Optional(
  Type.String({
    maxLength: 63,
    description: 'Begin behind this event, as `Last-Event-ID` does.',
    examples: ['ev_mhq2l6hc_1z'],
  }),
);

const LastEventId = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({
      maxLength: 63,
      description: 'The last event that was heard; what came after it is told first.',
    }),
  ),
});

const STREAM = {
  in: 'answer',
  type: EVENT_STREAM_TYPE,
  description:
    'Server-sent events, one an `Event`, as they happen; a comment every 15 s. `events.missed` says that some are no longer kept, `events.cut` that the reader was too slow and has to come again.',
} as const;

export const EVENT_ROUTES = {
  listenEvents: {
    tag: 'events',
    summary: 'Hear what happens',
    description: 'Of all that the caller may see, until either side ends it.',
    access: { scope: 'customer', right: 'read' },
    query: Type.Object(
      {
        types: Type.Optional(EventTypes),
        tenant: Type.Optional(
          Type.String({
            minLength: 1,
            maxLength: 63,
            description: 'Only of this tenant, by id or name.',
            examples: ['acme'],
          }),
        ),
        after,
      },
      { additionalProperties: false },
    ),
    headers: LastEventId,
    success: { status: 200, shape: null },
    file: STREAM,
    faults: ['TENANT_UNKNOWN', 'STREAMS_FULL', 'SERVER_STOPPING', 'CATALOG_DOWN'],
  },
  listenTenantEvents: {
    tag: 'events',
    summary: 'Hear what happens to a tenant',
    access: { scope: 'tenant', right: 'read' },
    params: Ref,
    query: Type.Object(
      { types: Type.Optional(EventTypes), after },
      { additionalProperties: false },
    ),
    headers: LastEventId,
    success: { status: 200, shape: null },
    file: STREAM,
    faults: ['TENANT_UNKNOWN', 'STREAMS_FULL', 'SERVER_STOPPING', 'CATALOG_DOWN'],
  },
} as const satisfies Partial<Record<OperationName, Route>>;
