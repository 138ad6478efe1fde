/**
 * Stands in every statement that we run in a tenant's sessions behind its back, and in what our pages ask
 * for themselves: so that none of them is told as one of the tenant's.
 */
export const OURS = '/* dynabase */';
