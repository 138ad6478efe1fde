/** Where anybody who has the address sees whether one tenant is up, asleep or down. */
import { useQuery } from '@tanstack/react-query';
import type { Tenant } from '../../sdk/index.ts';
import { statusLinkQuery } from '../server/queries.ts';
import { useCaller } from '../shell/who.ts';
import { Snippet } from '../ui/copy.tsx';
import { Panel } from '../ui/panel.tsx';
import { Loaded } from '../ui/states.tsx';

export function StatusLinkPanel({ tenant: { name } }: { readonly tenant: Tenant }) {
  const link = useQuery(statusLinkQuery(name));
  const isOperator = useCaller().scope.kind === 'operator';
  // Of a setting of the server who cannot change it is not told.
  if (!isOperator && link.data?.path == null) return null;
  return (
    <Panel title="Status page">
      <Loaded query={link} lines={2}>
        {({ path }) =>
          path === null ? (
            <p className="text-ink-soft">
              With <code className="font-mono">--status-page tenants</code> each tenant has a page
              of its own, at an address that nobody guesses.
            </p>
          ) : (
            <div className="space-y-3">
              <p className="text-ink-soft">
                Whoever has this address sees whether {name} is up, and nothing else.{' '}
                <a
                  href={path}
                  target="_blank"
                  rel="noreferrer"
                  className="text-accent hover:underline"
                >
                  Open it
                </a>
              </p>
              <Snippet text={window.location.origin + path} label="Copy the address" />
            </div>
          )
        }
      </Loaded>
    </Panel>
  );
}
