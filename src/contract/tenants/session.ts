import { type Static, Type } from 'typebox';
import {
  RESTART_WITHIN_DEFAULT_MS,
  RESTART_WITHIN_MAX_MS,
  SESSION_PIN_REASONS,
  SESSION_STATES,
  VISITOR_CLASSES,
} from '../limits.ts';
import { Count } from '../values.ts';

const Pin = Type.Object(
  {
    reason: Type.Enum([...SESSION_PIN_REASONS], {
      type: 'string',
      description: 'What PostgreSQL holds for the session and nobody could give back to it.',
    }),
    statement: Type.Union([Type.String(), Type.Null()], {
      description: 'The statement that caused it, its values left out; null if it is not known.',
    }),
    forMs: Count('How long it has been so.'),
  },
  { $id: 'Pin', additionalProperties: false },
);

export const Session = Type.Object(
  {
    id: Type.Integer({ description: 'Unique within one run of the proxy that serves it.' }),
    role: Type.String({ examples: ['acme'] }),
    applicationName: Type.String({ description: 'As the client calls itself.' }),
    from: Type.String({ description: 'Address of the client.', examples: ['192.0.2.7'] }),
    visitor: Type.Enum([...VISITOR_CLASSES], {
      type: 'string',
      description: 'What it counts as, by the rules for visitors and by its rhythm.',
    }),
    state: Type.Enum([...SESSION_STATES], {
      type: 'string',
      description:
        '`bound`: has a backend. `pinned`: has one and cannot give it back. `parked`: has none and needs none. `waiting`: has none and waits for one.',
    }),
    openForMs: Count('Since its login.'),
    idleForMs: Count('Since its last request or answer.'),
    pin: Type.Union([Pin, Type.Null()], {
      description: 'Why it cannot be parked; null if it can, or has not been asked.',
    }),
  },
  { $id: 'Session', additionalProperties: false },
);
export type Session = Static<typeof Session>;

export const SessionList = Type.Object(
  { sessions: Type.Array(Session, { description: 'The oldest first.' }) },
  { $id: 'SessionList', additionalProperties: false },
);
export type SessionList = Static<typeof SessionList>;

export const Restart = Type.Object(
  {
    withinMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: RESTART_WITHIN_MAX_MS,
        default: RESTART_WITHIN_DEFAULT_MS,
        description: 'How long what is under way may take to end; what arrives meanwhile waits.',
      }),
    ),
    force: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'End with 57P01 whoever is still at work then or cannot be parked, instead of answering `TENANT_BUSY`.',
      }),
    ),
  },
  { $id: 'Restart', additionalProperties: false },
);
export type Restart = Static<typeof Restart>;
