/** Some of the settings, saved together. */
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { SettingsChange } from '../../sdk/index.ts';
import { brandQuery } from '../customer/brand.tsx';
import { dynabase } from '../server/client.ts';
import { settingsQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { Panel } from '../ui/panel.tsx';
import { FormFailure } from '../ui/refused-field.ts';
import { ErrorBox } from '../ui/states.tsx';
import { useSubmit } from '../ui/submit.ts';
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
  const { error, isBusy, onSubmit } = useSubmit(async () => {
    client.setQueryData(settingsQuery.queryKey, await dynabase.settings.change(change));
    // The name, the colours and the plans on offer are seen by everybody.
    await client.invalidateQueries(brandQuery);
    say('Saved');
  }, refused ?? wrong);
  return (
    <Panel title={title}>
      <form onSubmit={onSubmit} className="max-w-md space-y-4">
        <FormFailure value={error}>{children}</FormFailure>
        {error !== null && <ErrorBox error={error} />}
        <Button type="submit" look="strong" isBusy={isBusy} disabledBecause={refused ?? wrong}>
          Save
        </Button>
      </form>
    </Panel>
  );
}
