/** Waits for the first client, and says when it is there: the server tells of it as it comes. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import type { Tenant } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';
import { useHistory } from '../server/history.ts';

/** For who comes back to the page later, and after events were missed: both ask for everything anew. */
const sessionsQuery = (name: string) =>
  queryOptions({
    queryKey: ['first-connection', name],
    queryFn: async ({ signal }) => (await dynabase.tenants.get(name, { signal })).sessions > 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });

export function FirstConnection({
  tenant: { id, name },
}: {
  readonly tenant: Pick<Tenant, 'id' | 'name'>;
}) {
  const event = useHistory().find(
    ({ type, tenant }) => type === 'tenant.connected' && tenant?.id === id,
  );
  const { data: isFound = false } = useQuery(sessionsQuery(name));
  const isHere = event !== undefined || isFound;
  const client = String(event?.data.applicationName ?? '');
  const colour = isHere ? 'var(--good)' : 'var(--warn)';
  return (
    <output
      className="flex items-center gap-3 rounded-md border px-3 py-2.5"
      style={{
        borderColor: `color-mix(in srgb, ${colour} 50%, transparent)`,
        background: `color-mix(in srgb, ${colour} 8%, transparent)`,
      }}
    >
      <span
        aria-hidden="true"
        className={`size-2.5 rounded-full ${isHere ? '' : 'busy'}`}
        style={{ background: colour }}
      />
      <span className="font-medium" style={{ color: colour }}>
        {isHere
          ? `Connected: ${client === '' ? 'your first client' : client} is here`
          : 'Waiting for your first connection'}
      </span>
    </output>
  );
}
