// The rings of tests: pure rules and adapters, the panel over HTTP, journeys in a real browser, gates over every page, attacks with tools of others, and faults put into the real program.
import { mkdirSync, statfsSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, matchesGlob, relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Where memory can be written to like a disk. */
const memory = '/dev/shm';
const leastGibibytes = 4;

/** @returns a folder in memory where there is plenty of it: tests are many, and each write to the database waits for the disk */
function temporaryFolder(): string {
  try {
    const { bavail, bsize } = statfsSync(memory);
    if (bavail * bsize < leastGibibytes * 1024 ** 3) return tmpdir();
    const folder = join(memory, 'gotgan-tests');
    mkdirSync(folder, { recursive: true, mode: 0o1777 });
    return folder;
  } catch {
    return tmpdir();
  }
}

// Before any worker starts: what one process has compiled, all others find, the many that tests start among them.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'gotgan-compile-cache');
const inMemory = { TMPDIR: temporaryFolder() };

// Only against tests that hang: on a busy machine a good test takes ten times its time. Files follow one another in one process, as the house
// has no state in modules: to load it anew for each file took a quarter of all work.
const everywhere = { testTimeout: 180_000, hookTimeout: 180_000, isolate: false };

/**
 * What asks no database, or both engines by itself, or only who is let in, is the same in the run on PostgreSQL (GOTGAN_TEST_ENGINE), and is left out there.
 * A new file is in both runs until somebody looks.
 */
const sameOnBoth =
  process.env.GOTGAN_TEST_ENGINE === 'postgresql'
    ? [
        'test/**/*.contract.ts',
        'test/{architecture,asvs,brand,configuration,embedding,guideline,keys,messages,serve,start}.test.ts',
        'test/attack/{enumeration,stuffing}.http.test.ts',
        'test/accounts/{addresses,hashing,hashing-cost,korean-passwords,leaked-passwords,legacy-hashes,passwords}.test.ts',
        'test/backups/{archive,carry-over,days,freshness,manifest,night-order,retention,shrinking,signature,sqlite,verification}.test.ts',
        'test/browse/changes.test.ts',
        'test/consent/markdown.test.ts',
        'test/dashboard/{activity,usage,words}.test.ts',
        'test/databases/{imports,moments,servers}*.test.ts',
        'test/files/{archive-members,names,policy*,previews,quarantine,server-tags,web-shells}.test.ts',
        'test/files/{cut-off,editing,lists,manager,previews,scanning,swapped,swapped-remote,upload-acts,zip}.http.test.ts',
        'test/downloads/{databases,nginx}.http.test.ts',
        'test/ftp/{defence,log-reading,real-server,relays}*.test.ts',
        'test/home/{guideline,home,homepage,go-live}.test.ts',
        'test/incoming/{detection,findings,incoming-server,web-server-files,web-servers}*.test.ts',
        'test/gates/{doors,html.http,observatory.http,roles.http,routes,routes.http,views}.test.ts',
        'test/operating/{request-log.http,account-commands,container,move,operations,serve,server-commands,servers,sshd-command,units}.test.ts',
        'test/moves/{faults,ssh}.test.ts',
        'test/orders/plans.test.ts',
        'test/outages/credit.test.ts',
        'test/platform/*.test.ts',
        'test/restores/{exchange,full-disk}.test.ts',
        'test/pulls/*.test.ts',
        'test/security-document.test.ts',
        'test/termination/{data-map,restored}.test.ts',
        'test/tiers/{rules,retention,restic}.test.ts',
        'test/usage/figure.test.ts',
        'test/sites/{doors.http,second-server.http,second-server-faults.http,unix-panel}.test.ts',
        'test/sites/{folders,vanished}.test.ts',
        'test/ssh/{access,constraint,keys}.test.ts',
        'test/ssh/telling.http.test.ts',
        'test/theme.http.test.ts',
      ]
    : [];

/** Long for their size, by which vitest has files begin: whichever began last would run alone, and one core would wait for it. */
const longForTheirSize = [
  'test/embedding.test.ts',
  'test/moves/{faults,moves,ssh}.test.ts',
  'test/operating/serve.test.ts',
  'test/platform/{site-host,tier}.contract.ts',
  'test/restores/from-tiers.http.test.ts',
  'test/sites/second-server-faults.http.test.ts',
  'test/ssh/access.test.ts',
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) =>
      longForTheirSize.some((one) => matchesGlob(relative(import.meta.dirname, moduleId), one));
    // Those of a project stay together: another one would begin with processes of its own.
    const projects = Map.groupBy(await super.sort(files), ({ project }) => project.name);
    return [...projects.values()].flatMap((own) => [...own.filter(isLong), ...own.filter((file) => !isLong(file))]);
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    // One more than cores: tests wait for programs, disks and servers that they started.
    maxWorkers: availableParallelism() + 1,
    // Node.js reads the sources as the program does; nothing is mocked, so nothing has to be rewritten first.
    experimental: { viteModuleRunner: false },
    projects: [
      {
        test: {
          ...everywhere,
          name: 'unit',
          env: inMemory,
          include: ['test/**/*.test.ts', 'test/**/*.contract.ts'],
          exclude: ['test/**/*.http.test.ts', 'node_modules/**', ...sameOnBoth],
        },
      },
      {
        test: {
          ...everywhere,
          name: 'panel',
          env: inMemory,
          include: ['test/**/*.http.test.ts'],
          exclude: ['node_modules/**', ...sameOnBoth],
        },
      },
      {
        test: {
          ...everywhere,
          name: 'browser',
          env: inMemory,
          include: ['test/browser/**/*.spec.ts'],
          testTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...everywhere,
          name: 'gates',
          env: inMemory,
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
          // Long as a whole: what is short of them are test/files/fuzz.http.test.ts, test/faults/database.spec.ts and test/tiers/restic.test.ts.
          exclude: process.env.FAULTS === 'short' ? ['test/faults/{database-killed,fuzz,tiers}.spec.ts'] : [],
          testTimeout: 1_800_000,
          // Kills and ends are timed in minutes in the long form; in the short one two programs side by side leave each a core.
          fileParallelism: process.env.FAULTS === 'short',
        },
      },
    ],
  },
});
