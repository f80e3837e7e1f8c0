// Documents and consents: a text that was shown stays as it was, and each answer is kept with the text it was given to.
import { createHash } from 'node:crypto';
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Consent, documentNames } from '../../src/consent/consent.ts';
import { packageFolder } from '../../src/package-folder.ts';
import { day } from '../../src/platform/clock.ts';
import { type Doors, openDoors } from '../accounts/doors.ts';

let doors: Doors;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-documents-'));
  await cp(packageFolder('views/documents'), folder, { recursive: true });
  doors = await openDoors({ documentsFolder: folder });
});
afterEach(async () => {
  await doors.close();
  await rm(folder, { recursive: true, force: true });
});

const again = () => new Consent({ ...doors, documentsFolder: folder });
const newVersion = async (document: string, version: string) => {
  for (const language of ['ko', 'en'])
    await writeFile(join(folder, document, `${version}.${language}.md`), `# New ${document}\n\nText of ${version}.\n`);
};

describe('the documents', () => {
  it('have a digest of the exact bytes of their files', async () => {
    for (const name of documentNames) {
      for (const language of ['ko', 'en'] as const) {
        const { version, sha256, title, html } = doors.consent.current(name, language);
        const bytes = await readFile(join(folder, name, `${version}.${language}.md`));
        expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
        expect(html).not.toContain('<h1');
        expect(title).not.toBe('');
      }
    }
  });

  it('are refused at start when a text that was published has changed, and the file is named', async () => {
    await appendFile(join(folder, 'terms', '2026-11-22.ko.md'), ' ');
    await expect(again().rememberDocuments()).rejects.toThrow('terms/2026-11-22.ko.md was changed');
  });

  it('are refused at start when a published version has vanished', async () => {
    await newVersion('sla', '2026-12-01');
    await again().rememberDocuments();
    for (const language of ['ko', 'en']) await rm(join(folder, 'sla', `2026-12-01.${language}.md`));
    await expect(again().rememberDocuments()).rejects.toThrow('sla/2026-12-01');
  });

  it('need both languages', async () => {
    await rm(join(folder, 'sla', '2026-11-22.en.md'));
    expect(again).toThrow('sla/2026-11-22.en.md');
  });

  it('begin to apply at midnight of their day; the earlier version stays readable', async () => {
    await newVersion('terms', '2026-11-25');
    const consent = again();
    expect(consent.versions('terms')).toEqual(['2026-11-25', '2026-11-22']);
    expect(consent.current('terms', 'ko').version).toBe('2026-11-22');
    doors.clock.advance(2 * day - 9 * 3_600_000 - 1);
    expect(consent.current('terms', 'ko').version).toBe('2026-11-22');
    doors.clock.advance(1);
    expect(consent.currentVersions()).toMatchObject({ terms: '2026-11-25', sla: '2026-11-22' });
    expect(consent.version('terms', '2026-11-22', 'ko').title).toBe('호스팅 이용약관');
  });

  it('answer 404 for an unknown name or version', () => {
    expect(() => doors.consent.current('nothing', 'ko')).toThrow('error.notFound');
    expect(() => doors.consent.version('terms', '../secret', 'ko')).toThrow('error.notFound');
  });
});

describe('an answer', () => {
  const actor = { kind: 'person', personId: 'p', address: '203.0.113.7', agent: 'A browser' } as const;
  const items = [
    { item: 'agree_terms', required: true, agreed: true, document: 'terms', wording: 'I agree' },
    { item: 'ads_sms', required: false, agreed: false, document: 'privacy', wording: 'I want messages' },
  ];
  const record = (rest: object = {}) =>
    doors.connection.write((tx) =>
      doors.consent.record(tx, { orderId: 'o', customerId: 'c', actor, language: 'en', method: 'checkbox', items, ...rest }),
    );

  it('is kept with version, digest and wording of what was shown, also when it was no', async () => {
    await record();
    const { sha256 } = doors.consent.current('terms', 'en');
    expect(await doors.consent.forOrder('o')).toMatchObject([
      {
        item: 'agree_terms',
        required: true,
        agreed: true,
        document: 'terms',
        version: '2026-11-22',
        language: 'en',
        textSha256: sha256,
        wording: 'I agree',
        method: 'checkbox',
      },
      { item: 'ads_sms', required: false, agreed: false, document: 'privacy' },
    ]);
    expect(await doors.consent.forCustomer('c')).toHaveLength(2);
    expect(await doors.consent.forCustomer('another')).toEqual([]);
  });

  it('holds no personal value; address and agent lie sealed beside it and may be deleted', async () => {
    await record();
    const { db } = doors.connection;
    const row = await db.selectFrom('consents').selectAll().limit(1).executeTakeFirstOrThrow();
    const personal = await db.selectFrom('consents_personal').selectAll().where('id', '=', row.id).executeTakeFirstOrThrow();
    expect(JSON.stringify([row, personal])).not.toMatch(/203\.0\.113\.7|A browser/);
    const place = { table: 'consents_personal', column: 'address_sealed', row: row.id };
    expect(doors.secrets.open(personal.address_sealed ?? '', place)).toBe('203.0.113.7');
    await doors.connection.write((tx) => doors.consent.forgetPersonal(tx, 'c'));
    expect(await db.selectFrom('consents_personal').selectAll().execute()).toEqual([]);
    expect(await db.selectFrom('consents').selectAll().execute()).toHaveLength(2);
  });

  it('cannot be changed or deleted afterwards', async () => {
    await record();
    await expect(doors.connection.write((tx) => tx.updateTable('consents').set({ agreed: 0 }).execute())).rejects.toThrow(
      'only added',
    );
    await expect(doors.connection.write((tx) => tx.deleteFrom('consents').execute())).rejects.toThrow('only added');
  });

  it('needs a person', async () => {
    await expect(record({ actor: { kind: 'visitor' } })).rejects.toThrow('needs a person');
  });
});
