// What the log keeps of an error: its type, place and words, and nothing that a person typed.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { discreetMessage, faultLine } from '../../src/platform/fault-line.ts';

test('a missing file is told by its code and place, not by its name', async () => {
  const error = await readFile('/nowhere/가족사진 2026.jpg').catch((fault: unknown) => fault);
  const line = faultLine(error);
  expect(line).toMatchObject({ type: 'Error', code: 'ENOENT', says: 'ENOENT: no such file or directory, open …' });
  expect(JSON.stringify(line)).not.toContain('2026');
});

test('what a database says of a row is left out', () => {
  const error = Object.assign(new Error('invalid input syntax for type bigint: "kim@example.com"'), {
    detail: 'Key (email)=(kim@example.com) already exists.',
    parameters: ['kim@example.com'],
  });
  expect(JSON.stringify(faultLine(error))).not.toContain('kim');
});

test('the places where an error was thrown are kept, and the causes behind it', () => {
  const line = faultLine(
    new TypeError("Cannot read properties of undefined (reading 'visit')", { cause: new Error('of "010-1234-5678"') }),
  );
  expect(line.says).toBe("Cannot read properties of undefined (reading 'visit')");
  expect(line.at[0]).toContain('fault-line.test.ts');
  expect(line.cause).toMatchObject({ type: 'Error', says: 'of …' });
});

test('what was thrown and is no error is not repeated', () => {
  expect(JSON.stringify(faultLine('my-Password-123'))).not.toContain('Password');
});

test.each([
  [`Unexpected token 'k', "kim@example.com" is not valid JSON`, `Unexpected token 'k', … is not valid JSON`],
  ['550 <kim@example.com> unknown', '550 <…> unknown'],
  ['connect ECONNREFUSED 203.0.113.7:25', 'connect ECONNREFUSED …:25'],
  ['two\nlines', 'two lines'],
])('%j is written as %j', (message, written) => {
  expect(discreetMessage(message)).toBe(written);
});
