// Words: every sentence that a page or an error asks for exists in both languages, and words stand nowhere else.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalogues } from '../src/messages/catalogue.ts';
import type { Sentence } from '../src/messages/sentences.ts';

const root = resolve(import.meta.dirname, '..');

type Source = { readonly name: string; readonly text: string };

function sources(folder: string, ending: string): Source[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => ({ name: relative(root, join(root, folder, name)), text: readFileSync(join(root, folder, name), 'utf8') }))
    .sort((one, other) => one.name.localeCompare(other.name));
}

const views = sources('views', '.ejs');
const code = sources('src', '.ts').filter(({ name }) => !name.startsWith('src/messages/') && !name.startsWith('src/migrations/'));
const keys = Object.keys(catalogues.ko);
/** `files.` and the like: a dotted text that begins so is meant for the catalogue, unless it stands where other names stand. */
const families = [...new Set(keys.map((key) => key.split('.')[0]))].join('|');

/** Files whose dotted names are audit actions and jobs. */
const holdsOtherNames = new Set([
  'src/evidence/tables.ts',
  'src/records.ts',
  'src/dashboard/activity.ts',
  'src/people/acts.ts',
  'src/jobs.ts',
]);

/** What stands before a dotted name that is no key: audit actions, jobs, counters, digests. */
const otherNames: readonly RegExp[] = [
  /\baction:\s*$/,
  /\b(begun|done): $/,
  /\baction = (right \? )?('[^']*' : )?$/,
  /queue\.add\(\s*tx,\s*$/,
  /counters\.(hit|clear)\([^)]*$/,
  /digest\($/,
  /#record\(site, doer, $/,
];

/** @returns the texts in quotes that look like keys, with what stands before them */
function quoted({ text }: Source): { key: string; before: string }[] {
  const plain = new RegExp(`(['"])((?:${families})\\.[A-Za-z0-9_.-]*[A-Za-z0-9_])\\1`, 'g');
  return [...text.matchAll(plain)].map((match) => ({
    key: match[2] ?? '',
    before: text.slice(Math.max(0, match.index - 80), match.index),
  }));
}

/** @returns what is asked for by `t(`a.${b}.c`)`, as patterns */
function templates({ text }: Source): { written: string; pattern: RegExp }[] {
  const found = [...text.matchAll(new RegExp(`\`((?:${families})\\.[^\`\\s]*\\$\\{[^\`]*)\``, 'g'))];
  // A colon is in keys of jobs, never in a key of a sentence.
  const texts = found.map((match) => match[1] ?? '').filter((template) => !/:\$\{/.test(template));
  return texts.map((written) => {
    const parts = written.split(/\$\{(?:[^{}]|\{[^}]*\})*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return { written, pattern: new RegExp(`^${parts.join('[A-Za-z0-9_.-]+')}$`) };
  });
}

/** @returns the placeholders of a sentence; a function is asked which ones it reads */
function placeholders(sentence: Sentence): string[] {
  const read = new Set<string>();
  const get = (_: object, name: string | symbol) => {
    read.add(String(name));
    return 2;
  };
  const seen = new Proxy({}, { get });
  const text = typeof sentence === 'string' ? sentence : sentence(seen);
  for (const [, name = ''] of text.matchAll(/\{(\w+)\}/g)) read.add(name);
  return [...read].sort();
}

const hangul = /[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]/;

/** Where Korean may stand outside the catalogue, and why. */
const koreanElsewhere: Readonly<Record<string, string>> = {
  'src/accounts/passwords.ts': 'what a Korean name looks like, and the name of this panel, on which no password may be built',
  'src/backups/restore-guide.ts': 'the guide inside every archive is a document in both languages',
  'src/cli.ts': 'the name of this panel',
  'src/brand.ts': 'the name of this panel, and a default that asks to be replaced',
  'src/orders/plans.ts': 'names and summaries of the sample plans, in both languages',
  'src/platform/web/page.ts': 'a language is called by its own name',
  'src/platform/web/words.ts': 'the currency',
};

/** Comments may show an example. */
const withoutComments = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '');

describe('sentences', () => {
  it('exist in both languages under the same keys', () => {
    expect(Object.keys(catalogues.en).sort()).toEqual(keys.toSorted());
  });

  it('fill in the same values in both languages', () => {
    const different = keys.filter((key) => {
      const [korean, english] = [catalogues.ko[key], catalogues.en[key]];
      return korean === undefined || english === undefined || placeholders(korean).join() !== placeholders(english).join();
    });
    expect(different).toEqual([]);
  });

  it('exist for every key that a view asks for', () => {
    const missing = views.flatMap((view) =>
      quoted(view)
        .filter(({ key }) => !keys.includes(key))
        .map(({ key }) => `${view.name}: ${key}`),
    );
    expect(missing).toEqual([]);
  });

  it('exist for every key that the code names', () => {
    const sources = code.filter(({ name }) => !holdsOtherNames.has(name));
    const missing = sources.flatMap((source) =>
      quoted(source)
        .filter(({ key, before }) => !keys.includes(key) && !otherNames.some((other) => other.test(before)))
        .map(({ key }) => `${source.name}: ${key}`),
    );
    expect(missing).toEqual([]);
  });

  it('exist for every key that is put together', () => {
    const missing = [...views, ...code].flatMap((source) =>
      templates(source)
        .filter(({ pattern }) => !keys.some((key) => pattern.test(key)))
        .map(({ written }) => `${source.name}: ${written}`),
    );
    expect(missing).toEqual([]);
  });

  it('exist as the subject of every letter', () => {
    const letters = views.filter(({ name }) => name.startsWith('views/mail/')).map(({ name }) => basename(name, '.ejs'));
    expect(letters.filter((template) => !keys.includes(`mail.${template}.subject`))).toEqual([]);
  });

  it('never shout at a customer, and never blame one', () => {
    const rude = keys.filter((key) => {
      const sentence = catalogues.ko[key];
      return typeof sentence === 'string' && /!|잘못 입력|틀렸습니다|당신/.test(sentence);
    });
    expect(rude).toEqual([]);
  });
});

describe('Korean text', () => {
  it('stands in the catalogue, not in the code', () => {
    const found = code.filter(({ text }) => hangul.test(withoutComments(text))).map(({ name }) => name);
    expect(found).toEqual(Object.keys(koreanElsewhere).toSorted());
  });
});
