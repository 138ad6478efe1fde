/** The tenants that an agent's key reaches. */
import type { QueryOf } from '../../contract/routes.ts';
import type { TenantPage } from '../../contract/tenants/tenant.ts';
import type { DynaBase } from '../../sdk/client.ts';
import { DynaBaseError } from '../../sdk/error.ts';

/** A key for one tenant may list nothing, and has a list of one. */
export async function tenantsOf(
  client: DynaBase,
  query: QueryOf<'listTenants'>,
  signal?: AbortSignal,
): Promise<TenantPage> {
  const options = signal === undefined ? {} : { signal };
  try {
    return await client.tenants.page(query, options);
  } catch (error) {
    if (!(error instanceof DynaBaseError) || error.code !== 'FORBIDDEN') throw error;
    const { scope } = await client.access.whoAmI(options);
    if (scope.kind !== 'tenant') throw error;
    const own = await client.tenants.get(scope.tenant, options);
    const isAskedFor = query.state === undefined || query.state === own.state;
    return { tenants: isAskedFor ? [own] : [], next: null };
  }
}
