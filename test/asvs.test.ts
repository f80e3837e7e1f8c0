// docs/asvs.md: each requirement once with its level, and every test that it names is there.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/asvs.md'), 'utf8');

/** ASVS 5.0.0, what can be met in a panel: requirement:level. */
const asked = `2.1.1:1 2.1.2:2 2.1.3:2 2.2.1:1 2.2.2:1 2.2.3:2 2.3.1:1 2.3.2:2 2.3.3:2 2.3.4:2 2.3.5:3 2.4.1:2 2.4.2:3
3.1.1:3 3.2.1:1 3.2.2:1 3.2.3:3 3.3.1:1 3.3.2:2 3.3.3:2 3.3.4:2 3.3.5:3 3.4.1:1 3.4.2:1 3.4.3:2 3.4.4:2 3.4.5:2 3.4.6:2 3.4.7:3
3.4.8:3 3.5.1:1 3.5.2:1 3.5.3:1 3.5.4:2 3.5.5:2 3.5.6:3 3.5.7:3 3.5.8:3 3.6.1:3 3.7.1:2 3.7.2:2 3.7.3:3 3.7.4:3 3.7.5:3
6.1.1:1 6.1.2:2 6.1.3:2 6.2.1:1 6.2.2:1 6.2.3:1 6.2.4:1 6.2.5:1 6.2.6:1 6.2.7:1 6.2.8:1 6.2.9:2 6.2.10:2 6.2.11:2 6.2.12:2
6.3.1:1 6.3.2:1 6.3.3:2 6.3.4:2 6.3.5:3 6.3.6:3 6.3.7:3 6.3.8:3 6.4.1:1 6.4.2:1 6.4.3:2 6.4.4:2 6.4.5:3 6.4.6:3 6.5.1:2 6.5.2:2
6.5.3:2 6.5.4:2 6.5.5:2 6.5.6:3 6.5.7:3 6.5.8:3 6.6.2:2 6.6.3:2 6.7.1:3 6.7.2:3
7.1.1:2 7.1.2:2 7.2.1:1 7.2.2:1 7.2.3:1 7.2.4:1 7.3.1:2 7.3.2:2 7.4.1:1 7.4.2:1 7.4.3:2 7.4.4:2 7.4.5:2 7.5.1:2 7.5.2:2 7.5.3:3 7.6.2:2
8.1.1:1 8.1.2:2 8.1.3:3 8.1.4:3 8.2.1:1 8.2.2:1 8.2.3:2 8.2.4:3 8.3.1:1 8.3.2:3 8.3.3:3 8.4.1:2 8.4.2:3
11.1.1:2 11.1.2:2 11.1.3:3 11.1.4:3 11.2.1:2 11.2.2:2 11.2.3:2 11.2.4:3 11.2.5:3 11.3.1:1 11.3.2:1 11.3.3:2 11.3.4:3 11.3.5:3
11.4.1:1 11.4.2:2 11.4.3:2 11.4.4:2 11.5.1:2 11.5.2:3 11.6.1:2 11.6.2:3 11.7.1:3 11.7.2:3
14.1.1:2 14.1.2:2 14.2.1:1 14.2.2:2 14.2.3:2 14.2.4:2 14.2.5:3 14.2.6:3 14.2.7:3 14.2.8:3 14.3.1:1 14.3.2:2 14.3.3:2`.split(
  /\s+/,
);

/** Levels 1 and 2 hold, these once the operator says so (docs/security.md, settings). */
const bySetting = { '6.2.5': 'PASSWORD_RULE=nist', '6.3.3': 'SECOND_FACTOR=demanded', '11.2.3': 'PASSKEY_KEYS=strong' };

const rows = [...page.matchAll(/^\| (\d+\.\d+\.\d+) \| (.+) \|$/gm)].map(([, id = '', rest = '']) => {
  const [level = '', state = '', how = '', ...shown] = rest.split(' | ');
  return { id, level: Number(level), state, how, shown: shown.join(' | ') };
});

/** @returns whether the file has a test of this title, as its source has it */
function hasTest(file: string, title: string): boolean {
  if (!existsSync(join(root, file))) return false;
  const escaped = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/['"`]/g, '\\\\?[\'"`]');
  const called = new RegExp(`(?:\\b(?:test|it)(?:\\.\\w+)?|\\))\\(\\s*(['"\`])${escaped}\\1`);
  return called.test(readFileSync(join(root, file), 'utf8'));
}

describe('docs/asvs.md', () => {
  test('holds every requirement once, with its level, and no other', () => {
    expect(rows.map(({ id, level }) => `${id}:${level}`)).toEqual(asked);
  });

  test('says of each how it stands, in a sentence', () => {
    const wrong = rows.filter(({ state, how }) => !/^(holds|does not hold|not applicable)$/.test(state) || !/^\S.*\.$/.test(how));
    expect(wrong).toEqual([]);
  });

  test('names a test for everything that holds, and for nothing else', () => {
    const unshown = rows.filter(({ state, shown }) => (state === 'holds') !== /^(`test\/\S+`: ".+"|TO FILL)/.test(shown));
    expect(unshown.map(({ id, shown }) => `${id}: ${shown}`)).toEqual([]);
  });

  test('leaves nothing to be filled in', () => {
    expect(rows.filter(({ shown }) => shown.includes('TO FILL')).map(({ id, shown }) => `${id}: ${shown}`)).toEqual([]);
  });

  test('names tests that are there', () => {
    const named = rows.flatMap(({ id, shown }) =>
      shown.split('; `').flatMap((part) => {
        const [, file = '', title = ''] = /^`?(test\/[^`]+)`: "([\s\S]*?)"(?:; TO FILL.*)?$/.exec(part) ?? [];
        return part === '–' || part.startsWith('TO FILL') ? [] : [{ id, file, title, part }];
      }),
    );
    expect(named.length).toBeGreaterThan(100);
    expect(named.filter(({ file, title }) => !hasTest(file, title)).map(({ id, part }) => `${id}: ${part}`)).toEqual([]);
  });

  test('has nothing of levels 1 and 2 that does not hold, and says which settings that takes', () => {
    expect(rows.filter(({ level, state }) => level < 3 && state === 'does not hold').map(({ id }) => id)).toEqual([]);
    const named = rows.flatMap(({ id, how }) =>
      /With `([A-Z_]+=\w+)`/.exec(how) ? [[id, /`([A-Z_]+=\w+)`/.exec(how)?.[1]]] : [],
    );
    expect(Object.fromEntries(named)).toEqual(bySetting);
    const security = readFileSync(join(root, 'docs/security.md'), 'utf8');
    for (const [id, setting] of Object.entries(bySetting)) expect(security).toContain(`**${id}** (\`${setting}\`)`);
  });
});

describe('the look at tests sees', () => {
  test('one that is there, plain, of a table, and none that only its group is called', () => {
    expect(hasTest('test/asvs.test.ts', 'names tests that are there')).toBe(true);
    expect(hasTest('test/gates/routes.http.test.ts', '%s is not there for a stranger')).toBe(true);
    expect(hasTest('test/asvs.test.ts', 'the look at tests sees')).toBe(false);
    expect(hasTest('test/nothing.test.ts', 'names tests that are there')).toBe(false);
  });
});
