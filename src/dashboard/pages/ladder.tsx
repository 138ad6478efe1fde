/** The ladder: how many bytes of a tenant are how near, and what was moved from step to step. */
import type { LadderStep, TenantLevels } from '../../sdk/index.ts';
import { bytes, count, duration, percent } from '../format/units.ts';
import { Empty } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { TimeAgo } from '../ui/time.tsx';

const LEVELS = [
  { id: 'l1', name: 'L1', what: 'shared buffers', pace: 'microseconds', colour: 'var(--level-1)' },
  { id: 'l2', name: 'L2', what: 'page cache', pace: 'tens of µs', colour: 'var(--level-2)' },
  { id: 'l3', name: 'L3', what: 'disk here', pace: 'milliseconds', colour: 'var(--level-3)' },
  { id: 'l4', name: 'L4', what: 'archive', pace: 'seconds', colour: 'var(--level-4)' },
] as const;

/** Widths are of the largest: what lies higher is a copy of what lies below it. */
export function Ladder({ levels }: { readonly levels: TenantLevels }) {
  const most = Math.max(1, ...LEVELS.map(({ id }) => levels.bytes[id] ?? 0));
  const reads = levels.hits.l1 + levels.hits.l2 + levels.hits.l3;
  return (
    <div>
      <ol className="space-y-2.5">
        {LEVELS.map(({ id, name, what, pace, colour }) => {
          const held = levels.bytes[id];
          const isHere = levels.level === name;
          return (
            <li key={id} className="grid grid-cols-[7.5rem_minmax(0,1fr)_5rem] items-center gap-3">
              <span className="leading-4">
                <span className={isHere ? 'font-semibold' : ''}>{name}</span>{' '}
                <span className="text-ink-soft">{what}</span>
                <span className="block text-xs text-ink-soft">{isHere ? 'here now' : pace}</span>
              </span>
              <span className="block h-5 rounded bg-sunken" aria-hidden="true">
                <span
                  className="block h-full rounded transition-[width] duration-500"
                  style={{
                    width: `${((held ?? 0) / most) * 100}%`,
                    minWidth: (held ?? 0) > 0 ? 3 : 0,
                    background: colour,
                  }}
                />
              </span>
              <span className="tnum text-right">{bytes(held)}</span>
            </li>
          );
        })}
      </ol>
      <p className="mt-4 text-xs text-ink-soft">
        {reads === 0
          ? 'Nothing has been read yet.'
          : `${percent(levels.hitRatio)} of ${count(reads)} page reads were served by memory.`}{' '}
        Wakes: {count(levels.wakes.l2)} from L2, {count(levels.wakes.l3)} from L3,{' '}
        {count(levels.wakes.l4)} from L4.
      </p>
    </div>
  );
}

const WORDS: Readonly<Record<LadderStep['kind'], string>> = {
  'shed-l1': 'evicted from L1',
  resize: 'resized',
  'shed-l2': 'dropped from L2',
  suspend: 'suspended',
  archive: 'moved to L4',
  snapshot: 'saved to L4',
  hydrate: 'brought to L3',
  wake: 'woken',
  prewarm: 'read ahead',
  restore: 'restored',
};

export function LadderSteps({ steps }: { readonly steps: readonly LadderStep[] }) {
  if (steps.length === 0) {
    return <Empty title="It has not moved yet">Its first wake is its first step.</Empty>;
  }
  return (
    <Table
      label="Moves on the ladder"
      rows={steps}
      idOf={({ at, kind }) => at + kind}
      height="16rem"
      columns={[
        { name: 'When', width: '5rem', cell: ({ at }) => <TimeAgo at={at} /> },
        { name: 'What', width: '6rem', cell: ({ kind }) => WORDS[kind] },
        {
          name: 'Why',
          isSpare: true,
          cell: ({ because }) => <span title={because}>{because}</span>,
        },
        { name: 'Bytes', width: '4.25rem', align: 'right', cell: (step) => bytes(step.bytes) },
        { name: 'Took', width: '4.25rem', align: 'right', cell: ({ ms }) => duration(ms) },
      ]}
    />
  );
}
