// Signing up through the door: all or nothing, everything refused at once, and nobody learns who is a customer already.
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageFolder } from '../../src/package-folder.ts';
import { day, hour, minute } from '../../src/platform/clock.ts';
import { Invalid, PanelError } from '../../src/platform/errors.ts';
import { browser, type Doors, filledIn, goodPassword, openDoors, rows, tokenIn, verified } from './doors.ts';

let doors: Doors;
beforeEach(async () => {
  doors = await openDoors();
});
afterEach(() => doors.close());

const refusal = (error: unknown) => (error instanceof Invalid ? error.fields : error);
const keysOf = (fields: unknown) =>
  Object.fromEntries(Object.entries(fields as Invalid['fields']).map(([name, list]) => [name, list.map(({ key }) => key)]));
const refused = (changes: Parameters<typeof filledIn>[1], context = browser()) =>
  doors.accounts.signUp(filledIn(doors, changes), context).then(() => undefined, refusal);
const gone = { status: 410, key: 'verify.expired' };

describe('a sign-up', () => {
  it('writes person, customer, membership, order and consents together, and one letter with the link alone on its line', async () => {
    await doors.accounts.signUp(filledIn(doors, { name: '김하늘', phone: '01012345678' }), browser());
    expect(
      await Promise.all(
        (['persons', 'customers', 'memberships', 'orders', 'mailed_tokens'] as const).map((table) => rows(doors, table)),
      ),
    ).toEqual([1, 1, 1, 1, 1]);
    const letters = await doors.post();
    expect(letters.map(({ to, subject }) => [to, subject])).toEqual([['haneul@example.com', '[곳간] 이메일 확인']]);
    expect(tokenIn(letters[0])).toMatch(/^[\w-]{43}$/);
    const person = await doors.connection.db.selectFrom('persons').selectAll().executeTakeFirstOrThrow();
    expect(person.verified_at).toBeNull();
    expect(JSON.stringify(person)).not.toMatch(/haneul|하늘|1234-?5678|mountain/);
  });

  it('mails a copy of what was agreed: wording, version and SHA-256 of each document, and the full texts', async () => {
    await doors.accounts.signUp(filledIn(doors, { plan: 'forest', ticked: { ads_email: true } }), browser());
    const [letter] = await doors.post();
    for (const name of ['terms', 'backup-service', 'sla']) {
      const { version, sha256, markdown, title } = doors.consent.current(name, 'ko');
      for (const part of [title, version, sha256, markdown.trim()]) expect(letter?.text).toContain(part);
    }
    expect(letter?.text).not.toContain(doors.consent.current('backup', 'ko').sha256);
    expect(letter?.text).toContain('- (필수) 백업 책임 안내를 읽었고 동의합니다');
    expect(letter?.text).toContain('- (선택) 이메일로 광고를 받는 데 동의합니다');
    expect(letter?.text).not.toContain('문자로 광고');
  });

  it('tells every refused field at once', async () => {
    const fields = await refused({
      plan: 'palace',
      email: 'haneul@',
      password: 'short',
      name: '900101-1234567',
      phone: '12',
      ticked: { age_14: false, agree_backup: false },
    });
    expect(keysOf(fields)).toMatchObject({
      plan: ['orders.refused.unknownPlan'],
      age_14: ['consent.missing.age_14'],
      agree_backup: ['consent.missing.agree_backup'],
      email: ['signup.email.malformed'],
      name: ['signup.name.residentNumber'],
      phone: ['signup.phone.malformed'],
    });
    expect(Object.keys(fields as object)).toEqual(['plan', 'age_14', 'agree_backup', 'email', 'password', 'name', 'phone']);
    expect(await rows(doors, 'persons')).toBe(0);
  });

  it.each(['age_14', 'agree_terms', 'agree_backup', 'agree_sla'])('is refused without %s, and nothing is left', async (item) => {
    expect(keysOf(await refused({ ticked: { [item]: false } }))).toEqual({ [item]: [`consent.missing.${item}`] });
    expect([await rows(doors, 'persons'), await rows(doors, 'orders'), await rows(doors, 'consents')]).toEqual([0, 0, 0]);
  });

  it('is refused with every subset of the required boxes but the whole, each missing one named', async () => {
    const boxes = ['age_14', 'agree_terms', 'agree_backup', 'agree_sla'];
    const subsets = Array.from({ length: 2 ** boxes.length }, (_, bits) => boxes.filter((_box, at) => (bits >> at) & 1));
    for (const subset of subsets.filter((set) => set.length < boxes.length)) {
      const ticked = Object.fromEntries(boxes.map((box) => [box, subset.includes(box)]));
      expect(Object.keys((await refused({ ticked })) as object)).toEqual(boxes.filter((box) => !subset.includes(box)));
    }
    expect([await rows(doors, 'persons'), await rows(doors, 'orders'), await rows(doors, 'consents')]).toEqual([0, 0, 0]);
  });

  it('refuses a password made of the own address or name', async () => {
    expect(keysOf(await refused({ email: 'kettlewright@example.com', password: 'kettlewright1' }))).toHaveProperty('password');
    expect(keysOf(await refused({ name: 'Kettlewright', password: 'kettlewright1' }))).toHaveProperty('password');
  });

  it('is shown again when the list of shown versions was changed on the way or is of another language', async () => {
    const versions = doors.accounts.shownVersions('ko');
    for (const broken of ['', versions.replace('2026', '2020'), doors.accounts.shownVersions('en')]) {
      expect(keysOf(await refused({ versions: broken }))).toEqual({ terms_versions: ['consent.changed.unreadable'] });
    }
  });

  it('does nothing when a program has filled in the field that people do not see', async () => {
    let finished = 0;
    await doors.accounts.signUp(
      filledIn(doors, { website: 'https://example.com' }),
      browser({
        finish: async () => {
          finished += 1;
        },
      }),
    );
    expect([finished, await rows(doors, 'persons'), (await doors.post()).length]).toEqual([1, 0, 0]);
  });

  it('leaves nothing behind when its last step fails', async () => {
    const finish = async () => {
      throw new Error('the machine stopped here');
    };
    await expect(doors.accounts.signUp(filledIn(doors), browser({ finish }))).rejects.toThrow('stopped here');
    expect([await rows(doors, 'persons'), await rows(doors, 'letters')]).toEqual([0, 0]);
  });

  it('takes Korean domains and numbers with or without hyphens', async () => {
    expect(await refused({ email: ' Haneul@하늘.kr ', phone: '+82 10 1234 5678' })).toBeUndefined();
    expect((await doors.post()).map(({ to }) => to)).toEqual([expect.stringMatching(/^Haneul@xn--\w+\.kr$/)]);
    expect(keysOf(await refused({ email: '하늘@example.com' }))).toEqual({ email: ['signup.email.notAscii'] });
  });
});

describe('a document that is published anew while the form is open', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gotgan-documents-'));
    await cp(packageFolder('views/documents'), folder, { recursive: true });
    for (const name of ['backup', 'privacy']) {
      for (const language of ['ko', 'en'])
        await writeFile(join(folder, name, `2026-11-25.${language}.md`), '# 새 안내\n\n바뀐 글\n');
    }
    await doors.close();
    doors = await openDoors({ documentsFolder: folder });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is shown again before anybody agrees to it: only the boxes of what has changed are named', async () => {
    const versions = doors.accounts.shownVersions('ko');
    doors.clock.advance(2 * day);
    const fields = await refused({ versions, ticked: { ads_email: true } });
    expect(keysOf(fields)).toEqual({
      terms_versions: ['consent.changed.body'],
      agree_backup: ['consent.changed.item'],
      ads_email: ['consent.changed.item'],
    });
    expect(fields).toMatchObject({
      agree_backup: [{ parameters: { title: '새 안내', before: '2026-11-22', version: '2026-11-25' } }],
    });
    expect([await rows(doors, 'persons'), await rows(doors, 'consents')]).toEqual([0, 0]);
    expect(await refused({})).toBeUndefined();
    const { version } = await doors.connection.db
      .selectFrom('consents')
      .select('version')
      .where('item', '=', 'agree_backup')
      .executeTakeFirstOrThrow();
    expect(version).toBe('2026-11-25');
  });
});

describe('an address that has an account', () => {
  it('gets the same outcome; nothing is written but a letter to its owner and an audit row', async () => {
    await verified(doors);
    const before = await rows(doors, 'persons');
    const auditBefore = await doors.connection.db.selectFrom('audit').select('id').execute();
    await doors.accounts.signUp(filledIn(doors, { email: 'HANEUL@example.com' }), browser({ sessionHash: 'another browser' }));
    const letters = await doors.post();
    expect(letters.map(({ to, subject }) => [to, subject])).toEqual([['haneul@example.com', '[곳간] 이미 가입하신 주소입니다']]);
    expect(letters[0]?.text).not.toContain('/verify/');
    expect(await rows(doors, 'persons')).toBe(before);
    expect((await doors.connection.db.selectFrom('audit').select('id').execute()).length).toBe(auditBefore.length + 1);
  });

  it('gets at most three letters an hour, and the answer stays the same', async () => {
    await verified(doors);
    for (let turn = 0; turn < 4; turn += 1) await doors.accounts.signUp(filledIn(doors), browser());
    expect(await doors.post()).toHaveLength(2);
    doors.clock.advance(hour + 5 * minute);
    await doors.accounts.signUp(filledIn(doors), browser());
    expect(await doors.post()).toHaveLength(1);
  });

  it('cannot be told from an unknown one by the time of the answer', { retry: 3, timeout: 60_000 }, async () => {
    await verified(doors);
    const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
    for (let turn = 0; turn < 20; turn += 1) {
      for (const kind of ['known', 'unknown'] as const) {
        const email = kind === 'known' ? 'haneul@example.com' : `stranger-${turn}@example.com`;
        const input = filledIn(doors, { email });
        doors.clock.advance(21 * minute);
        const begun = doors.clock.monotonic();
        await doors.accounts.signUp(input, browser());
        times[kind].push(doors.clock.monotonic() - begun);
      }
    }
    const median = (list: number[]) => list.toSorted((a, b) => a - b)[list.length / 2] ?? Number.NaN;
    const [known, unknown] = [median(times.known), median(times.unknown)];
    expect(Math.abs(known - unknown) / Math.min(known, unknown), `known ${known} ms, unknown ${unknown} ms`).toBeLessThan(0.1);
  });
});

describe('the link in the letter', () => {
  it('verifies once; the order comes back for its site', async () => {
    await doors.accounts.signUp(filledIn(doors), browser());
    const token = tokenIn((await doors.post())[0]);
    const { orders, personId, customerId } = await doors.connection.write((tx) =>
      doors.accounts.verify(tx, token, { kind: 'visitor' }),
    );
    expect(orders.map(({ plan, storageBytes }) => [plan, storageBytes])).toEqual([['tree', 20_000_000_000]]);
    expect(await doors.accounts.membership(personId)).toMatchObject({ customerId, role: 'owner' });
    await expect(doors.connection.write((tx) => doors.accounts.verify(tx, token, { kind: 'visitor' }))).rejects.toMatchObject(
      gone,
    );
    await expect(doors.accounts.verification(token)).rejects.toMatchObject(gone);
  });

  it('needs the password in any browser but the one that signed up', async () => {
    await doors.accounts.signUp(filledIn(doors), browser());
    const { personId, needsPassword } = await doors.accounts.verification(tokenIn((await doors.post())[0]));
    expect([needsPassword('this browser'), needsPassword('another browser')]).toEqual([false, true]);
    expect(await doors.accounts.checkPasswordOf(personId, goodPassword)).toBe(true);
    expect(await doors.accounts.checkPasswordOf(personId, `${goodPassword}!`)).toBe(false);
  });

  it('is of no use after 24 hours, nor when it never was', async () => {
    await doors.accounts.signUp(filledIn(doors), browser());
    const token = tokenIn((await doors.post())[0]);
    await expect(doors.accounts.verification('x'.repeat(43))).rejects.toMatchObject(gone);
    doors.clock.advance(day);
    await expect(doors.accounts.verification(token)).rejects.toMatchObject(gone);
  });

  it('belongs to the first who verifies: sign-ups of one address coexist, the others’ links answer 410', async () => {
    await doors.accounts.signUp(filledIn(doors), browser({ sessionHash: 'a stranger' }));
    await doors.accounts.signUp(filledIn(doors), browser());
    const [theirs, own] = (await doors.post()).map(tokenIn);
    // Side by side either may be the first; what counts is that there is exactly one.
    const outcomes = await Promise.allSettled(
      [own, theirs].map((token) => doors.connection.write((tx) => doors.accounts.verify(tx, token ?? '', { kind: 'visitor' }))),
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: gone });
    expect((await doors.accounts.byLoginName('Haneul@Example.com'))?.email).toBe('haneul@example.com');
  });

  it('can be sent again, and both links work until one is used', async () => {
    await doors.accounts.signUp(filledIn(doors), browser());
    await doors.accounts.resend('haneul@example.com', browser());
    await doors.accounts.resend('haneul@example.com', browser({ sessionHash: 'a stranger' }));
    const [first, again, ...more] = await doors.post();
    expect([first?.to, again?.to, more.length]).toEqual(['haneul@example.com', 'haneul@example.com', 0]);
    expect(await doors.accounts.resend('haneul@example.com', browser())).toEqual({ refusedUntil: expect.any(Number) });
    await doors.connection.write((tx) => doors.accounts.verify(tx, tokenIn(again), { kind: 'visitor' }));
    await expect(doors.accounts.verification(tokenIn(first))).rejects.toMatchObject(gone);
  });
});

describe('a password', () => {
  it('is checked for verified persons only, and a wrong one gives the same answer as an unknown address', async () => {
    await doors.accounts.signUp(filledIn(doors), browser());
    expect(await doors.accounts.checkPassword('haneul@example.com', goodPassword)).toBeUndefined();
    const token = tokenIn((await doors.post())[0]);
    await doors.connection.write((tx) => doors.accounts.verify(tx, token, { kind: 'visitor' }));
    expect(await doors.accounts.checkPassword(' HANEUL@example.com', goodPassword)).toMatchObject({
      email: 'haneul@example.com',
      language: 'ko',
    });
    expect(await doors.accounts.checkPassword('haneul@example.com', 'another')).toBeUndefined();
    expect(await doors.accounts.checkPassword('nobody@example.com', goodPassword)).toBeUndefined();
  });
});

describe('a sign-up that nobody verifies', () => {
  it('is erased 24 hours after its link expired; its consents stay, without the personal values', async () => {
    await doors.accounts.signUp(filledIn(doors), browser());
    const consents = await rows(doors, 'consents');
    doors.clock.advance(2 * day - minute);
    await doors.accounts.eraseUnverified();
    expect([await rows(doors, 'persons'), await rows(doors, 'consents_personal')]).toEqual([1, consents]);
    doors.clock.advance(2 * minute);
    await doors.accounts.eraseUnverified();
    await doors.accounts.eraseUnverified();
    const left = await Promise.all(
      (['persons', 'customers', 'memberships', 'orders', 'mailed_tokens', 'consents_personal', 'consents'] as const).map(
        (table) => rows(doors, table),
      ),
    );
    expect(left).toEqual([0, 0, 0, 0, 0, 0, consents]);
  });

  it('leaves no mailed link behind a week after it expired, used or not', async () => {
    await verified(doors);
    doors.clock.advance(8 * day - minute);
    await doors.accounts.sweepTokens();
    expect(await rows(doors, 'mailed_tokens')).toBe(1);
    doors.clock.advance(2 * minute);
    await doors.accounts.sweepTokens();
    expect(await rows(doors, 'mailed_tokens')).toBe(0);
  });

  it('does not take a verified person with it', async () => {
    const { personId } = await verified(doors);
    doors.clock.advance(30 * day);
    await doors.accounts.eraseUnverified();
    expect(await doors.accounts.person(personId)).toMatchObject({ email: 'haneul@example.com' });
    await expect(doors.accounts.person('nobody')).rejects.toBeInstanceOf(PanelError);
  });
});
