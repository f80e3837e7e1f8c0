// docs/configuration.md is what src/options.ts says, and names every setting that the program reads.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inWords } from '../src/cli.ts';
import { configurationDocument } from '../src/configuration.ts';
import { readEnvironment } from '../src/environment.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8');

test('docs/configuration.md is up to date; npm run docs writes it', () => {
  expect(read('docs/configuration.md')).toBe(configurationDocument());
});

test('every variable that the program reads from the environment is in docs/configuration.md', () => {
  const page = read('docs/configuration.md');
  const read_ = [...read('src/environment.ts').matchAll(/\benv\.([A-Z_]+)\b/g)].map(([, name = '']) => name);
  expect(read_.length).toBeGreaterThan(5);
  expect(read_.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('OLD_SECRETS holds several secrets, or one that holds spaces itself', () => {
  const [one, other] = ['1'.repeat(32), '2'.repeat(32)];
  const phrase = 'a phrase of more than thirty-two bytes';
  const read = (text: string) => readEnvironment({ OLD_SECRETS: text }).options.oldSecrets;
  expect(read(one)).toEqual([one]);
  expect(read(`${one} ${other}`)).toEqual([one, other, `${one} ${other}`]);
  expect(read(phrase)).toEqual([phrase]);
  expect(read('too short')).toEqual(['too short']);
});

test('a database that went while a command began is told in one sentence', () => {
  for (const lost of [new Error('Connection terminated unexpectedly'), Object.assign(new Error('x'), { code: '57P01' })])
    expect(inWords(lost)).toMatch(/^[^\n]+\.$/);
  expect(inWords(new Error('a bug of ours'))).toContain('configuration.test.ts');
});
