// Hashes of older panels, by the vectors that their authors published, and what is refused.
import { describe, expect, test } from 'vitest';
import { PasswordHashing } from '../../src/accounts/hashing.ts';
import { legacyDigest, legacyHash, settingLike } from '../../src/accounts/legacy-hashes.ts';

const house = new PasswordHashing({ concurrency: 2 });

function taken(text: string) {
  const found = legacyHash(text);
  if ('refused' in found) throw new Error(`${text}: ${found.refused}`);
  return found;
}

/** Passwords and hashes as published. */
const vectors: [string, string, string, string][] = [
  // crypt_blowfish 1.3, wrapper.c
  ['bcrypt', 'bcrypt:5', 'U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  ['bcrypt, empty', 'bcrypt:5', '', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy'],
  ['bcrypt of PHP', 'bcrypt:5', 'U*U*U', '$2y$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a'],
  [
    'bcrypt, 72 bytes count',
    'bcrypt:5',
    '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored',
    '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui',
  ],
  // Drepper, SHA-crypt.txt
  [
    'sha512-crypt',
    'sha512-crypt:5000',
    'Hello world!',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  [
    'sha512-crypt, rounds',
    'sha512-crypt:10000',
    'Hello world!',
    '$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
  ],
  [
    'sha512-crypt, long',
    'sha512-crypt:1400',
    'a very much longer text to encrypt.  This one even stretches over morethan one line.',
    '$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1',
  ],
  [
    'sha512-crypt, short salt',
    'sha512-crypt:77777',
    'we have a short salt string but not a short password',
    '$6$rounds=77777$short$WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0',
  ],
  [
    'sha512-crypt, many rounds',
    'sha512-crypt:123456',
    'a short string',
    '$6$rounds=123456$asaltof16chars..$BtCwjqMJGx5hrJhZywWvt0RLE8uZ4oPwcelCjmw2kSYu.Ec6ycULevoBK25fs2xXgMNrCzIMVcgEJAstJeonj1',
  ],
  // Django 1.11, tests/auth_tests/test_hashers.py
  ['Django', 'pbkdf2-sha256:36000', 'lètmein', 'pbkdf2_sha256$36000$seasalt$mEUPPFJkT/xtwDU8rB7Q+puHRZnR07WRjerTkt/3HI0='],
  // RFC 6070, the third vector, as both write it
  ['Django with SHA-1', 'pbkdf2-sha1:4096', 'password', 'pbkdf2_sha1$4096$salt$SwB5AbdlSJq+rUnZJvch0GWkKcE='],
  // passlib, passlib/tests/test_handlers_pbkdf2.py
  ['passlib, SHA-1', 'pbkdf2-sha1:4096', 'password', '$pbkdf2$4096$c2FsdA$SwB5AbdlSJq.rUnZJvch0GWkKcE'],
  [
    'passlib, SHA-512',
    'pbkdf2-sha512:1212',
    'password',
    '$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww',
  ],
  [
    'passlib, SHA-256',
    'pbkdf2-sha256:1212',
    'password',
    '$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ',
  ],
];

describe('a hash of another panel', () => {
  test.each(vectors)('%s is read and computed as published', async (_, kind, password, text) => {
    const { setting, digest, ...found } = taken(text);
    expect(found.kind).toBe(kind);
    expect(setting + digest).toBe(text);
    expect(await legacyDigest(setting, password)).toBe(digest);
    expect(await legacyDigest(setting, `${password.slice(0, 60)}?`)).not.toBe(digest);
  });

  test('is kept as argon2id over it, lets in who knows the password, and is due for a new hash', async () => {
    const text = vectors[4]?.[3] ?? '';
    const found = taken(text);
    const stored = await house.wrap(found);
    expect(stored).toMatch(/^\$6\$saltstring\$\|\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(stored).not.toContain(found.digest);
    expect([await house.verify(stored, 'Hello world!'), await house.verify(stored, 'Hello world?')]).toEqual([true, false]);
    // Whoever has read the old digest somewhere does not come in with it.
    expect(await house.verify(stored, found.digest)).toBe(false);
    expect(house.needsRehash(stored)).toBe(true);
  });

  test('whose password is beyond 512 bytes fits nothing, and takes no longer', { retry: 2 }, async () => {
    const { setting } = taken(vectors[4]?.[3] ?? '');
    const begun = performance.now();
    expect(await legacyDigest(setting, 'x'.repeat(4096))).toBe('');
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  test.each([
    ['of no known kind', '$1$abcdefgh$abcdefghijklmnopqrstuv', 'unknown'],
    ['in clear', 'password1234', 'unknown'],
    ['empty', '', 'unknown'],
    ['of the faulty bcrypt', '$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'unknown'],
    ['cut', '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe', 'malformed'],
    ['with a digest of another length', 'pbkdf2_sha256$36000$seasalt$SwB5AbdlSJq+rUnZJvch0GWkKcE=', 'malformed'],
    ['too cheap', '$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'tooCheap'],
    ['too costly', '$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'tooCostly'],
    ['with a thousand million rounds', `$6$rounds=999999999$salt$${'a'.repeat(86)}`, 'tooCostly'],
    ['with too many rounds of PBKDF2', `pbkdf2_sha256$9999999$salt$${'a'.repeat(43)}=`, 'tooCostly'],
  ])('%s is refused', (_, text, refused) => {
    expect(legacyHash(text)).toEqual({ refused });
  });

  test.each([
    ['too costly', '$2b$31$CCCCCCCCCCCCCCCCCCCCC.'],
    ['of a million million rounds', '$6$rounds=999999999$salt$'],
    ['of no known kind', 'nothing'],
  ])('that was tampered with in its row (%s) is a bug, and nothing is computed', { retry: 2 }, async (_, setting) => {
    const stored = `${setting}|${house.ofNobody}`;
    const begun = performance.now();
    await expect(house.verify(stored, 'x')).rejects.toThrow(/^stored password hash/);
    expect(performance.now() - begun).toBeLessThan(1000);
    expect(house.load.running).toBe(0);
  });

  test('of each kind can be measured by its name', async () => {
    for (const [, kind] of vectors) {
      const setting = settingLike(kind) ?? '';
      expect(kind.startsWith(setting.startsWith('$2') ? 'bcrypt' : setting.startsWith('$6') ? 'sha512' : 'pbkdf2')).toBe(true);
      expect(await house.measureLegacy(setting)).toBeGreaterThan(0);
    }
  });
});
