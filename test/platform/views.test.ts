// Views are rendered by EJS; how parts are found, what they see and what a fault tells is promised here.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Views } from '../../src/platform/web/views.ts';

let folder: string;
let views: Views;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gotgan-views-'));
  await mkdir(join(folder, 'shop'));
  await mkdir(join(folder, 'shared'));
  const write = (name: string, text: string) => writeFile(join(folder, `${name}.ejs`), text);
  await write('shop/page', `<%= title %>: <%- include('_row', { row: one }) %><%- include('shared/_foot') %>`);
  await write('shop/_row', `<%= row %>/<%- include('_cell', { cell: 2 }) %>/<%= typeof cell %> `);
  await write('shop/_cell', '<%= row %><%= cell %><%= locals.absent ?? "-" %>');
  await write('shared/_foot', '<%= title %><%= typeof row %>');
  await write('shop/broken', 'first line\n<%= nothing.of.this %>');
  await write('shop/around', `<%- include('broken') %>`);
  await write('shop/lost', `<%- include('nowhere') %>`);
  views = new Views(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a view', () => {
  test('includes parts beside itself and below the folder; a part sees what its page sees and what it is given, and gives nothing back', () => {
    for (let time = 0; time < 2; time++)
      expect(views.render('shop/page', { title: '<b>', one: 1 })).toBe('&lt;b&gt;: 1/12-/undefined &lt;b&gt;undefined');
  });

  test('with a fault tells file and line, also when the fault is in a part', () => {
    expect(() => views.render('shop/broken', {})).toThrow(/broken\.ejs:2[\s\S]*nothing is not defined/);
    expect(() => views.render('shop/around', {})).toThrow(/broken\.ejs:2[\s\S]*nothing is not defined/);
  });

  test('that includes what is not there says so', () => {
    expect(() => views.render('shop/lost', {})).toThrow(/nowhere/);
  });
});
