import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores: more workers only make real PostgreSQL processes wait for each other.
    maxWorkers: 2,
    pool: 'forks',
  },
});
