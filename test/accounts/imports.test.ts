// Customers of another panel: the file in any form, every fault at once, killed and begun again, taken back.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { csvRecords, decoded } from '../../src/accounts/csv.ts';
import { masked } from '../../src/accounts/finding.ts';
import { importColumns, readImport } from '../../src/accounts/import-rows.ts';
import { type Doors, openDoors, verified } from './doors.ts';

const bcrypt = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
const head = 'login_name,email,name,phone,password_hash,external_reference,domain,plan,language';
const good = [
  `hong123,hong@example.com,홍길동,010-1234-5678,${bcrypt},C-1,hong.example.kr,tree,ko`,
  ',lee@example.com,,,,C-2,,seed,en',
  `"kim,7",kim@example.com,"김 ""사장""",,"${bcrypt}",,한글.한국,tree,`,
];
const file = (...lines: string[]) => Buffer.from([head, ...lines].join('\r\n'));
const faultsOf = (bytes: Uint8Array) =>
  readImport(bytes).faults.map(({ number, column, fault }) => [number, column ?? '', fault.key].join(' ').replace('  ', ' '));

describe('a file', () => {
  test('of comma-separated values is read with quotes, line ends of every kind and line numbers', () => {
    expect(csvRecords('a,b\r\n"1\n2",3\r\r\n"x""y",\n"open').map(({ line, fields }) => [line, ...fields])).toEqual([
      [1, 'a', 'b'],
      [2, '1\n2', '3'],
      [5, 'x"y', ''],
      [6, 'open'],
    ]);
    expect(csvRecords('').length).toBe(0);
  });

  test('in UTF-8, with a mark or without, and in CP949 says the same', () => {
    const text = '똠방각하, 펲시콜라, 뷁, 홍길동';
    const cp949 = Buffer.from('8c63b9e6b0a2c7cf2c20bc84bdc3c4ddb6f32c2094ee2c20c8abb1e6b5bf', 'hex');
    expect(decoded(Buffer.from(`\uFEFF${text}`))).toBe(text);
    expect(decoded(cp949)).toBe(text);
    expect(decoded(Buffer.from([0xff, 0xff, 0x41]))).toBeUndefined();
  });

  test('in CP949 knows every one of the 11,172 syllables, as Python does', () => {
    const script = 'import sys;sys.stdout.buffer.write(b",".join(chr(c).encode("cp949") for c in range(0xAC00,0xD7A4)))';
    const bytes = execFileSync('python3', ['-c', script], { maxBuffer: 2 ** 24 });
    const wanted = Array.from({ length: 11_172 }, (_, at) => String.fromCharCode(0xac00 + at)).join();
    expect(
      createHash('sha256')
        .update(decoded(bytes) ?? '')
        .digest('hex'),
    ).toBe(createHash('sha256').update(wanted).digest('hex'));
  });

  test('is read with what may be left out', () => {
    const { rows, faults } = readImport(file(...good));
    expect(faults).toEqual([]);
    expect(
      rows.map((row) => [
        row.number,
        row.loginName,
        row.name,
        row.phone,
        row.hash?.kind,
        row.externalReference,
        row.domain,
        row.language,
      ]),
    ).toEqual([
      [2, 'hong123', '홍길동', '010-1234-5678', 'bcrypt:5', 'C-1', 'hong.example.kr', 'ko'],
      [3, 'lee@example.com', undefined, undefined, undefined, 'C-2', null, 'en'],
      [4, 'kim,7', '김 "사장"', undefined, 'bcrypt:5', null, 'xn--bj0bj06e.xn--3e0b707e', 'ko'],
    ]);
  });

  test('tells every fault of every row at once', () => {
    const bytes = file(
      'a b,nobody,900101-1234567,12,$1$x$y,C-1,-x-,,fr',
      `${good[0]}`,
      good[0]?.replace('hong123', 'HONG123').replace('hong@', 'Hong@') ?? '',
      'other@example.com,mine@example.com,,,,,,tree,',
      'too,few',
    );
    expect(faultsOf(bytes)).toEqual([
      '2 email signup.email.malformed',
      '2 name signup.name.residentNumber',
      '2 phone signup.phone.malformed',
      '2 login_name imports.loginName.malformed',
      '2 password_hash imports.hash.unknown',
      '2 domain imports.domain',
      '2 plan orders.refused.noPlan',
      '2 language imports.language',
      '4 login_name imports.twice',
      '4 email imports.twice',
      '4 external_reference imports.twice',
      '4 domain imports.twice',
      '5 login_name imports.loginName.otherAddress',
      '6 imports.fieldCount',
    ]);
  });

  test.each([
    ['empty', '', ['1 imports.empty']],
    ['only names', 'email,plan', ['1 imports.empty']],
    [
      'wrong names',
      'email,mail,email\na,b,c',
      ['1 mail imports.unknownColumn', '1 email imports.columnTwice', '1 plan imports.missingColumn'],
    ],
  ])('with %s columns is refused', (_, text, wanted) => {
    expect(faultsOf(Buffer.from(text))).toEqual(wanted);
  });

  test('of no text at all is refused', () => {
    expect(faultsOf(Buffer.from([0x89, 0x50, 0xff, 0xff, 0x00]))).toEqual(['1 imports.encoding']);
  });

  test('has only the columns that the operators’ page tells', () => {
    expect(importColumns.join()).toBe(head);
  });
});

describe('an import', () => {
  let doors: Doors;
  beforeEach(async () => {
    doors = await openDoors();
  });
  afterEach(() => doors.close());

  const count = async (table: 'persons' | 'customers' | 'memberships' | 'orders' | 'import_rows' | 'mailed_tokens') =>
    (await doors.connection.db.selectFrom(table).selectAll().execute()).length;
  const all = async () => [await count('persons'), await count('customers'), await count('memberships'), await count('orders')];

  test('is checked against what is there, and checking writes nothing', async () => {
    await verified(doors, { email: 'lee@example.com' });
    const { faults, hashes } = await doors.accounts.imports.check(file(...good, 'x1,x@example.com,,,,,,gold,'));
    expect(faults.map(({ number, column, fault }) => [number, column, fault.key])).toEqual([
      [3, 'login_name', 'imports.taken'],
      [3, 'email', 'imports.taken'],
      [5, 'plan', 'orders.refused.unknownPlan'],
    ]);
    expect(Object.fromEntries(hashes)).toEqual({ 'bcrypt:5': 2, none: 2 });
    expect(await all()).toEqual([1, 1, 1, 1]);
    await expect(doors.accounts.imports.run(file(...good))).rejects.toThrow('nothing was written');
    expect(await all()).toEqual([1, 1, 1, 1]);
  });

  test('lets people in by login name and by address, with the password of before, which becomes argon2id alone', async () => {
    await doors.accounts.imports.run(file(...good));
    const { accounts } = doors;
    const stored = () =>
      doors.connection.db.selectFrom('persons').select(['password_hash', 'legacy_hash']).orderBy('id').execute();
    expect((await stored()).map(({ legacy_hash }) => legacy_hash).sort()).toEqual(['bcrypt:5', 'bcrypt:5', null]);
    expect(JSON.stringify(await stored())).not.toContain('E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW');
    expect(await accounts.checkPassword('hong123', 'u*u')).toBeUndefined();
    expect((await accounts.checkPassword(' HONG123 ', 'U*U'))?.email).toBe('hong@example.com');
    expect((await stored()).filter(({ legacy_hash }) => legacy_hash !== null).length).toBe(1);
    expect((await stored()).filter(({ password_hash }) => password_hash.startsWith('$argon2id$')).length).toBe(2);
    expect((await accounts.checkPassword('hong@example.com', 'U*U'))?.loginName).toBe('hong123');
    expect(await accounts.checkPassword('lee@example.com', '')).toBeUndefined();
  });

  test('that was stopped in the middle goes on where it stopped, and no row comes twice', async () => {
    const { imports } = doors.accounts;
    const bytes = file(...good);
    await expect(
      imports.run(bytes, () => {
        throw new Error('killed');
      }),
    ).rejects.toThrow('killed');
    const before = await count('import_rows');
    expect(before).toBe(2);
    expect((await imports.check(bytes)).faults).toEqual([]);
    expect(await imports.run(bytes)).toMatchObject({ written: 1, wereThere: 2 });
    expect(await imports.run(bytes)).toMatchObject({ written: 0, wereThere: 3 });
    expect(await all()).toEqual([3, 3, 3, 3]);
    expect((await imports.check(bytes)).before?.finished).toBe(true);
  });

  test('side by side with itself writes every row once', async () => {
    const { imports } = doors.accounts;
    await Promise.allSettled([imports.run(file(...good)), imports.run(file(...good))]);
    await imports.run(file(...good));
    expect(await all()).toEqual([3, 3, 3, 3]);
  });

  test('is taken back as far as nobody has come, and says who stays and why', async () => {
    const { accounts, connection, orders, audit } = doors;
    const bytes = file(...good, ',park@example.com,,,,,,tree,');
    const { importId } = await accounts.imports.run(bytes);
    const person = async (email: string) => (await accounts.byLoginName(email))?.id ?? '';
    const [hong, lee, park] = [await person('hong123'), await person('lee@example.com'), await person('park@example.com')];
    const kim = await person('kim,7');
    expect(await accounts.ways.count(kim)).toBe(1);
    // Without a password of before nobody has one, so that a passkey would be the last way in.
    const isOpen = (id: string) => connection.write((tx) => accounts.holdPassword(tx, id));
    expect([await isOpen(hong), await isOpen(park)]).toEqual([true, false]);
    await connection.write((tx) => audit.record(tx, { action: 'signIn.succeeded', actor: { kind: 'person' }, subjectId: hong }));
    await connection.write((tx) => accounts.closePassword(tx, park, 'disowned'));
    const leesCustomer = (await accounts.membership(lee))?.customerId ?? '';
    await connection.write(async (tx) => {
      const [order] = await orders.pending(leesCustomer, tx);
      await tx
        .updateTable('orders')
        .set({ consented_at: 1 })
        .where('id', '=', order?.id ?? '')
        .execute();
    });
    expect(await accounts.imports.undo(importId)).toEqual({
      removed: 1,
      left: [
        { row: 2, because: 'signedIn' },
        { row: 3, because: 'agreed' },
        { row: 5, because: 'passwordSet' },
      ],
    });
    expect(await all()).toEqual([3, 3, 3, 3]);
    expect(await accounts.byLoginName('kim,7')).toBeUndefined();
    expect(await connection.db.selectFrom('password_ways').selectAll().where('person_id', '=', kim).execute()).toEqual([]);
    // The same file may come again: who is there still is told.
    expect(
      (await accounts.imports.check(bytes)).faults.filter(({ column }) => column === 'email').map(({ number }) => number),
    ).toEqual([2, 3, 5]);
    await expect(accounts.imports.undo('nothing')).rejects.toThrow('no such import');
  });

  // Measured on a machine that does other things as well.
  test('makes failed sign-ins late enough for the slowest of its hashes before anybody is there', { retry: 2 }, async () => {
    const { hashingCost } = doors.accounts;
    expect(await hashingCost.failureMilliseconds()).toBe(300);
    const slow = `pbkdf2_sha256$2000000$salt$${Buffer.alloc(32).toString('base64')}`;
    await doors.accounts.imports.run(file(`slow,slow@example.com,,,${slow},,,tree,`));
    const begun = performance.now();
    await doors.accounts.checkPassword('slow', 'wrong');
    const one = performance.now() - begun;
    const later = await hashingCost.failureMilliseconds();
    expect(later).toBeGreaterThan(300);
    expect(later).toBeGreaterThan(one);
  });

  test('is found for support by domain, reference and the last four digits, masked, and every search is written down', async () => {
    const { accounts, connection } = doors;
    await accounts.imports.run(file(...good));
    const by = async (asked: object) => (await accounts.finding.find(asked, { kind: 'operator' })).map(({ email }) => email);
    expect(await by({ domain: 'HONG.example.kr.' })).toEqual(['h***@example.com']);
    expect(await by({ domain: '한글.한국' })).toEqual(['k**@example.com']);
    expect(await by({ reference: 'C-2' })).toEqual(['l**@example.com']);
    // A guest of a customer is not its owner.
    const [lee, hong] = [await accounts.byLoginName('lee@example.com'), await accounts.byLoginName('hong123')];
    const customerId = (await accounts.membership(hong?.id ?? ''))?.customerId ?? '';
    const place = { personId: lee?.id ?? '', customerId, role: 'viewer' as const, siteIds: null, networks: [], endsAt: null };
    await connection.write((tx) => accounts.memberships.add(tx, place));
    expect(await by({ reference: 'C-1' })).toEqual(['h***@example.com']);
    expect(await by({ phoneLast4: '5678' })).toEqual(['h***@example.com']);
    expect(await by({ phoneLast4: '5678', reference: 'C-2' })).toEqual([]);
    expect(await by({ domain: 'nothing.example' })).toEqual([]);
    const rows = await connection.db.selectFrom('audit').select('details').where('action', '=', 'accounts.searched').execute();
    expect(rows.length).toBe(7);
    expect(JSON.stringify(rows)).not.toMatch(/5678|hong|C-2/);
    expect([masked('홍길동'), masked('hong123'), masked('a@b.kr'), masked('')]).toEqual(['홍**', 'ho***', '*@b.kr', '']);
  });
});
