/** What has happened since the page was opened, in words. */
import type { Event } from '../../sdk/index.ts';
import { useHistory } from '../server/history.ts';
import { TenantLink } from '../shell/tenant-link.tsx';
import { Empty } from '../ui/states.tsx';
import { TimeAgo } from '../ui/time.tsx';

export function Happenings({
  height,
  tenant,
}: {
  readonly height: string;
  readonly tenant?: string;
}) {
  const all = useHistory();
  const events = tenant === undefined ? all : all.filter((event) => event.tenant?.id === tenant);
  if (events.length === 0) {
    return (
      <div style={{ height }}>
        <Empty title="Nothing has happened since you came">
          Wakes, suspends, decisions and long work appear here as they happen.
        </Empty>
      </div>
    );
  }
  return (
    <ol
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
      tabIndex={0}
      aria-label="Events"
      style={{ height }}
      className="divide-y divide-line/60 overflow-y-auto"
    >
      {events.map((event) => (
        <li key={event.id} className="flex items-baseline gap-3 px-4 py-2">
          <span className="w-16 shrink-0 text-right text-xs text-ink-soft">
            <TimeAgo at={event.at} />
          </span>
          <span className="min-w-0 break-words">
            {event.tenant && tenant === undefined && (
              <>
                <TenantLink name={event.tenant.name} />{' '}
              </>
            )}
            {told(event)}
          </span>
        </li>
      ))}
    </ol>
  );
}

const STATES: Readonly<Record<string, string>> = {
  creating: 'is being created',
  waking: 'is waking',
  running: 'is awake',
  suspending: 'is going to sleep',
  suspended: 'sleeps',
  failed: 'has failed to start',
  archiving: 'is on its way to the archive',
  deleting: 'is being deleted',
};

/** An event in words, without whom it is about. */
export function told({ type, data }: Event): string {
  const because = typeof data.because === 'string' ? `: ${data.because}` : '';
  switch (type) {
    case 'tenant.state':
      return STATES[String(data.to)] ?? `is ${String(data.to)}`;
    case 'tenant.created':
      return 'was created';
    case 'tenant.deleted':
      return 'was deleted';
    case 'tenant.changed':
      return `was changed: ${Object.keys(data).join(', ')}`;
    case 'tenant.decision':
      return `${String(data.from ?? 'nothing')} → ${String(data.to ?? 'nothing')}${because}`;
    case 'operation.begun':
      return `${String(data.kind)} has begun`;
    case 'operation.ended':
      return `${String(data.kind)} is ${String(data.status)}`;
    default:
      return type.replace('.', ' ');
  }
}
