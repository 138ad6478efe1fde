declare const unit: unique symbol;

/** A length of time in milliseconds. */
export type DurationMs = number & { readonly [unit]: 'duration' };

/** A point on one process's monotonic clock, in milliseconds. Never store it, never send it. */
export type Instant = number & { readonly [unit]: 'instant' };

/** A point in wall time, in milliseconds since 1970. For records and display; decides nothing. */
export type Timestamp = number & { readonly [unit]: 'timestamp' };

export const ms = (n: number): DurationMs => n as DurationMs;
export const seconds = (n: number): DurationMs => ms(n * 1_000);
export const minutes = (n: number): DurationMs => seconds(n * 60);
export const hours = (n: number): DurationMs => minutes(n * 60);

export const elapsed = (from: Instant, to: Instant): DurationMs => ms(to - from);
export const after = (start: Instant, wait: DurationMs): Instant => (start + wait) as Instant;

export const timestamp = (epochMs: number): Timestamp => epochMs as Timestamp;
export const later = (start: Timestamp, wait: DurationMs): Timestamp => timestamp(start + wait);
