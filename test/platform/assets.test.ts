// A folder of scripts is served as one: whole, in the order of its names, and nothing declared twice.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';
import request from 'supertest';
import { expect, test } from 'vitest';
import { Assets, withWarning } from '../../src/platform/web/assets.ts';

const root = join(import.meta.dirname, '../..');
const assets = new Assets(join(root, 'public'), join(root, 'views/icons'));
const server = express().use('/assets', assets.serve());

const textOf = async (name: string): Promise<string> =>
  (
    await request(server)
      .get(`/assets/${assets.hashed(name).name}`)
      .buffer(true)
  ).text;

test('the script of uploads is one script of all its parts, and each of its names is declared once', async () => {
  const folder = join(root, 'public/behaviours/uploads');
  const parts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  expect(parts.length).toBeGreaterThan(5);
  for (const name of ['behaviours/uploads.js', withWarning('behaviours/uploads.js')]) {
    const served = await textOf(name);
    expect(served).not.toMatch(/^(?:import|export) /m);
    const heads = parts.map((part) => part.split('\n')[0] ?? '');
    expect(heads.map((head) => served.indexOf(head))).toEqual(
      heads.map((head) => served.indexOf(head)).toSorted((a, b) => a - b),
    );
    expect(heads.every((head) => served.includes(head))).toBe(true);
    // Parses as the module that a browser makes of it; a name declared twice is a SyntaxError.
    expect(() => new Function(`'use strict'; { ${served} }`)).not.toThrow();
  }
});

test('every name that a part imports is exported by a part before it', () => {
  const folder = join(root, 'public/behaviours/uploads');
  const known = new Map<string, Set<string>>();
  for (const name of readdirSync(folder).sort()) {
    const source = readFileSync(join(folder, name), 'utf8');
    for (const [, names = '', from = ''] of source.matchAll(/^import \{([^}]*)\} from '\.\/([^']+)';$/gm))
      for (const one of names
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean))
        expect([name, from, one, known.get(from)?.has(one)]).toEqual([name, from, one, true]);
    const destructured = [...source.matchAll(/^export const \{([^}]*)\}/gm)].flatMap(([, inner = '']) =>
      inner.split(',').map((part) => (part.split(':').at(-1) ?? '').trim()),
    );
    const plain = [...source.matchAll(/^export (?:async )?(?:const|let|function) (\w+)/gm)].map(([, one = '']) => one);
    known.set(name, new Set([...plain, ...destructured]));
  }
});
