import type { SessionView } from '../domain/gate.ts';
import { minutes, ms, seconds } from '../domain/units.ts';

const view: SessionView = {
  id: 7 as SessionView['id'],
  role: 'acme',
  applicationName: 'pgbench',
  from: '192.0.2.7',
  visitor: 'person',
  state: 'parked',
  openFor: minutes(90),
  idleFor: minutes(20),
  pin: null,
};

/** One session at rest, and one that is pinned. */
export const SESSION_VIEWS: readonly SessionView[] = [
  view,
  {
    ...view,
    id: 12 as SessionView['id'],
    applicationName: '',
    state: 'pinned',
    openFor: minutes(5),
    idleFor: ms(1_234.5),
    pin: {
      reason: 'temporary objects',
      statement: 'create temp table t as select $1',
      since: seconds(40),
    },
  },
];
