import { defineConfig } from 'vitest/config';
import { LongestFirst } from './src/testing/longest-first.ts';
import { workInMemory } from './src/testing/places.ts';
import { SummaryReporter } from './src/testing/summary-reporter.ts';

workInMemory();

const summary = new SummaryReporter((line) => process.stdout.write(`\n${line}\n`));

/** What looks at its own process, or changes it, has one of its own. */
const ALONE = [
  'src/archive/memory-bound.test.ts',
  'src/embedded/cages/process-counters.test.ts',
  'src/embedded/machine/user-change.test.ts',
  'src/proxy/relay-flow.test.ts',
  'src/system/{page-cache,ffi-programs}.test.ts',
];

/** What runs real programs beside it, or as long as they do. */
const REAL = 'src/**/*.{pg,e2e,sim}.test.ts';

export default defineConfig({
  test: {
    reporters: ['default', summary],
    testTimeout: 90_000,
    hookTimeout: 120_000,
    // For two cores: a whole program that is waited for leaves a fifth of them idle.
    maxWorkers: 3,
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: { name: 'alone', include: [REAL, ...ALONE] },
      },
      {
        extends: true,
        // On a page without a browser.
        test: {
          ...{ name: 'drawn', environment: 'happy-dom', isolate: false },
          include: ['src/dashboard/**/*.test.tsx'],
        },
      },
      {
        extends: true,
        // One after the other in a process: to load the same sources and packages again for each took more than most take.
        test: {
          ...{ name: 'sharing', isolate: false },
          ...{ include: ['src/**/*.test.ts'], exclude: [REAL, ...ALONE] },
        },
      },
    ],
  },
});
