/** Waits for the first client, and says when it is there. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Tenant } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';

/** A client that is quick is gone before the next look: what is counted of it tells that it was there. */
const ASKED_EVERY_MS = 2_000;

/**
 * The event of the wake asks at once; who connects to a database that is awake makes no event, so that it is looked after
 * as long as somebody waits here.
 */
export function FirstConnection({ tenant: { name } }: { readonly tenant: Pick<Tenant, 'name'> }) {
  const [isHere, setHere] = useState(false);
  const { data } = useQuery({
    queryKey: ['tenant', name, 'first-connection'],
    queryFn: async ({ signal }) => {
      const now = await dynabase.tenants.get(name, { signal });
      if (now.sessions > 0) return true;
      const { total } = await dynabase.tenants.usage(name, {}, { signal });
      return total.sessions > 0;
    },
    enabled: !isHere,
    refetchInterval: ASKED_EVERY_MS,
    staleTime: 0,
  });
  useEffect(() => {
    if (data === true) setHere(true);
  }, [data]);
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
        {isHere ? 'Connected: your first client is here' : 'Waiting for your first connection'}
      </span>
    </output>
  );
}
