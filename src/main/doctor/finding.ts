import type { Finding } from '../../cli/doctor.ts';

export const ok = (check: string, says: string): Finding => ({
  check,
  severity: 'ok',
  says,
  todo: null,
});

export const note = (check: string, says: string, todo: string | null = null): Finding => ({
  check,
  severity: 'note',
  says,
  todo,
});

export const warning = (check: string, says: string, todo: string): Finding => ({
  check,
  severity: 'warning',
  says,
  todo,
});

export const problem = (check: string, says: string, todo: string): Finding => ({
  check,
  severity: 'problem',
  says,
  todo,
});

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
