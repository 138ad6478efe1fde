/** What may be used, beside what is. */
import type { ReactNode } from 'react';
import type { Quota, QuotaState } from '../../sdk/index.ts';
import { Panel } from '../ui/panel.tsx';
import { Loaded } from '../ui/states.tsx';
import { QuotaEditor } from './quota-editor.tsx';
import { QuotaUse } from './quota-use.tsx';

export function LimitPanels({
  title,
  query,
  refused,
  onSave,
  lead,
}: {
  readonly title: string;
  readonly query: Parameters<typeof Loaded<QuotaState>>[0]['query'];
  readonly refused: string | null;
  readonly onSave: (quota: Quota) => Promise<unknown>;
  readonly lead: (state: QuotaState) => ReactNode;
}) {
  return (
    <>
      <Panel title={title}>
        <Loaded query={query} lines={8}>
          {(state) => (
            <div className="space-y-3">
              <p className="text-ink-soft">{lead(state)}</p>
              <QuotaEditor
                key={JSON.stringify(state.operator)}
                quota={state.operator}
                disabledBecause={refused}
                onSave={onSave}
              />
            </div>
          )}
        </Loaded>
      </Panel>
      <Panel title="Used this month">
        <Loaded query={query} lines={8}>
          {(state) => <QuotaUse state={state} />}
        </Loaded>
      </Panel>
    </>
  );
}
