/** Some of the settings, saved together. */
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, type SubmitEvent, useState } from 'react';
import type { SettingsChange } from '../../sdk/index.ts';
import { brandQuery } from '../customer/brand.tsx';
import { dynabase } from '../server/client.ts';
import { settingsQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { Panel } from '../ui/panel.tsx';
import { ErrorBox } from '../ui/states.tsx';
import { say } from '../ui/toast.tsx';

export function SettingsPart({
  title,
  change,
  wrong = null,
  children,
}: {
  readonly title: string;
  readonly change: SettingsChange;
  /** Why they cannot be saved as they are. */
  readonly wrong?: string | null;
  readonly children: ReactNode;
}) {
  const client = useQueryClient();
  const refused = useRefusal()('changeSettings');
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: SubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if (wrong !== null) return;
    setError(null);
    try {
      client.setQueryData(settingsQuery.queryKey, await dynabase.settings.change(change));
      // The name, the colours and the plans on offer are seen by everybody.
      await client.invalidateQueries(brandQuery);
      say('Saved');
    } catch (thrown) {
      setError(thrown);
    }
  };
  return (
    <Panel title={title}>
      <form onSubmit={(event) => void submit(event)} className="max-w-md space-y-4">
        {children}
        {error !== null && <ErrorBox error={error} />}
        <Button type="submit" look="strong" disabledBecause={refused ?? wrong}>
          Save
        </Button>
      </form>
    </Panel>
  );
}
