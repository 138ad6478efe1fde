import { defineConfig } from 'vitest/config';
import { LongestFirst } from './src/testing/longest-first.ts';
import { workInMemory } from './src/testing/places.ts';
import { SummaryReporter } from './src/testing/summary-reporter.ts';

workInMemory();

const summary = new SummaryReporter((line) => process.stdout.write(`\n${line}\n`));

/**
 * Rooms that get the world as arguments: what their tests leave behind nobody can find, so these share a
 * process, which spares each its start.
 */
const WORLDLESS = 'src/{domain,policy,economics,wire,channel,contract,control,orchestrator}/**';
const SHARING = `${WORLDLESS}/!(*.pg|*.e2e|*.sim).test.ts`;

export default defineConfig({
  test: {
    reporters: ['default', summary],
    testTimeout: 90_000,
    hookTimeout: 120_000,
    // Two cores: more workers only make real PostgreSQL processes wait for each other.
    maxWorkers: 2,
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: { name: 'alone', include: ['src/**/*.test.ts'], exclude: [SHARING] },
      },
      {
        extends: true,
        test: { name: 'sharing', include: [SHARING], isolate: false },
      },
    ],
  },
});
