// The rings of tests: pure rules and adapters, the panel over HTTP, and journeys in a real browser.
import { defineConfig } from 'vitest/config';

const everywhere = { testTimeout: 30_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...everywhere,
          name: 'unit',
          include: ['test/**/*.test.ts', 'test/**/*.contract.ts'],
          exclude: ['test/**/*.http.test.ts', 'node_modules/**'],
        },
      },
      { test: { ...everywhere, name: 'panel', include: ['test/**/*.http.test.ts'] } },
      {
        test: {
          ...everywhere,
          name: 'browser',
          include: ['test/browser/**/*.spec.ts'],
          testTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
