// Previews over HTTP: on the page of a file, under headers that let nothing run, and for nobody who may not see the file.
import sharp from 'sharp';
import { afterAll, expect, test } from 'vitest';
import { welcome } from '../people/guests.ts';
import { Visitor } from '../support/panel.ts';
import { startOwnSite } from './own-site.ts';

const { house, owner, site, files, www, lay } = await startOwnSite();
afterAll(() => house.close());

const photo = await sharp({ create: { width: 800, height: 500, channels: 3, background: '#a63' } })
  .withExif({ IFD0: { Copyright: 'somebody' } })
  .jpeg()
  .toBuffer();
await sharp(photo).toFile(www('사진.jpg'));
const address = `${files}/www/${encodeURIComponent('사진.jpg')}`;

test('the page of a picture shows it small, and the picture comes under strict headers', async () => {
  expect((await owner.get(`${address}?do=view`)).text).toContain(`<img src="${address}?do=preview" alt="미리 보기: 사진.jpg">`);
  const { status, headers, body } = await owner.get(`${address}?do=preview`);
  expect(status).toBe(200);
  expect(headers).toMatchObject({
    'content-type': 'image/webp',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'private, no-cache',
  });
  expect(headers['content-disposition']).toMatch(/^attachment; filename="preview\.webp"/);
  const { format, width, exif } = await sharp(body as Buffer).metadata();
  expect([format, width, exif]).toEqual(['webp', 320, undefined]);
});

test('a browser that has it asks in vain until the file is another', async () => {
  const { headers } = await owner.get(`${address}?do=preview`);
  const again = () => owner.get(`${address}?do=preview`).set('If-None-Match', headers.etag ?? '');
  expect((await again()).status).toBe(304);
  await sharp(photo).flop().negate().toFile(www('사진.jpg'));
  expect((await again()).status).toBe(200);
});

test('what is no picture has none: by name, by content, a folder, a backup, nothing; the answer is a page that says so', async () => {
  await lay('notes.txt', 'text');
  await lay('shell.jpg', '<?php system($_GET[1]);');
  await lay('drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
  for (const path of ['www/notes.txt', 'www/shell.jpg', 'www/drawing.svg', 'www', 'backup', 'www/none.jpg']) {
    const { status, headers, text } = await owner.get(`${files}/${path}?do=preview`);
    expect([path, status]).toEqual([path, 404]);
    expect([path, headers['content-type'], text.includes('<?php')]).toEqual([path, 'text/html; charset=utf-8', false]);
  }
  for (const name of ['notes.txt', 'drawing.svg'])
    expect((await owner.get(`${files}/www/${name}?do=view`)).text).not.toContain('<img');
});

test('a viewer sees it, a stranger does not, and without a session nobody does', async () => {
  const viewer = await welcome(house, owner, { email: 'viewer@example.com', role: 'viewer', sites: site });
  expect((await viewer.get(`${address}?do=preview`)).status).toBe(200);
  const stranger = new Visitor(house);
  await stranger.arrive('stranger@example.com');
  expect((await stranger.get(`${address}?do=preview`)).status).toBe(404);
  expect((await new Visitor(house).get(`${address}?do=preview`)).status).toBe(303);
});
