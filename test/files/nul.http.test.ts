// A NUL in an address, a query or a form: PostgreSQL takes no such text, and nobody typed it.
import { afterAll, expect, test } from 'vitest';
import { startOwnSite } from './own-site.ts';

const { house, owner, site, files } = await startOwnSite();
afterAll(() => house.close());

test('a NUL in an address, a query or a form is answered on both engines without a fault of ours', async () => {
  const { text } = await owner.get(`${files}/www`);
  const _csrf = /<meta name="csrf" content="([^"]+)"/.exec(text)?.[1] ?? '';
  const answers = [
    ...['jobs/a%00b', 'results/a%00b', 'www/a%00b', 'www?q=a%00b', 'uploads/a%00b', 'trash?page=%00'].map(
      (path) => [path, () => owner.get(`${files}/${path}`)] as const,
    ),
    ...[
      '/sites/a%00b/files/www',
      '/verify/a%00b',
      '/plans/a%00b',
      '/invitations/a%00b',
      `/sites/${site}/backups/a%00b`,
      `/sites/${site}/databases/a%00b`,
    ].map((path) => [path, () => owner.get(path)] as const),
    ['discard', () => owner.send(`${files}/upload/discard`, { _csrf, id: 'a\0b' })] as const,
    ['discard, keyed', () => owner.send(`${files}/upload/discard`, { _csrf, _idem: 'a\0b', id: 'b' })] as const,
    ['restoration', () => owner.send(`${files}/trash/restoration`, { _csrf, id: 'a\0b' })] as const,
    ['cancel', () => owner.send(`${files}/jobs/a%00b/cancel`, { _csrf })] as const,
  ];
  const statuses = new Map<string, number>();
  for (const [what, ask] of answers) statuses.set(what, (await ask()).status);
  expect([...statuses].filter(([, status]) => status >= 500)).toEqual([]);
});
