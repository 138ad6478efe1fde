import type { ClaimDesk } from '../access/claim-desk.ts';
import type { QuotaDesk } from './quota-desk.ts';

export type QuotaDesks = { readonly quotas: QuotaDesk; readonly claims: ClaimDesk };
