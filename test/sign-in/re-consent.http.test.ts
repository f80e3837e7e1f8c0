// A document of the contract changes: what changes is shown first, agreeing can wait until the day, and after it reading, downloading and leaving are left.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lasting } from '../../src/ftp/hindrances.ts';
import { day } from '../../src/platform/clock.ts';
import { publishNext, sentence } from '../consent/publish.ts';
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

let house: TestPanel;
let owner: Visitor;
let site: string;
let other: Visitor;
let otherSite: string;
let from: string;
beforeAll(async () => {
  house = await startPanel();
  owner = new Visitor(house);
  site = await owner.arrive('owner@example.com');
  other = new Visitor(house, 'en');
  otherSite = await other.arrive('other@example.com');
  from = await publishNext(house.panel.doors, 'terms');
});
afterAll(() => house.close());

const consents = async (email: string) => {
  const { accounts, consent } = house.panel.doors;
  const { id } = (await accounts.byLoginName(email)) ?? { id: '' };
  return consent.forCustomer((await accounts.membership(id))?.customerId ?? '');
};
const newFolder = (visitor: Visitor, name: string, where: string) =>
  visitor.submit(`/sites/${where}/files/www`, { name }, `/sites/${where}/files/folder`);

describe('before the day', () => {
  test('a line above every page tells of it, and nothing is closed', async () => {
    const { text } = await owner.get('/dashboard');
    expect(text).toContain(`${from}부터 계약 문서가 바뀝니다`);
    expect((await newFolder(owner, 'before', site)).status).toBe(303);
    expect((await new Visitor(house).get('/plans')).text).not.toContain('계약 문서가 바뀝니다');
  });

  test('the page shows what changes before the full text, no box ticked, and leaving as plain as agreeing', async () => {
    const { text, status } = await owner.get('/agree');
    expect(status).toBe(200);
    expect(text.indexOf(`<p class="is-added"><ins>${sentence}</ins></p>`)).toBeGreaterThan(0);
    expect(text.indexOf(`<ins>${sentence}</ins>`)).toBeLessThan(text.indexOf('<details'));
    expect(text).not.toMatch(/type="checkbox"[^>]*\bchecked\b/);
    expect(text).toMatch(
      /<button class="button"><span>동의합니다<\/span><\/button>\s*<a class="button" href="\/account\/close">/,
    );
    expect(text).toContain('나중에 정하기');
    expect((text.match(/type="checkbox"/g) ?? []).length).toBe(1);
  });

  test('without the box, with a list of versions that is not ours, of another language or another form: refused, and nothing is recorded', async () => {
    const before = await consents('owner@example.com');
    const { accounts } = house.panel.doors;
    const hidden = await owner.hidden('/agree');
    const lists = ['', String(hidden.terms_versions).replace(from, '2026-11-22'), `${hidden.terms_versions}x`];
    for (const terms_versions of [...lists, accounts.shownVersions('en'), accounts.shownVersions('ko')]) {
      const answer = await owner.send('/agree', { ...hidden, agree_terms: '1', terms_versions });
      expect([terms_versions, answer.status, answer.text.includes('id="terms_versions"')]).toEqual([terms_versions, 422, true]);
    }
    const unticked = await owner.send('/agree', { ...hidden, agree_sla: '1', age_14: '1' });
    expect([unticked.status, unticked.text.includes('agree_terms-error')]).toEqual([422, true]);
    expect(await consents('owner@example.com')).toEqual(before);
  });

  test('a version that came while the page was open is shown before anybody agrees to it', async () => {
    const hidden = await owner.hidden('/agree');
    const before = await consents('owner@example.com');
    from = await publishNext(house.panel.doors, 'terms', { days: 8, more: '그리고 한 문장 더.' });
    const late = await owner.send('/agree', { ...hidden, agree_terms: '1' });
    expect([late.status, late.text.includes('그리고 한 문장 더.')]).toEqual([422, true]);
    expect(await consents('owner@example.com')).toEqual(before);
  });

  test('agreeing is recorded with version, digest and words, once, with a copy by letter', async () => {
    const [before, letters] = [await consents('owner@example.com'), await house.letters()];
    house.clock.advance(1);
    const hidden = await owner.hidden('/agree');
    const sent = await Promise.all([1, 2].map(() => owner.send('/agree', { ...hidden, agree_terms: '1' })));
    expect(sent.map(({ status, headers }) => [status, headers.location])).toEqual([
      [303, '/dashboard'],
      [303, '/dashboard'],
    ]);
    const [row, ...rest] = await consents('owner@example.com');
    expect(rest).toEqual(before);
    const { sha256 } = house.panel.doors.consent.version('terms', from, 'ko');
    const orderId = before[0]?.orderId;
    expect(row).toMatchObject({ item: 'agree_terms', agreed: true, version: from, textSha256: sha256, page: 'agree', orderId });
    const copies = (await house.letters()).filter((letter) => !letters.includes(letter));
    expect(copies).toHaveLength(1);
    expect((await owner.get('/dashboard')).text).not.toContain('계약 문서가 바뀝니다');
    expect((await owner.get('/agree')).status).toBe(303);
  });

  test('who orders meanwhile agrees to what applies today, and is asked like everybody', async () => {
    const late = new Visitor(house);
    await late.arrive('late@example.com');
    expect((await late.get('/dashboard')).text).toContain(`${from}부터 계약 문서가 바뀝니다`);
  });
});

describe('from the day on, who has not agreed', () => {
  beforeAll(async () => {
    house.clock.advance(8 * day);
    await other.logIn('other@example.com');
    await owner.logIn('owner@example.com');
  });

  test('is asked once a session before the dashboard, and not held up after it', async () => {
    const first = await other.get('/dashboard');
    expect([first.status, first.headers.location]).toEqual([303, '/en/agree']);
    expect((await other.get('/agree')).text).not.toContain('Decide later');
    const second = await other.get('/dashboard');
    expect([second.status, second.text.includes('look, download and close the account')]).toEqual([200, true]);
    expect((await owner.get('/dashboard')).status).toBe(200);
  });

  test('reads and downloads; changes at the site are refused with the reason', async () => {
    expect((await other.get(`/sites/${otherSite}/files/www`)).status).toBe(200);
    expect((await other.get(`/sites/${otherSite}/backups`)).status).toBe(200);
    const { _csrf = '' } = await other.hidden('/dashboard', '/logout');
    const refused = await other.send(`/sites/${otherSite}/files/folder`, { _csrf, to: 'www', name: 'after' });
    expect([refused.status, refused.text.includes('Please agree to your contract first')]).toEqual([403, true]);
    expect((await newFolder(owner, 'after', site)).status).toBe(303);
  });

  test('is not let in by FTP either', async () => {
    const { accounts, sites, clock } = house.panel.doors;
    const of = async (name: string) => {
      const found = await sites.byName(name);
      const account = {
        customerId: found.customerId,
        siteId: found.id,
        offAt: null,
        endedAt: null,
        expiresAt: null,
        passwordBy: 'x',
      };
      return lasting({ accounts, clock }, account as never, found);
    };
    expect([await of(otherSite), await of(site)]).toEqual(['consent', 'place']);
  });

  test('goes on as before once they have agreed', async () => {
    const done = await other.submit('/agree', { agree_terms: '1' });
    expect([done.status, done.headers.location]).toEqual([303, '/en/dashboard']);
    expect((await newFolder(other, 'after', otherSite)).status).toBe(303);
    const [row] = await consents('other@example.com');
    expect(row).toMatchObject({ item: 'agree_terms', version: from, language: 'en' });
  });
});

test('the public pages list every version, what each changed, and one to come', async () => {
  const guest = new Visitor(house);
  const coming = await publishNext(house.panel.doors, 'privacy');
  const page = await guest.get('/documents/privacy');
  expect(page.text).toContain(`/documents/privacy/${coming}/changes`);
  const changes = await guest.get(`/documents/privacy/${coming}/changes`);
  expect(changes.text).toContain(`<ins>${sentence}</ins>`);
  const twice = await guest.get(`/documents/terms/${from}/changes?since=2026-11-22`);
  expect(twice.text).toContain('그리고 한 문장 더.');
  for (const path of [
    '/documents/terms/2026-11-22/changes',
    `/documents/terms/${from}/changes?since=${from}`,
    '/documents/terms/1999-01-01/changes',
    '/documents/nothing/2026-11-22/changes',
  ])
    expect([path, (await guest.get(path)).status]).toEqual([path, 404]);
});
