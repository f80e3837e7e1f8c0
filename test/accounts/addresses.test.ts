// Which addresses, names and phone numbers are taken, and in which form they are compared.
import { describe, expect, it } from 'vitest';
import { canonicalAddress, takenAddress, takenName, takenPhone } from '../../src/accounts/addresses.ts';

describe('an e-mail address', () => {
  it.each([
    ['Haneul.Kim+shop@Example.CO.kr', 'Haneul.Kim+shop@example.co.kr'],
    [' a@example.com\n', 'a@example.com'],
    ['a@한글.kr', 'a@xn--bj0bj06e.kr'],
  ])('is taken: %j', (typed, address) => {
    expect(takenAddress(typed)).toEqual({ address });
  });

  it.each([
    ['', 'signup.email.missing'],
    ['   ', 'signup.email.missing'],
    ['name', 'signup.email.malformed'],
    ['a@b', 'signup.email.malformed'],
    ['a@b.com, c@d.com', 'signup.email.notAscii'],
    ['a@b.com\nBcc: c@d.com', 'signup.email.notAscii'],
    ['"a b"@example.com', 'signup.email.notAscii'],
    ['a@exa mple.com', 'signup.email.malformed'],
    ['a@%65xample.com', 'signup.email.malformed'],
    ['하늘@example.com', 'signup.email.notAscii'],
    [`${'a'.repeat(250)}@example.com`, 'signup.email.tooLong'],
    ['ⓐ@'.repeat(100_000), 'signup.email.tooLong'],
  ])('is refused: %j', (typed, key) => {
    expect(takenAddress(typed)).toMatchObject({ faults: [{ key }] });
  });

  it('is the same however it is written', () => {
    expect(canonicalAddress(' HANEUL@한글.KR ')).toBe(canonicalAddress('haneul@xn--bj0bj06e.kr'));
    expect(canonicalAddress('a@example.com')).not.toBe(canonicalAddress('b@example.com'));
  });
});

describe('a phone number', () => {
  it.each([
    ['', undefined],
    ['01012345678', '010-1234-5678'],
    ['010 1234 5678', '010-1234-5678'],
    ['+82 10-1234-5678', '010-1234-5678'],
    ['+82(0)2 123 4567', '02-123-4567'],
    ['02)1234-5678', '02-1234-5678'],
    ['031-123-4567', '031-123-4567'],
    ['070.1234.5678', '070-1234-5678'],
    ['15881234', '1588-1234'],
    ['０１０－１２３４－５６７８', '010-1234-5678'],
  ])('is taken: %j', (typed, phone) => {
    expect(takenPhone(typed)).toEqual({ phone });
  });

  it.each(['12', '010-123-45678901', '+1 212 555 0100', 'call me', '010-12a4-5678', '0'.repeat(1_000_000)])(
    'is refused: %.20s',
    (typed) => {
      expect(takenPhone(typed)).toMatchObject({ faults: [{ key: 'signup.phone.malformed' }] });
    },
  );
});

describe('a name', () => {
  it.each([
    ['', undefined],
    [' 김 하늘 ', '김 하늘'],
    ['Anne-Marie O’Neil', 'Anne-Marie O’Neil'],
    ['A', 'A'],
  ])('is taken: %j', (typed, name) => {
    expect(takenName(typed)).toEqual({ name });
  });

  it.each([
    ['a\u0000b', 'signup.name.signs'],
    ['a\u202eb', 'signup.name.signs'],
    ['900101-1234567', 'signup.name.residentNumber'],
    ['가'.repeat(101), 'signup.name.tooLong'],
    ['가'.repeat(1_000_000), 'signup.name.tooLong'],
  ])('is refused: %.20j', (typed, key) => {
    expect(takenName(typed)).toMatchObject({ faults: [{ key }] });
  });
});
