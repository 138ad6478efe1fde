import { defineConfig } from 'vitest/config';
import { workInMemory } from './src/testing/places.ts';
import { SummaryReporter } from './src/testing/summary-reporter.ts';

workInMemory();

const summary = new SummaryReporter((line) => process.stdout.write(`\n${line}\n`));

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    reporters: ['default', summary],
    testTimeout: 90_000,
    hookTimeout: 120_000,
    // Two cores: more workers only make real PostgreSQL processes wait for each other.
    maxWorkers: 2,
    pool: 'forks',
  },
});
