// The three sentences of architecture §3 and the habits of §4, kept by reading src/: a breach fails with a sentence that names it.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { breachesOf, importBreach, importsOf, longFiles, readSources, textBreaches } from './support/house-rules.ts';

const sources = readSources(join(import.meta.dirname, '../src'));

describe('the house', () => {
  test('every file of src keeps the rules between the parts', () => {
    const long = longFiles(sources);
    if (long.length > 0) console.log(`over 250 lines, to be looked at: ${long.join('; ')}`);
    expect(sources.size).toBeGreaterThan(100);
    expect(breachesOf(sources)).toEqual([]);
  });
});

describe('the rules see a breach', () => {
  const breach = (from: string, to: string, typeOnly = false) => importBreach({ from, to, typeOnly });

  test.each([
    ['a feature that reaches into the store of another', 'files/files.ts', 'sites/store.ts'],
    ['a feature that uses a helper of another', 'backups/backups.ts', 'files/names.ts'],
    ['a door to the right in the line', 'consent/consent.ts', 'orders/orders.ts'],
    ['a door to the right, for its types only', 'sites/sites.ts', 'backups/backups.ts'],
    ['routes that speak to the store', 'files/routes.ts', 'files/store.ts'],
    ['a store that uses its door', 'files/store.ts', 'files/files.ts'],
    ['a door that knows its routes', 'files/files.ts', 'files/routes.ts'],
    ['a door that imports a guard', 'files/files.ts', 'sign-in/guards.ts'],
    ['a platform that knows a feature', 'platform/web/page.ts', 'files/files.ts'],
    ['a platform that knows the options', 'platform/mail/smtp.ts', 'options.ts'],
    ['an adapter that knows another adapter', 'platform/mail/smtp.ts', 'platform/storage/disk.ts'],
    ['a feature that knows the root', 'files/files.ts', 'panel.ts'],
    ['a platform that knows the root', 'platform/web/page.ts', 'app.ts'],
    ['a message that knows a feature', 'messages/ko/files.ts', 'files/files.ts'],
    ['a migration that knows a feature', 'migrations/008-files.ts', 'files/files.ts'],
    ['a root file that uses a store', 'panel.ts', 'files/store.ts'],
    ['a folder that is no feature', 'reselling/reselling.ts', 'platform/errors.ts'],
  ])('%s', (_what, from, to) => {
    expect(breach(from, to, _what.includes('types only'))).toContain(`${from} imports ${to}: `);
  });

  test.each([
    ['a door to the left', 'backups/backups.ts', 'sites/sites.ts'],
    ['a guard in routes', 'files/routes.ts', 'sign-in/guards.ts'],
    ['a guard that knows any door', 'consent/guards.ts', 'orders/orders.ts'],
    ['the port of another part of the platform', 'platform/web/rate-limit.ts', 'platform/counters/port.ts'],
    ['the database from an adapter', 'platform/counters/database-counters.ts', 'platform/database/database.ts'],
    ['a helper of the same feature', 'files/files.ts', 'files/names.ts'],
  ])('%s is no breach', (_what, from, to) => {
    expect(breach(from, to)).toBeUndefined();
  });

  test('imports are found in every spelling', () => {
    const text = [
      `import { a, type B } from './a.ts';`,
      `import type { C } from '../c.ts';`,
      'import {\n  type D,\n  type E,\n} from "./d.ts";',
      `import './f.ts';`,
      `export { g } from './g.ts';`,
      `const h = await import('./h.ts');`,
      `import fs from 'node:fs';`,
    ].join('\n');
    expect(importsOf('files/files.ts', text).map(({ to, typeOnly }) => [to, typeOnly])).toEqual([
      ['files/a.ts', false],
      ['c.ts', true],
      ['files/d.ts', true],
      ['files/g.ts', false],
      ['files/f.ts', false],
      ['files/h.ts', false],
    ]);
  });

  test.each([
    ['first line', 'export const a = 1;\n'],
    ['default exports', '// a\nexport default 1;\n'],
    ['module state', '// a\nlet counter = 0;\n'],
    ['module state', '// a\nconst known = new Map<string, number>();\nexport const know = (a: string) => known.set(a, 1);\n'],
    ['module state', '// a\nexport const settings = { a: 1 };\nexport function set() {\n  settings.a = 2;\n}\n'],
    ['process-wide', '// a\nexport const f = () => pg.types.setTypeParser(20, Number);\n'],
    ['import time', '// a\nawait start();\n'],
    ['import time', '// a\nregister(1);\n'],
    ['301 lines', `// a\n${'const a = 1;\n'.repeat(300)}`],
  ])('text: %s', (what, text) => {
    expect(textBreaches('files/files.ts', text).join('\n')).toContain(what);
  });

  test('a plain file is no breach', () => {
    const text = "// What may be done.\nconst known = new Set(['a']);\nexport const isKnown = (a: string) => known.has(a);\n";
    expect(textBreaches('files/files.ts', text)).toEqual([]);
  });
});
