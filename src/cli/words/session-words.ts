/** Sessions as a person reads them. */
import type { Session } from '../../contract/tenants/session.ts';
import { tableText } from './layout.ts';
import type { Style } from './style.ts';
import { spanWords } from './words.ts';

export function sessionsText(sessions: readonly Session[], style: Style): string {
  if (sessions.length === 0) return 'no sessions';
  const columns = [
    { head: 'ID', align: 'right' },
    { head: 'STATE' },
    { head: 'ROLE' },
    { head: 'APPLICATION' },
    { head: 'FROM' },
    { head: 'VISITOR' },
    { head: 'OPEN' },
    { head: 'IDLE' },
    { head: 'PINNED BY' },
  ] as const;
  const rows = sessions.map((s) => [
    String(s.id),
    stateText(s.state, style),
    s.role,
    s.applicationName === '' ? '-' : s.applicationName,
    s.from,
    s.visitor,
    spanWords(s.openForMs),
    spanWords(s.idleForMs),
    s.pin === null ? '-' : pinText(s.pin),
  ]);
  return tableText(columns, rows, style);
}

/** `3 (1 bound, 1 parked, 1 pinned)`. */
export function countsText(sessions: readonly Session[]): string {
  const states = ['bound', 'parked', 'pinned', 'waiting'] as const;
  const counts = states.flatMap((state) => {
    const count = sessions.filter((s) => s.state === state).length;
    return count === 0 ? [] : [`${count} ${state}`];
  });
  return counts.length === 0 ? '0' : `${sessions.length} (${counts.join(', ')})`;
}

/** One fact a pinned session: what holds it, since when, and by which statement. */
export function pinFacts(sessions: readonly Session[]): readonly (readonly [string, string])[] {
  return sessions.flatMap(({ id, role, pin }) =>
    pin === null ? [] : [['pinned', `session ${id} of ${role}: ${pinText(pin)}`] as const],
  );
}

function pinText({ reason, statement, forMs }: NonNullable<Session['pin']>): string {
  const by = statement === null ? '' : `: ${statement}`;
  return `${reason} for ${spanWords(forMs)}${by}`;
}

function stateText(state: Session['state'], style: Style): string {
  switch (state) {
    case 'bound':
      return style.green(state);
    case 'parked':
      return style.dim(state);
    case 'pinned':
    case 'waiting':
      return style.yellow(state);
    default:
      return state satisfies never;
  }
}
