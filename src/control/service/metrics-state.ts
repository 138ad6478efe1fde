/** What there is now, for a monitoring system. */
import type { Metrics } from '../control.ts';
import { byLabel, type Family, single } from './metrics-family.ts';

const MS_OF_SECOND = 1_000;

export function stateFamilies(metrics: Metrics): readonly Family[] {
  const { tenants, homes, tiers, levels, unsavedSince, sessions, pinned } = metrics;
  const { l2, l3, l4 } = levels;
  const bytes = { ...(l2 === null ? {} : { L2: l2 }), L3: l3, L4: l4 };
  const gauge = 'gauge';
  return [
    byLabel({ kind: gauge, name: 'dynabase_tenants', help: 'Tenants by state.' }, 'state', tenants),
    byLabel(
      {
        ...{ kind: gauge, name: 'dynabase_tenants_by_home' },
        help: 'Tenants by where their data is.',
      },
      'home',
      homes,
    ),
    byLabel(
      { kind: gauge, name: 'dynabase_tenants_by_tier', help: 'Tenants by tier.' },
      'tier',
      tiers,
    ),
    // What cannot be measured on this system has no sample.
    byLabel(
      {
        ...{ kind: gauge, name: 'dynabase_levels_bytes' },
        help: 'Bytes of all tenants as last measured.',
      },
      'level',
      bytes,
    ),
    single(
      {
        ...{ kind: gauge, name: 'dynabase_unsaved_since_timestamp_seconds' },
        help: 'Since when the oldest change is in no snapshot; 0 if all are.',
      },
      (unsavedSince ?? 0) / MS_OF_SECOND,
    ),
    byLabel(
      {
        ...{ kind: gauge, name: 'dynabase_sessions' },
        help: 'Sessions with a proven password by state.',
      },
      'state',
      sessions,
    ),
    byLabel(
      {
        ...{ kind: gauge, name: 'dynabase_pinned_sessions' },
        help: 'Sessions that cannot be parked.',
      },
      'reason',
      pinned,
    ),
  ];
}

export function policyFamilies({ prewarms, decisions, husks }: Metrics): readonly Family[] {
  const { hits, misses, wasted } = prewarms;
  const { ready, kept } = husks;
  return [
    byLabel(
      {
        ...{ kind: 'counter', name: 'dynabase_prewarms' },
        help: 'Wakes ahead of people, by whether somebody came.',
      },
      'outcome',
      { hit: hits, miss: misses },
    ),
    single(
      {
        ...{ kind: 'counter', name: 'dynabase_prewarms_wasted_seconds' },
        help: 'How long nobody came to wakes ahead.',
      },
      wasted / MS_OF_SECOND,
    ),
    byLabel(
      {
        ...{ kind: 'gauge', name: 'dynabase_husks' },
        help: 'Empty databases made ahead: how many are ready, and how many are to be.',
      },
      'state',
      { ready, kept },
    ),
    byLabel(
      { kind: 'counter', name: 'dynabase_decisions', help: 'Decisions by kind.' },
      'kind',
      decisions,
    ),
  ];
}
