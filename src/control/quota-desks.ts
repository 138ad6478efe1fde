import type { ClaimDesk } from './claim-desk.ts';
import type { QuotaDesk } from './quota-desk.ts';

export type QuotaDesks = { readonly quotas: QuotaDesk; readonly claims: ClaimDesk };
