// Publishing a version: looked at first, in time, never changed, known to every process; and what it changes can be read.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Consent, changesOf, DraftRefused } from '../../src/consent/consent.ts';
import { packageFolder } from '../../src/package-folder.ts';
import { day, second } from '../../src/platform/clock.ts';
import { termsCommand } from '../../src/terms-commands.ts';
import { type Doors, openDoors, verified } from '../accounts/doors.ts';

let doors: Doors;
let folder: string;
const lines: string[] = [];
beforeAll(async () => {
  doors = await openDoors();
  folder = await mkdtemp(join(tmpdir(), 'gotgan-terms-'));
});
afterAll(async () => {
  await doors.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  lines.length = 0;
});

const actor = { kind: 'operator' } as const;
/** The text in force with a sentence more. */
const longer = (document: string, more: string) => ({
  ko: Buffer.from(`${doors.consent.library.newest(document, 'ko').markdown}\n${more}\n`),
  en: Buffer.from(`${doors.consent.library.newest(document, 'en').markdown}\n${more}\n`),
});
const draft = (document: string, version: string, changes: object = {}) => ({
  document,
  version,
  texts: longer(document, `Since ${version}.`),
  isUnfavourable: false,
  needsConsent: true,
  jointTerms: null,
  ...changes,
});
const refusal = (given: ReturnType<typeof draft>) => {
  try {
    doors.consent.publishing.review(given);
  } catch (error) {
    if (error instanceof DraftRefused) return error.message;
    throw error;
  }
};
const another = () => new Consent({ ...doors, documentsFolder: packageFolder('views/documents') });

describe('a draft', () => {
  it.each([
    ['six days ahead', () => draft('terms', '2026-11-29'), '7 days before: 2026-11-30 or later'],
    [
      '29 days ahead and to their disadvantage',
      () => draft('terms', '2026-12-22', { isUnfavourable: true }),
      '30 days before: 2026-12-23',
    ],
    [
      'to their disadvantage without consent',
      () => draft('terms', '2027-03-01', { isUnfavourable: true, needsConsent: false }),
      'needs their consent',
    ],
    [
      'not after the version before it',
      () => draft('terms', '2026-11-22'),
      'after the version before it, which does on 2026-11-22',
    ],
    ['on a day that is none', () => draft('terms', '2027-02-30'), '2027-02-30 is no day'],
    ['of no document', () => draft('sla', '2027-01-01', { document: '../terms' }), '../terms is no document'],
    [
      'without a title',
      () => draft('sla', '2027-01-01', { texts: { ...longer('sla', 'x'), en: Buffer.from('no title') } }),
      'the text in en: a document begins with its title',
    ],
    [
      'that is no text',
      () => draft('sla', '2027-01-01', { texts: { ...longer('sla', 'x'), ko: Buffer.from([35, 32, 0xff, 0xfe]) } }),
      'is UTF-8 text',
    ],
    [
      'in one language as before',
      () =>
        draft('sla', '2027-01-01', {
          texts: { ...longer('sla', 'x'), en: Buffer.from(doors.consent.current('sla', 'en').markdown) },
        }),
      'the text in en is the same as before',
    ],
    ['of the privacy notice with consent', () => draft('privacy', '2027-01-01'), 'do not agree to privacy by their orders'],
  ])('%s is refused with the reason', (_what, given, reason) => {
    expect(refusal(given())).toContain(reason);
  });

  it('in which several things are wrong says all of them', () => {
    expect(refusal(draft('terms', '2026-11-20', { isUnfavourable: true, needsConsent: false }))?.split('\n')).toHaveLength(3);
  });
});

describe('gotgan terms publish', () => {
  const publish = async (...more: string[]) => {
    const texts = longer('sla', '보상은 다음 달 요금에서 뺍니다.');
    await writeFile(join(folder, 'ko.md'), texts.ko);
    await writeFile(join(folder, 'en.md'), texts.en);
    const args = [
      'publish',
      'sla',
      '--ko',
      join(folder, 'ko.md'),
      '--en',
      join(folder, 'en.md'),
      '--from',
      '2026-12-10',
      ...more,
    ];
    await termsCommand(args, doors, (line) => lines.push(line));
  };

  it('shows what would change and writes nothing, then publishes and writes to whom it concerns, once', async () => {
    await verified(doors);
    await publish('--joint', '호스팅 공동약관 2024-05-01');
    expect(lines.join('\n')).toContain('{+보상은 다음 달 요금에서 뺍니다.+}');
    expect([lines.at(-1), doors.consent.versions('sla')]).toEqual([
      expect.stringContaining('Nothing was published'),
      ['2026-11-22'],
    ]);
    await publish('--joint', '호스팅 공동약관 2024-05-01', '--yes');
    expect(lines.at(-1)).toBe('Published: it applies from 2026-12-10. 1 customers are written to now.');
    const [letter] = await doors.post();
    expect(letter?.text).toMatch(/documents\/sla\/2026-12-10\/changes[\s\S]*\/agree/);
    expect(await doors.accounts.agreements.announcements.send()).toBe(0);
    expect(doors.consent.library.published('sla', '2026-12-10')).toMatchObject({
      jointTerms: '호스팅 공동약관 2024-05-01',
      needsConsent: true,
    });
    await expect(publish('--yes')).rejects.toThrow('after the version before it');
    const { rows } = await sql<{ action: string }>`select action from audit where action = 'consent.published'`.execute(
      doors.connection.owner,
    );
    expect(rows).toHaveLength(1);
  });

  it('is known to a process that runs already, and to one that starts', async () => {
    const running = another();
    await running.rememberDocuments();
    const reviewed = doors.consent.publishing.review(draft('backup', '2027-01-15'));
    await doors.consent.publishing.publish(reviewed, { audit: doors.audit, actor });
    expect(running.versions('backup')).toEqual(['2026-11-22']);
    doors.clock.advance(5 * second);
    await running.library.refresh();
    expect(running.version('backup', '2027-01-15', 'en').sha256).toBe(reviewed.documents[1]?.sha256);
    const started = another();
    await started.rememberDocuments();
    expect(started.versions('backup')).toEqual(['2027-01-15', '2026-11-22']);
    await expect(doors.consent.publishing.publish(reviewed, { audit: doors.audit, actor })).rejects.toMatchObject({
      status: 409,
    });
  });

  it('reminds three days before its day whoever has not agreed, once', async () => {
    // Of the notice that the test above has published.
    expect([await doors.accounts.agreements.announcements.send(), (await doors.post()).length]).toEqual([1, 1]);
    const until = Date.parse('2026-12-07T00:00:00+09:00') - doors.clock.now();
    doors.clock.advance(until - 1);
    expect(await doors.accounts.agreements.announcements.send()).toBe(0);
    doors.clock.advance(1);
    expect([await doors.accounts.agreements.announcements.send(), await doors.accounts.agreements.announcements.send()]).toEqual([
      1, 0,
    ]);
    expect((await doors.post()).map(({ subject }) => subject)).toEqual([expect.stringContaining('2026-12-10까지 동의해 주세요')]);
    doors.clock.advance(4 * day);
    expect(await doors.accounts.agreements.announcements.send()).toBe(0);
  });
});

describe('what was published', () => {
  it('is refused by the database when somebody changes, deletes or replaces it', async () => {
    const { connection } = doors;
    const acts = [
      sql`update documents set sha256 = 'x'`,
      sql`delete from documents`,
      sql`update document_texts set text = 'x'`,
      sql`update document_versions set needs_consent = 0`,
      ...(connection.engine === 'postgresql'
        ? [sql`truncate documents`, sql`truncate document_texts`]
        : [
            sql`insert or replace into documents select * from documents`,
            sql`insert or replace into document_texts select * from document_texts`,
            sql`insert or replace into document_versions select * from document_versions`,
          ]),
    ];
    for (const query of acts) await expect(connection.write((tx) => query.execute(tx))).rejects.toThrow('only added');
  });

  it('is refused at start when the text in the database is not what its digest says', async () => {
    const { owner, engine } = doors.connection;
    const table = sql`alter table document_texts`;
    const { sha256 } = doors.consent.version('backup', '2027-01-15', 'ko');
    if (engine === 'postgresql') await sql`${table} disable trigger all`.execute(owner);
    else await sql`drop trigger document_texts_no_update`.execute(owner);
    const { text } = await owner
      .selectFrom('document_texts')
      .select('text')
      .where('sha256', '=', sha256)
      .executeTakeFirstOrThrow();
    await owner
      .updateTable('document_texts')
      .set({ text: `${text} ` })
      .where('sha256', '=', sha256)
      .execute();
    await expect(another().rememberDocuments()).rejects.toThrow('backup/2027-01-15.ko.md in the database was changed');
    await owner.updateTable('document_texts').set({ text }).where('sha256', '=', sha256).execute();
    await another().rememberDocuments();
  });
});

describe('what a version changes', () => {
  const shown = (before: string, after: string) =>
    changesOf(before, after).parts?.map((part) =>
      part.map(({ kind, pieces }) => [kind, ...pieces.map((piece) => `${piece.kind}:${piece.text}`)]),
    );

  it('is told word by word inside of a paragraph', () => {
    expect(
      shown('# A\n\n요금의 3배를 한 달 요금까지 돌려드립니다.', '# A\n\n요금의 2배를 한 달 요금까지 돌려드립니다.')?.flat(),
    ).toContainEqual(['changed', 'same:요금의 ', 'removed:3배를', 'added:2배를', 'same: 한 달 요금까지 돌려드립니다.']);
  });

  it('is told as a paragraph gone and one come when they have little in common', () => {
    expect(shown('a\nThe quick brown fox\nb', 'a\n여름 휴가 안내\nb')).toEqual([
      [
        ['same', 'same:a'],
        ['removed', 'removed:The quick brown fox'],
        ['added', 'added:여름 휴가 안내'],
        ['same', 'same:b'],
      ],
    ]);
  });

  it('is nothing for equal texts, and says when there is too much', () => {
    expect(changesOf('a\n', 'a')).toEqual({ added: 0, removed: 0, changed: 0, parts: [] });
    const many = (of: string) => Array.from({ length: 700 }, (_, line) => `${of} ${line}`).join('\n');
    expect(changesOf(many('a'), many('b')).parts).toBeUndefined();
  });
});
