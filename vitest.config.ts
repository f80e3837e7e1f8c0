// The rings of tests: pure rules and adapters, the panel over HTTP, journeys in a real browser, gates over every page, attacks with tools of others, and faults put into the real program.
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Only against tests that hang: on a busy machine a good test takes ten times its time.
const everywhere = { testTimeout: 180_000, hookTimeout: 180_000 };

/**
 * What asks no database, or both engines by itself, or only who is let in, is the same in the run on PostgreSQL (GOTGAN_TEST_ENGINE), and is left out there.
 * A new file is in both runs until somebody looks.
 */
const sameOnBoth =
  process.env.GOTGAN_TEST_ENGINE === 'postgresql'
    ? [
        'test/**/*.contract.ts',
        'test/{architecture,asvs,brand,configuration,guideline,keys,messages,serve,start}.test.ts',
        'test/accounts/{hashing,korean-passwords,leaked-passwords,passwords}.test.ts',
        'test/backups/{archive,verification}.test.ts',
        'test/databases/{imports,servers}*.test.ts',
        'test/files/{archive-members,policy*,server-tags,web-shells}.test.ts',
        'test/ftp/{defence,real-server,incoming-server}*.test.ts',
        'test/gates/{doors,html.http,observatory.http,roles.http,routes,routes.http,views}.test.ts',
        'test/operating/{account-commands,container,move,operations,serve,server-commands,sshd-command,units}.test.ts',
        'test/platform/*.test.ts',
        'test/security-document.test.ts',
        'test/sites/unix-panel.test.ts',
        'test/ssh/{access,keys}.test.ts',
      ]
    : [];

export default defineConfig({
  test: {
    // One worker a core; the default keeps one free for a person.
    maxWorkers: availableParallelism(),
    // Node.js reads the sources as the program does; nothing is mocked, so nothing has to be rewritten first.
    experimental: { viteModuleRunner: false },
    projects: [
      {
        test: {
          ...everywhere,
          name: 'unit',
          include: ['test/**/*.test.ts', 'test/**/*.contract.ts'],
          exclude: ['test/**/*.http.test.ts', 'node_modules/**', ...sameOnBoth],
        },
      },
      {
        test: { ...everywhere, name: 'panel', include: ['test/**/*.http.test.ts'], exclude: ['node_modules/**', ...sameOnBoth] },
      },
      {
        test: {
          ...everywhere,
          name: 'browser',
          include: ['test/browser/**/*.spec.ts'],
          testTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...everywhere,
          name: 'gates',
          include: ['test/gates/**/*.spec.ts'],
          testTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...everywhere,
          name: 'attack',
          include: ['test/attack/**/*.spec.ts'],
          fileParallelism: false,
        },
      },
      {
        test: {
          ...everywhere,
          name: 'faults',
          include: ['test/faults/**/*.spec.ts'],
          testTimeout: 1_800_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
