// What there is to look at: each page, who sees it, and how it comes into the state that is shown.
import type { Page } from 'playwright-core';
import { minute } from '../../../src/platform/clock.ts';
import { unavailable } from '../../../src/platform/errors.ts';
import { archive } from '../../gates/job-rows.ts';
import { Visitor } from '../panel.ts';
import { contractShots } from './contract-shots.ts';
import type { World } from './world.ts';

type Address = (path: string) => string;

export type Shot = {
  readonly name: string;
  /** whose session; undefined: a guest with a browser of their own */
  readonly who?: keyof World['customers'];
  readonly open: (page: Page, at: Address, world: World) => Promise<unknown>;
};

const guest = (name: string, path: string): Shot => ({ name, open: (page, at) => page.goto(at(path)) });

const of = (who: keyof World['customers'], name: string, path: (world: World) => string): Shot => ({
  name,
  who,
  open: (page, at, world) => page.goto(at(path(world))),
});

const submit = (page: Page) => page.locator('main .button-primary').last().click();

/** Shows the answer to a request that no link or form of a page makes. */
async function answerTo(page: Page, address: string, request: RequestInit): Promise<void> {
  const answer = await fetch(address, { redirect: 'manual', ...request, headers: { Accept: 'text/html', ...request.headers } });
  const body = await answer.text();
  await page.route(address, (route) => route.fulfill({ status: answer.status, contentType: 'text/html; charset=utf-8', body }));
  await page.goto(address);
  await page.unroute(address);
}

/** Lets the pages of documents fail while `act` runs. */
async function failing(world: World, error: Error, act: () => Promise<unknown>): Promise<void> {
  const { consent } = world.panel.doors;
  const { current } = consent;
  consent.current = () => {
    throw error;
  };
  await act().finally(() => {
    consent.current = current;
  });
}

const signUp = async (page: Page, at: Address) => {
  await page.goto(at('/signup?plan=tree'));
  for (const name of ['age_14', 'agree_terms', 'agree_backup', 'agree_sla']) await page.locator(`#${name}`).check();
  await page.locator('#email').fill(`visitor-${Date.now()}@example.com`);
  await page.locator('#password').fill('maple-Teacup-48-orbit');
  await submit(page);
};

/** Another e-mail address, asked for once. */
async function askForAddress(page: Page, at: Address): Promise<void> {
  await page.goto(at('/account/security/address'));
  if ((await page.locator('#waiting-heading').count()) > 0) return;
  await page.locator('#email').fill('sua.lim.new@example.com');
  await submit(page);
}

export const shots: readonly Shot[] = [
  guest('home', '/'),
  guest('plans', '/plans'),
  guest('plan', '/plans/tree'),
  guest('plan-service', '/plans/forest'),
  guest('backup-location', '/backup-location'),
  guest('officers', '/officers'),
  guest('privacy', '/privacy'),
  guest('guideline', '/guideline'),
  guest('document-backup', '/documents/backup'),
  guest('document-terms', '/documents/terms'),
  guest('document-privacy', '/documents/privacy'),
  guest('signup', '/signup'),
  {
    name: 'signup-refused',
    open: async (page, at) => {
      await page.goto(at('/signup'));
      await page.locator('#email').fill('name.example.com');
      await page.locator('#password').fill('1234');
      await submit(page);
    },
  },
  { name: 'signup-sent', open: signUp },
  guest('login', '/login'),
  {
    name: 'login-refused',
    open: async (page, at) => {
      await page.goto(at('/login'));
      await page.locator('#email').fill('minseo.han@example.com');
      await page.locator('#password').fill('wrong');
      await submit(page);
    },
  },
  {
    name: 'login-captcha',
    open: async (page, at) => {
      for (let times = 0; times < 6; times += 1) {
        await page.goto(at('/login'));
        await page.locator('#email').fill('nobody@example.com');
        await page.locator('#password').fill('wrong');
        await submit(page);
      }
    },
  },
  {
    name: 'login-link-sent',
    open: async (page, at) => {
      await page.goto(at('/login'));
      await page.locator('#link-email').fill('nobody@example.com');
      await page.locator('form[action$="/login/link"] button').click();
    },
  },
  guest('login-link', `/login/link/${'a'.repeat(43)}`),
  guest('verify', `/verify/${'a'.repeat(43)}`),
  guest('theme', '/theme?next=/'),
  guest('style', '/style'),
  guest('error-404', '/no-such-page'),
  {
    name: 'error-403',
    open: (page, at) => answerTo(page, at('/login'), { method: 'POST', headers: { Origin: 'https://example.org' } }),
  },
  {
    name: 'error-410',
    open: async (page, at) => {
      await page.goto(at(`/login/link/${'a'.repeat(43)}`));
      await submit(page);
    },
  },
  {
    name: 'error-429',
    open: async (page, at, world) => {
      const limits = world.panel.doors.counters;
      const { hit } = limits;
      limits.hit = async () => ({ count: 1e9, resetAt: world.clock.now() + 600_000 });
      const origin = { Origin: world.origin };
      await answerTo(page, at('/login'), { method: 'POST', headers: origin }).finally(() => {
        limits.hit = hit;
      });
    },
  },
  {
    name: 'error-500',
    open: (page, at, world) => failing(world, new Error('a planted bug'), () => page.goto(at('/documents/terms'))),
  },
  {
    name: 'error-503',
    open: (page, at, world) => failing(world, unavailable(), () => page.goto(at('/documents/terms'))),
  },
  of('fresh', 'dashboard-new', () => '/dashboard'),
  of('quiet', 'dashboard', () => '/dashboard'),
  of('late', 'dashboard-late', () => '/dashboard'),
  of('failed', 'dashboard-failed', () => '/dashboard'),
  of('running', 'dashboard-running', () => '/dashboard'),
  of('several', 'dashboard-several', () => '/dashboard'),
  of('unpaid', 'dashboard-restricted', () => '/dashboard'),
  of('quiet', 'usage', ({ customers }) => `/sites/${customers.quiet.site}/usage`),
  of('fresh', 'usage-new', ({ customers }) => `/sites/${customers.fresh.site}/usage`),
  of('failed', 'usage-full', ({ customers }) => `/sites/${customers.failed.site}/usage`),
  of('unpaid', 'restriction', () => '/account/restriction'),
  {
    name: 'login-wait',
    open: async (page, at, { panel, clock }) => {
      const { accounts, connection } = panel.doors;
      const login_index = accounts.loginIndex('nobody@example.com');
      const until = clock.now() + minute;
      await connection.write((tx) => {
        const row = { login_index, level: 1, until, forget_at: until };
        return tx
          .insertInto('sign_in_waits')
          .values(row)
          .onConflict((oc) => oc.column('login_index').doUpdateSet(row))
          .execute();
      });
      await page.goto(at('/login'));
      await page.locator('#email').fill('nobody@example.com');
      await page.locator('#password').fill('not-the-Right-1-one');
      await submit(page);
    },
  },
  of('quiet', 'confirm', () => '/confirm?next=/dashboard'),
  of('quiet', 'account-security', () => '/account/security'),
  of('quiet', 'email-change', () => '/account/security/address'),
  { name: 'email-change-waits', who: 'several', open: askForAddress },
  {
    name: 'email-change-link',
    who: 'several',
    open: async (page, at, world) => {
      await askForAddress(page, at);
      await page.goto(at(await new Visitor(world).linkFor(world.customers.several.email, '/account/address/old/')));
    },
  },
  of('quiet', 'allowed-addresses', () => '/account/security/networks'),
  {
    name: 'allowed-addresses-refused',
    who: 'quiet',
    open: async (page, at) => {
      await page.goto(at('/account/security/networks'));
      await page.locator('#networks').fill('203.0.113.0/24');
      await page.locator('#with_present').uncheck();
      await submit(page);
    },
  },
  guest('password-forgot', '/password/forgot'),
  of('quiet', 'account-app', () => '/account/security/app'),
  of('quiet', 'account-not-me', () => '/account/security/not-me'),
  {
    name: 'session-ends-soon',
    who: 'quiet',
    open: async (page, at) => {
      await page.clock.install();
      await page.goto(at('/account/security'));
      await page.clock.fastForward('27:00');
      await page.getByRole('alertdialog').waitFor();
    },
  },
  of('quiet', 'people', () => '/account/people'),
  of('quiet', 'people-invite', () => '/account/people/invitation'),
  {
    name: 'people-invite-refused',
    who: 'quiet',
    open: async (page, at) => {
      await page.goto(at('/account/people/invitation'));
      await page.locator('#email').fill('name.example.com');
      await page.locator('#networks').fill('office');
      await submit(page);
    },
  },
  of('quiet', 'people-change', ({ found }) => found.place),
  of('quiet', 'people-end', ({ found }) => `${found.place}/end`),
  of('fresh', 'ssh', ({ customers }) => `/sites/${customers.fresh.site}/ssh`),
  of('quiet', 'ssh-open', ({ customers }) => `/sites/${customers.quiet.site}/ssh`),
  of('quiet', 'ssh-end', ({ customers }) => `/sites/${customers.quiet.site}/ssh/end`),
  { name: 'people-accept', open: (page, at, { found }) => page.goto(at(found.invitation)) },
  of('quiet', 'people-history', () => '/account/history'),
  of('quiet', 'consents', () => '/account/consents'),
  of('quiet', 'outages', () => '/account/outages'),
  of('late', 'outages-none', () => '/account/outages'),
  of('quiet', 'people-own-history', () => '/account/security/history'),
  of('quiet', 'ftp', ({ customers }) => `/sites/${customers.quiet.site}/ftp`),
  of('late', 'ftp-none', ({ customers }) => `/sites/${customers.late.site}/ftp`),
  of('late', 'ftp-make-first', ({ customers }) => `/sites/${customers.late.site}/ftp/account`),
  of('quiet', 'ftp-make', ({ customers }) => `/sites/${customers.quiet.site}/ftp/account`),
  {
    name: 'ftp-make-refused',
    who: 'quiet',
    open: async (page, at, { customers }) => {
      await page.goto(at(`/sites/${customers.quiet.site}/ftp/account`));
      await page.locator('#user').fill('Kim Minsu');
      await page.locator('#password').fill('short');
      await page.locator('#allow_ips').fill('회사');
      await submit(page);
    },
  },
  of('quiet', 'ftp-change', ({ customers, found }) => `/sites/${customers.quiet.site}/ftp/accounts/${found.ftpLocked}`),
  of('quiet', 'ftp-end', ({ customers, found }) => `/sites/${customers.quiet.site}/ftp/accounts/${found.ftpLocked}/end`),
  {
    name: 'ftp-password',
    who: 'quiet',
    open: async (page, at, { customers, found }) => {
      await page.goto(at(`/sites/${customers.quiet.site}/ftp/accounts/${found.ftpMain}/password`));
      await submit(page);
    },
  },
  of('quiet', 'people-customers', () => '/account/customers'),
  of('quiet', 'files-root', ({ customers }) => `/sites/${customers.quiet.site}/files`),
  of('quiet', 'files', ({ customers }) => `/sites/${customers.quiet.site}/files/www`),
  of('fresh', 'files-empty', ({ customers }) => `/sites/${customers.fresh.site}/files/www`),
  of('quiet', 'files-backup', ({ customers }) => `/sites/${customers.quiet.site}/files/backup`),
  of('quiet', 'file', ({ customers }) => `/sites/${customers.quiet.site}/files/www/style.css?do=view`),
  of('quiet', 'file-edit', ({ customers }) => `/sites/${customers.quiet.site}/files/www/style.css?do=edit`),
  of('quiet', 'file-rights', ({ customers }) => `/sites/${customers.quiet.site}/files/www/style.css?do=rights`),
  of('quiet', 'files-search', ({ customers }) => `/sites/${customers.quiet.site}/files/www?q=s`),
  of('quiet', 'files-trash', ({ customers }) => `/sites/${customers.quiet.site}/files/trash`),
  of('quiet', 'file-copy', ({ customers }) => `/sites/${customers.quiet.site}/files/www?do=copy&path=www/style.css`),
  of(
    'quiet',
    'file-compress',
    ({ customers }) => `/sites/${customers.quiet.site}/files/www?do=compress&path=www/style.css&path=www/notes`,
  ),
  of(
    'quiet',
    'file-extract',
    ({ customers }) => `/sites/${customers.quiet.site}/files/www/${encodeURIComponent(archive)}?do=extract`,
  ),
  of('quiet', 'files-job', ({ customers, found }) => `/sites/${customers.quiet.site}/files/jobs/${found.fileJob}`),
  of(
    'failed',
    'files-job-running',
    ({ customers, found }) => `/sites/${customers.failed.site}/files/jobs/${found.fileJobRunning}`,
  ),
  of('failed', 'files-with-jobs', ({ customers }) => `/sites/${customers.failed.site}/files/www`),
  of('quiet', 'file-move', ({ customers }) => `/sites/${customers.quiet.site}/files/www?do=move&path=www/style.css`),
  of(
    'quiet',
    'file-delete',
    ({ customers }) => `/sites/${customers.quiet.site}/files/www?do=delete&path=www/style.css&path=www/notes`,
  ),
  of('quiet', 'files-results', ({ found }) => found.results.replace(/^\/en(?=\/)/, '')),
  {
    name: 'files-folder-refused',
    who: 'quiet',
    open: async (page, at, { customers }) => {
      await page.goto(at(`/sites/${customers.quiet.site}/files/www`));
      await page.locator('#name').fill('새/폴더');
      await page.locator('form[action$="/files/folder"] button').click();
    },
  },
  of('fresh', 'protection-none', ({ customers }) => `/sites/${customers.fresh.site}/folders`),
  of('quiet', 'protection', ({ customers }) => `/sites/${customers.quiet.site}/folders`),
  of('quiet', 'upload', ({ customers }) => `/sites/${customers.quiet.site}/files/upload?to=www`),
  of(
    'quiet',
    'upload-again',
    ({ customers }) =>
      `/sites/${customers.quiet.site}/files/upload?to=www&name=${encodeURIComponent('가을 전시_.txt')}&conflict=skip`,
  ),
  {
    name: 'upload-acts',
    who: 'quiet',
    open: async (page, at, { customers }) => {
      await page.goto(at(`/sites/${customers.quiet.site}/files/upload?to=www`));
      const files = ['가을 전시?.txt', 'STYLE.css', 'index.html', 'photo.php.jpg'].map((name) => ({
        ...{ name, mimeType: 'text/plain', buffer: Buffer.from('text') },
      }));
      await page.setInputFiles('#files', files);
      await page.locator('[data-upload] .button-primary').click();
      await page.locator('.upload-question button').first().click();
      await page.locator('.uploads li[data-state="skipped"]').waitFor();
    },
  },
  {
    name: 'upload-lost',
    who: 'quiet',
    open: async (page, at, { customers }) => {
      await page.goto(at(`/sites/${customers.quiet.site}/files/upload?to=www`));
      await page.route(/\/files\/preflight$/, (route) => route.fulfill({ status: 401, json: { detail: '로그인해 주세요.' } }));
      await page.setInputFiles('#files', [{ name: '소식.txt', mimeType: 'text/plain', buffer: Buffer.from('text') }]);
      await page.locator('[data-upload] .button-primary').click();
      await page.locator('.uploads li[data-state="broken"], .uploads li[data-state="paused"]').waitFor();
      await page.unroute(/\/files\/preflight$/);
    },
  },
  of('fresh', 'incoming-none', ({ customers }) => `/sites/${customers.fresh.site}/suspicious`),
  of('quiet', 'incoming', ({ customers }) => `/sites/${customers.quiet.site}/suspicious`),
  of('fresh', 'backups-none', ({ customers }) => `/sites/${customers.fresh.site}/backups`),
  of('quiet', 'backups', ({ customers }) => `/sites/${customers.quiet.site}/backups`),
  of('quiet', 'backups-october', ({ customers }) => `/sites/${customers.quiet.site}/backups?month=2026-10`),
  of('late', 'backups-late', ({ customers }) => `/sites/${customers.late.site}/backups`),
  of('failed', 'backups-failed', ({ customers }) => `/sites/${customers.failed.site}/backups`),
  of('running', 'backups-running', ({ customers }) => `/sites/${customers.running.site}/backups`),
  of('quiet', 'backup-verified', ({ found }) => found.verified),
  of('quiet', 'backup-warned', ({ found }) => found.warned),
  of('quiet', 'backup-proven', ({ found }) => found.proven),
  of('quiet', 'backup-shrunken', ({ found }) => found.shrunken),
  of('quiet', 'backup-damaged', ({ found }) => found.damaged),
  of('quiet', 'backup-missing', ({ found }) => found.missing),
  of('quiet', 'restore-choose', ({ found }) => found.restoration),
  of('quiet', 'restore-wrong', ({ found }) => `${found.restoration}/preview?scope=paths`),
  of('quiet', 'restore-preview', ({ found }) => `${found.restoration}/preview?scope=all&dest=in_place&mode=exact`),
  of('quiet', 'restore-preview-aside', ({ found }) => `${found.restoration}/preview?scope=all`),
  of('quiet', 'restore-confirm', ({ found }) => `${found.restoration}/confirmation?scope=all&dest=in_place&mode=exact`),
  of('quiet', 'restores', ({ customers }) => `/sites/${customers.quiet.site}/backups/restorations`),
  of('quiet', 'restore-done', ({ found }) => found['restore-done']),
  of('quiet', 'restore-aside', ({ found }) => found['restore-aside']),
  of('quiet', 'restore-returned', ({ found }) => found['restore-returned']),
  of('failed', 'restore-running', ({ found }) => found['restore-running']),
  of('failed', 'backup-failed', ({ found }) => found.failedBackup),
  of('several', 'backup-inside', ({ found }) => `${found.inside}/browse/www`),
  of('several', 'backup-file', ({ found }) => `${found.inside}/browse/www/index.html`),
  of('several', 'backup-difference', ({ found }) => `${found.inside}/browse/www/index.html?with=now`),
  of('several', 'backup-difference-days', ({ found }) => `${found.inside}/browse/www/index.html?with=${found.before}`),
  of('several', 'backup-changes', ({ found }) => `${found.inside}/changes`),
  of('several', 'backup-changes-some', ({ found }) => `${found.inside}/changes?kind=changed`),
  of('several', 'backup-link', ({ found }) => `${found.inside}/link`),
  of('several', 'backups-small', ({ customers }) => `/sites/${customers.several.site}/backups`),
  of('several', 'backups-kept', ({ customers }) => `/sites/${customers.several.site}/backups/archives`),
  of('several', 'downloads', ({ customers }) => `/sites/${customers.several.site}/backups/downloads`),
  of('several', 'tokens', ({ customers }) => `/sites/${customers.several.site}/backups/tokens`),
  of('fresh', 'tokens-none', ({ customers }) => `/sites/${customers.fresh.site}/backups/tokens`),
  {
    name: 'token-once',
    who: 'several',
    open: async (page, at, { customers }) => {
      await page.goto(at(`/sites/${customers.several.site}/backups/tokens`));
      await page.locator('#name').fill('NAS');
      await submit(page);
    },
  },
  of('several', 'alerts', () => '/account/alerts'),
  of('fresh', 'alerts-none', () => '/account/alerts'),
  of('fresh', 'webhook', () => '/account/alerts/webhook'),
  {
    name: 'webhook-once',
    who: 'quiet',
    open: async (page, at) => {
      await page.goto(at('/account/alerts/webhook'));
      await page.locator('#url').fill('https://10.9.8.7/hooks/backup');
      await submit(page);
    },
  },
  of('fresh', 'downloads-none', ({ customers }) => `/sites/${customers.fresh.site}/backups/downloads`),
  ...contractShots,
];
