// Letters as files: those of whoever is erased go, and those of nobody else whose address merely looks like theirs.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeLetterFiles } from '../../src/termination/outbox-letters.ts';

test('letters to an address go, and those to an address that only contains it stay', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gotgan-outbox-'));
  const letters = {
    'plain.eml': 'To: kim+1@example.com\n',
    'named.eml': 'To: Kim <Kim+1@Example.com>\n',
    'inText.eml': 'To: a@example.org\n\nkim+1@example.com으로 보냈습니다. kim+1@example.com.\n',
    'longer.eml': 'To: hakim+1@example.com\n',
    'dotted.eml': 'To: a.kim+1@example.com\n',
    'further.eml': 'To: kim+1@example.com.au\n',
    'like.eml': 'To: kim+1@exampleXcom\n',
  };
  try {
    for (const [name, text] of Object.entries(letters)) await writeFile(join(folder, name), text);
    expect(await removeLetterFiles(folder, { letterIds: [], addresses: ['kim+1@example.com'] })).toBe(3);
    expect((await readdir(folder)).sort()).toEqual(['dotted.eml', 'further.eml', 'like.eml', 'longer.eml']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
