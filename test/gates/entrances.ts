// Who may enter where: every route of the program with its entrance. A route that is not written down here fails routes.http.test.ts.
import { Secret, TOTP } from 'otpauth';
import { day, LocalTime } from '../../src/platform/clock.ts';
import { publicKey } from '../ssh/asking.ts';
import { password, type Visitor } from '../support/panel.ts';
import type { Household } from './household.ts';

/**
 * `everyone` needs no session · `machines` the same, but with one address, not one a language · `programs` a token in the header, and no session
 * (test/api) · `session` leads to the login ·
 * `fresh` leads to /confirm as well when the sign-in is older than CONFIRM_MINUTES.
 */
export type Entrance = {
  readonly who: 'everyone' | 'machines' | 'programs' | 'session' | 'fresh';
  /**
   * what it needs of whom it lets in, and so what each role may do here (roles.http.test.ts): `own` concerns their own account, which
   * every role has · `look` and `change` a site · `maker` what only an owner and whoever made it may change, who is an owner here ·
   * `people` the customer as a whole, which only an owner decides on
   */
  readonly may?: 'own' | 'look' | 'change' | 'maker' | 'people';
  /** what a GET answers to whom it lets in, if not 200 */
  readonly status?: number;
  /** what a customer's bytes or ours come as, if not a page or JSON */
  readonly as?: 'attachment' | 'asset' | 'block';
  /** what a form sends that changes something: without it, refusing it would prove nothing */
  readonly fields?: Readonly<Record<string, string>>;
  /** the cookie that holds what it changes, when that is all it changes */
  readonly cookie?: string;
  /** the form carries files: pages, unless one file of another kind is named */
  readonly multipart?: true | { readonly field: string; readonly name: string; readonly text: string };
  /** no form sends it, but a script: with the token in a header */
  readonly script?: {
    readonly type: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly text: string;
    readonly status?: number;
  };
  /** what must have happened before the form can act */
  readonly before?: (visitor: Visitor) => Promise<unknown>;
  /** acts on a person of its own, who is gone or changed afterwards */
  readonly alone?: true;
  /** what its page tells only then: ids, codes. The clock is that of the panel, in epoch milliseconds */
  readonly found?: (visitor: Visitor, now: number, owner: Household) => Promise<Readonly<Record<string, string>>>;
  /** only a device or an app can answer it: the test that does */
  readonly provenBy?: string;
  /** what a thief with a session of an absent owner would gain: only a sign-in fresher than CONFIRM_MINUTES, second factor included, may */
  readonly delicate?: string;
  /** why a change of one's own account needs no fresh sign-in */
  readonly harmless?: string;
};

const page: Entrance = { who: 'everyone' };
const own: Entrance = { who: 'session', may: 'own' };
const look: Entrance = { who: 'session', may: 'look' };
const people: Entrance = { who: 'session', may: 'people' };
const redirect = { status: 303 } as const;
const newPassword = 'quiet-Harbor-52-lantern';
const aName = { age_14: '1', agree_terms: '1', agree_backup: '1', agree_sla: '1', password, name: '', phone: '' };

/** Signs the same person in with another browser. */
async function again(visitor: Visitor): Promise<void> {
  const text = (await visitor.get('/account/security')).text;
  const email = /name="username" value="([^"]+)"/.exec(text)?.[1] ?? '';
  await visitor.another().logIn(email);
}

const webhookUrl = 'https://10.9.8.7/hook';

const setWebhook = (visitor: Visitor) => visitor.submit('/account/alerts/webhook', { url: webhookUrl });

async function aSite(visitor: Visitor): Promise<Record<string, string>> {
  return { sites: await visitor.site() };
}

async function codeOfPage(visitor: Visitor, now: number): Promise<Record<string, string>> {
  const { text } = await visitor.get('/account/security/app');
  const secret = /class="hash">([A-Z2-7 ]+)</.exec(text)?.[1]?.replaceAll(' ', '') ?? '';
  return { code: new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: now }) };
}

async function throwAway(visitor: Visitor): Promise<void> {
  const files = `/sites/${await visitor.site()}/files`;
  await visitor.submit(`${files}/www/album/readme.txt?do=view`, {}, `${files}/trash`);
}

/** Stands in the last of the pages before a restore; whoever may not see that page has none. */
async function planHash(visitor: Visitor, _now: number, { backup }: Household): Promise<Record<string, string>> {
  const backups = `/sites/${await visitor.site()}/backups`;
  const asked = 'scope=all&dest=new_folder&mode=keep_new';
  const { text: page } = await visitor.get(`${backups}/${backup}/restoration/confirmation?${asked}`);
  return { plan_hash: /name="plan_hash" value="([0-9a-f]{64})"/.exec(page)?.[1] ?? '0'.repeat(64) };
}

/** What was deleted last lies first in the trash. */
async function newestTrashed(visitor: Visitor): Promise<Record<string, string>> {
  const { text } = await visitor.get(`/sites/${await visitor.site()}/files/trash`);
  return { id: /name="id" value="([0-9a-f-]{36})"/.exec(text)?.[1] ?? '' };
}

export const entrances: Readonly<Record<string, Entrance>> = {
  // First: the trash is emptied after thirty days, and the gates send each form a day later than the one before.
  'POST /sites/:site/databases/trash/:id/restoration': {
    who: 'fresh',
    may: 'change',
    delicate: 'what is there now',
    fields: {},
  },

  'USE /assets': { who: 'machines', as: 'asset' },
  'GET /healthz': { who: 'machines' },
  'GET /readyz': { who: 'machines' },
  // To addresses of METRICS_ALLOW only, which is this one; to others there is none (test/operating).
  'GET /metrics': { who: 'machines' },

  'GET /watchz': { who: 'machines' },
  'GET /api/v1/openapi.json': { who: 'machines' },
  'GET /api/v1/billing/openapi.json': { who: 'machines' },
  'GET /api/v1/billing/orders/:name': { who: 'programs', status: 401 },
  'GET /api/v1/billing/customers/:name': { who: 'programs', status: 401 },
  'POST /api/v1/billing/orders': { who: 'programs', status: 401 },
  'POST /api/v1/billing/orders/:name/plan': { who: 'programs', status: 401 },
  'GET /api/v1/billing/closings': { who: 'programs', status: 401 },
  'POST /api/v1/billing/orders/:name/payment': { who: 'programs', status: 401 },
  'POST /api/v1/billing/customers/:name/non-payment': { who: 'programs', status: 401 },
  'POST /api/v1/billing/customers/:name/payment': { who: 'programs', status: 401 },
  'POST /api/v1/billing/customers/:name/termination': { who: 'programs', status: 401 },
  'GET /api/v1/sites/:site/backups': { who: 'programs', status: 401 },
  'GET /api/v1/sites/:site/backups/:backup': { who: 'programs', status: 401 },
  'GET /api/v1/sites/:site/backups/:backup/archive': { who: 'programs', status: 401 },
  'GET /api/v1/sites/:site/backups/:backup/sha256': { who: 'programs', status: 401 },

  'GET /': page,
  'GET /plans': page,
  'GET /plans/:slug': page,
  'GET /backup-location': page,
  'GET /officers': page,
  'GET /privacy': page,
  'GET /blocks/:name': { who: 'machines', as: 'block' },
  'GET /guideline': page,
  'GET /theme': page,
  'POST /theme': { who: 'everyone', cookie: 'theme', fields: { theme: 'dark' } },
  // The gates' panel is on loopback; anywhere else there is none (test/theme.http.test.ts).
  'GET /style': page,
  'GET /documents/:document': page,
  'GET /documents/:document/:version': page,
  // There is one version here; test/sign-in/re-consent.http.test.ts has more.
  'GET /documents/:document/:version/changes': { who: 'everyone', status: 404 },

  'GET /signup': page,
  'POST /signup': { who: 'everyone', fields: { ...aName, email: 'somebody@example.com', terms_versions: 'of the page' } },
  'GET /signup/sent': { who: 'everyone', ...redirect },
  'POST /signup/resend': { who: 'everyone', fields: {}, before: (visitor) => visitor.signUp('again@example.com') },
  'GET /verify/:token': page,
  'POST /verify/:token': { who: 'everyone', fields: { password } },
  'GET /login': page,
  'POST /login': { who: 'everyone', fields: { email: 'owner@example.com', password } },
  // There is a picture only when one is due.
  'GET /login/captcha': { who: 'machines', status: 404 },
  'POST /login/link': { who: 'everyone', fields: { email: 'owner@example.com' } },
  'GET /login/link/:token': page,
  'POST /login/link/:token': { who: 'everyone', fields: {} },
  'GET /confirm': own,
  'POST /confirm': { who: 'session', may: 'own', fields: { password } },
  'POST /confirm/passkey': { who: 'session', may: 'own', fields: { response: '{}' }, provenBy: 'test/browser/passkeys.spec.ts' },
  'POST /logout': { who: 'session', may: 'own', fields: {} },

  // Only for who came from another panel and has not agreed yet.
  'GET /agree': { who: 'session', may: 'own', ...redirect },
  'POST /agree': { who: 'session', may: 'own', fields: {}, provenBy: 'test/sign-in/imported.http.test.ts' },

  'GET /password/forgot': page,
  'POST /password/forgot': { who: 'everyone', fields: { email: 'owner@example.com' } },
  'GET /password/reset/:token': page,
  'POST /password/reset/:token': { who: 'everyone', fields: { password: newPassword } },
  'GET /account/lost-factor/:token': page,
  'POST /account/lost-factor/:token': { who: 'everyone', fields: {} },
  'GET /account/not-me/:token': page,
  'POST /account/not-me/:token': { who: 'everyone', fields: {} },
  'GET /login/second-factor': { who: 'everyone', ...redirect },
  'POST /login/second-factor': {
    who: 'everyone',
    fields: { code: '123456' },
    provenBy: 'test/sign-in/second-factors.http.test.ts',
  },
  'POST /login/passkey/options': { who: 'everyone', fields: {}, provenBy: 'test/browser/passkeys.spec.ts' },
  'POST /login/passkey': { who: 'everyone', fields: { response: '{}' }, provenBy: 'test/browser/passkeys.spec.ts' },
  'GET /account': { who: 'session', may: 'own', ...redirect },
  'POST /account/stay': {
    who: 'session',
    may: 'own',
    harmless: 'it is a use of the session, as any page is',
    fields: {},
    provenBy: 'test/sign-in/sign-in.http.test.ts',
  },
  'GET /account/security': own,
  // Who is not restricted is led to the dashboard (test/sign-in/restricted.http.test.ts).
  'GET /account/restriction': { who: 'session', may: 'own', ...redirect },
  'POST /account/security/password': {
    who: 'fresh',
    may: 'own',
    delicate: 'the account',
    alone: true,
    fields: { current_password: password, new_password: newPassword },
  },
  'POST /account/security/sessions/end': {
    who: 'fresh',
    may: 'own',
    delicate: 'the owner put out (ASVS 7.5.2)',
    alone: true,
    fields: {},
    before: again,
    found: (visitor) => visitor.hidden('/account/security', '/account/security/sessions/end') as Promise<Record<string, string>>,
  },
  'POST /account/security/sessions/end-others': {
    who: 'fresh',
    may: 'own',
    delicate: 'the owner put out (ASVS 7.5.2)',
    alone: true,
    fields: {},
    before: again,
  },
  'POST /account/security/lost-factor/stop': {
    who: 'session',
    may: 'own',
    harmless: 'it keeps the factors that are there',
    alone: true,
    fields: {},
    provenBy: 'test/sign-in/lost-factors.http.test.ts',
  },
  'GET /account/security/not-me': own,
  'POST /account/security/not-me': {
    who: 'session',
    may: 'own',
    harmless: 'it is the alarm: it ends every session, the one that presses it too, and only the mailbox gets the way back',
    alone: true,
    fields: {},
  },
  'GET /account/security/address': { who: 'fresh', may: 'own', delicate: 'the addresses' },
  'POST /account/security/address': {
    who: 'fresh',
    may: 'own',
    delicate: 'the account',
    alone: true,
    fields: { email: 'moved@example.com' },
  },
  'POST /account/security/address/cancel': {
    who: 'fresh',
    may: 'own',
    delicate: 'the owner kept at the old mailbox',
    alone: true,
    fields: {},
    before: (visitor) => visitor.submit('/account/security/address', { email: 'called-off@example.com' }),
  },
  'GET /account/address/old/:token': page,
  'POST /account/address/old/:token': { who: 'everyone', fields: {} },
  'GET /account/address/new/:token': page,
  'POST /account/address/new/:token': { who: 'everyone', fields: {} },
  'GET /account/address/undo/:token': page,
  'POST /account/address/undo/:token': { who: 'everyone', fields: {} },
  'GET /account/security/networks': { who: 'fresh', may: 'own', delicate: 'where the owner is' },
  'POST /account/security/networks': {
    who: 'fresh',
    may: 'own',
    delicate: 'the owner locked out, or strangers let in',
    alone: true,
    fields: { networks: '192.0.2.0/24', with_present: '1' },
  },
  'GET /account/networks/:token': page,
  'POST /account/networks/:token': { who: 'everyone', fields: {} },
  'GET /account/security/app': { who: 'fresh', may: 'own', delicate: "a secret of the owner's" },
  'POST /account/security/app': { who: 'fresh', may: 'own', delicate: 'a way in', alone: true, fields: {}, found: codeOfPage },
  'GET /account/security/recovery-codes': { who: 'fresh', may: 'own', delicate: 'ways in', ...redirect },
  'POST /account/security/recovery-codes': {
    who: 'fresh',
    may: 'own',
    delicate: 'ways in',
    fields: {},
    provenBy: 'test/sign-in/second-factors.http.test.ts',
  },
  'GET /account/security/app/removal': { who: 'fresh', may: 'own', delicate: 'the second step' },
  'POST /account/security/app/removal': {
    who: 'fresh',
    may: 'own',
    delicate: 'the second step',
    fields: {},
    provenBy: 'test/sign-in/second-factors.http.test.ts',
  },
  'POST /account/security/passkeys/options': {
    who: 'fresh',
    may: 'own',
    delicate: 'a way in',
    fields: {},
    provenBy: 'test/browser/passkeys.spec.ts',
  },
  'POST /account/security/passkeys': {
    who: 'fresh',
    may: 'own',
    delicate: 'a way in',
    fields: { response: '{}' },
    provenBy: 'test/browser/passkeys.spec.ts',
  },
  'POST /account/security/passkeys/removal': {
    who: 'fresh',
    may: 'own',
    delicate: 'the second step',
    fields: { passkey: 'x' },
    provenBy: 'test/sign-in/passkeys.http.test.ts',
  },

  'GET /invitations/:token': page,
  'POST /invitations/:token': {
    who: 'everyone',
    fields: { password, name: '', age_14: '1', agree_terms: '1', terms_versions: 'of the page' },
  },
  'GET /account/orders': people,
  'GET /account/orders/new': { who: 'fresh', may: 'people', delicate: 'what is paid for' },
  'POST /account/orders/new': {
    who: 'fresh',
    may: 'people',
    delicate: 'what is paid for',
    fields: { plan: 'seed', age_14: '1', agree_terms: '1', agree_backup: '1', agree_sla: '1', terms_versions: 'of the page' },
    provenBy: 'test/contracts/contracts.http.test.ts',
  },
  'GET /account/orders/:order/plan': { who: 'fresh', may: 'people', delicate: 'what is paid for' },
  'POST /account/orders/:order/plan': {
    who: 'fresh',
    may: 'people',
    delicate: 'what is paid for',
    fields: { plan: 'tree', age_14: '1', agree_terms: '1', agree_backup: '1', agree_sla: '1', terms_versions: 'of the page' },
    provenBy: 'test/contracts/contracts.http.test.ts',
  },
  'GET /account/people': people,
  'GET /account/people/invitation': { who: 'fresh', may: 'people', delicate: 'a place for the thief' },
  'POST /account/people/invitation': {
    who: 'fresh',
    may: 'people',
    delicate: 'a place for the thief',
    fields: { email: 'somebody.new@example.com', role: 'viewer', until: '', networks: '' },
    found: aSite,
  },
  'POST /account/people/invitations/:id/letter': {
    who: 'session',
    may: 'people',
    harmless: 'the letter goes to the address that a fresh sign-in chose',
    fields: {},
  },
  'POST /account/people/invitations/:id/withdrawal': {
    who: 'session',
    may: 'people',
    harmless: 'it takes a right away, and another letter gives it again',
    fields: {},
  },
  'GET /account/people/:id': { who: 'fresh', may: 'people', delicate: 'from where others come' },
  'POST /account/people/:id': {
    who: 'fresh',
    may: 'people',
    delicate: 'more rights, for longer, from anywhere',
    fields: { role: 'viewer', until: '', networks: '203.0.113.0/24' },
    found: aSite,
  },
  'GET /account/people/:id/end': people,
  'POST /account/people/:id/end': {
    who: 'session',
    may: 'people',
    harmless: 'who sees a stranger at work must be able to stop it at once',
    fields: {},
  },
  'GET /account/close': people,
  'POST /account/close': {
    who: 'fresh',
    may: 'people',
    delicate: 'everything that the customer has',
    alone: true,
    fields: { confirm: '1', reason: '' },
  },
  'POST /account/close/withdrawal': {
    who: 'session',
    may: 'people',
    harmless: 'it keeps the account as it is',
    fields: {},
    provenBy: 'test/termination/later.http.test.ts',
  },
  'GET /account/closed': { who: 'everyone', ...redirect },
  'GET /account/reopen/:token': page,
  'POST /account/reopen/:token': { who: 'everyone', fields: {} },
  'GET /certificates/:token': page,
  'GET /certificates/:token/json': { who: 'everyone', as: 'attachment' },
  'GET /account/history': own,
  'GET /account/outages': own,
  'GET /account/consents': own,
  // One of an owner: to anybody else their own are open (test/receipts/receipts.http.test.ts).
  'GET /account/consents/:id': people,
  'GET /account/consents/:id/receipt.json': { who: 'session', may: 'people', as: 'attachment' },
  'POST /account/consents/optional': {
    who: 'session',
    may: 'own',
    fields: { item: 'ads_email', agreed: '1' },
    harmless: 'an optional consent is given and taken back with the same one press (PIPA 22, 38), and a letter tells of it',
  },
  'GET /account/history/export': { who: 'session', may: 'own', as: 'attachment' },
  'GET /account/security/history': own,
  'GET /account/customers': own,
  // Where to go is told by the page of somebody with two customers.
  'POST /account/customers': {
    who: 'session',
    may: 'own',
    harmless: 'the session reaches the same places as before',
    fields: { customer: 'x' },
    provenBy: 'test/people/people.http.test.ts',
  },

  'GET /account/alerts': people,
  'POST /account/alerts': {
    who: 'session',
    may: 'people',
    harmless: 'troubles are told whatever is chosen',
    fields: { digest: '1' },
  },
  'GET /account/alerts/webhook': { who: 'fresh', may: 'people', delicate: 'where alerts are sent as well' },
  'POST /account/alerts/webhook': {
    who: 'fresh',
    may: 'people',
    delicate: 'where alerts are sent as well',
    // A private address: nothing is ever sent there.
    fields: { url: webhookUrl },
  },
  // Only right after one was set, and once.
  'GET /account/alerts/webhook/once': { who: 'session', may: 'people', ...redirect },
  'POST /account/alerts/webhook/trial': {
    who: 'session',
    may: 'people',
    harmless: 'it says nothing, and goes to an address that a fresh sign-in chose',
    fields: {},
    before: setWebhook,
  },
  'POST /account/alerts/webhook/removal': {
    who: 'session',
    may: 'people',
    harmless: 'letters go on',
    fields: {},
    before: setWebhook,
  },

  'GET /dashboard': own,
  'GET /sites/:site': look,
  'GET /files{/*path}': { who: 'session', may: 'own', ...redirect },
  'GET /sites/:site/files{/*path}': look,
  'GET /sites/:site/files/results/:id': look,
  'POST /sites/:site/files/upload': { who: 'session', may: 'change', multipart: true, fields: { to: 'www', conflict: 'rename' } },
  'GET /sites/:site/files/upload': { who: 'session', may: 'change' },
  'POST /sites/:site/files/upload/discard': {
    who: 'session',
    may: 'change',
    fields: {},
    provenBy: 'test/files/resumable.http.test.ts',
  },
  'POST /sites/:site/files/preflight': {
    who: 'session',
    may: 'change',
    fields: {},
    script: { type: 'application/json', text: '{"to":"www","files":[{"path":"a.php","bytes":1,"changedAt":1}]}', status: 200 },
  },
  'POST /sites/:site/files/uploads': {
    who: 'session',
    may: 'change',
    fields: {},
    script: {
      type: 'application/offset+octet-stream',
      headers: {
        'Tus-Resumable': '1.0.0',
        'Upload-Length': '9',
        'Upload-Metadata': `path ${btoa('www/t.txt')},conflict ${btoa('rename')}`,
      },
      text: 'some text',
      status: 201,
    },
  },
  'GET /sites/:site/usage': look,
  'GET /sites/:site/files/uploads/:id': { who: 'session', may: 'change' },
  'PATCH /sites/:site/files/uploads/:id': {
    who: 'session',
    may: 'change',
    fields: {},
    script: { type: 'application/offset+octet-stream', headers: { 'Tus-Resumable': '1.0.0', 'Upload-Offset': '0' }, text: 'ab' },
    provenBy: 'test/files/resumable.http.test.ts',
  },
  'DELETE /sites/:site/files/uploads/:id': {
    who: 'session',
    may: 'change',
    fields: {},
    script: { type: '', headers: { 'Tus-Resumable': '1.0.0' }, text: '' },
    provenBy: 'test/files/resumable.http.test.ts',
  },
  'POST /sites/:site/files/folder': { who: 'session', may: 'change', fields: { path: 'www', name: 'a new folder' } },
  'POST /sites/:site/files/rights': {
    who: 'session',
    may: 'change',
    fields: { path: 'www/notes.html', rights: 'owner_read' },
  },
  'POST /sites/:site/files/move': {
    who: 'session',
    may: 'change',
    fields: { path: 'www/notes.html', to: 'www/album', name: '' },
  },
  'POST /sites/:site/files/copy': {
    who: 'session',
    may: 'change',
    fields: { path: 'www/notes.html', to: 'www', conflict: 'rename' },
  },
  'POST /sites/:site/files/compress': { who: 'session', may: 'change', fields: { path: 'www/notes.html', name: 'by-form' } },
  'POST /sites/:site/files/extract': {
    who: 'session',
    may: 'change',
    fields: { path: 'www/archive.zip', where: 'new', name: 'by-form', conflict: 'skip' },
  },
  'GET /sites/:site/files/jobs/:id': look,
  'GET /sites/:site/files/jobs/:id/state': look,
  'POST /sites/:site/files/jobs/:id/cancel': { who: 'session', may: 'change', fields: {} },
  'POST /sites/:site/files/text': { who: 'session', may: 'change', fields: { path: 'www', name: 'by-form.txt', body: 'a text' } },
  'GET /sites/:site/files/trash': look,
  'POST /sites/:site/files/trash': { who: 'session', may: 'change', fields: { path: 'www/album/readme.txt' } },
  'POST /sites/:site/files/trash/restoration': { who: 'session', may: 'change', fields: {}, found: newestTrashed },
  'GET /sites/:site/files/trash/deletion': { who: 'session', may: 'change' },
  'POST /sites/:site/files/trash/deletion': {
    who: 'session',
    may: 'change',
    fields: { all: '1', until: '9999999999999' },
    before: throwAway,
  },
  'POST /sites/:site/files/delete': { who: 'session', may: 'change', fields: { path: 'www/album' } },
  'GET /databases': { who: 'session', may: 'own', ...redirect },
  'GET /sites/:site/databases': look,
  'POST /sites/:site/databases': {
    who: 'fresh',
    may: 'change',
    delicate: 'a password that is shown',
    fields: { db_name: 'by_form', engine: 'mariadb', charset: '', db_password: '' },
  },
  'GET /sites/:site/databases/trash': look,
  'GET /sites/:site/databases/trash/:id/download': {
    who: 'fresh',
    may: 'look',
    delicate: 'everything of a database',
    as: 'attachment',
  },
  'GET /sites/:site/databases/trash/:id/restoration': { who: 'fresh', may: 'change', delicate: 'what is there now' },
  'GET /sites/:site/databases/:id': look,
  'GET /sites/:site/databases/:id/imports': { who: 'fresh', may: 'change', delicate: 'what is there now' },
  'GET /sites/:site/databases/:id/imports/:import': look,
  'GET /sites/:site/databases/:id/imports/:import/state': look,
  'GET /sites/:site/databases/:id/download': {
    who: 'fresh',
    may: 'look',
    delicate: 'everything of a database',
    as: 'attachment',
  },
  'GET /sites/:site/databases/:id/password': { who: 'fresh', may: 'change', delicate: 'the way in of programs' },
  'POST /sites/:site/databases/:id/password': {
    who: 'fresh',
    may: 'change',
    delicate: 'the way in of programs',
    fields: { db_password: '' },
  },
  // Only right after one was drawn, and once.
  'GET /sites/:site/databases/:id/password/once': { who: 'session', may: 'look', ...redirect },
  'POST /sites/:site/databases/:id/imports': {
    who: 'fresh',
    may: 'change',
    delicate: 'what is there now',
    multipart: { field: 'dump', name: 'dump.sql', text: 'CREATE TABLE sent_by_a_test (id int);\n' },
    fields: { mode: 'replace' },
  },
  'GET /ssh': { who: 'session', may: 'own', ...redirect },
  'GET /sites/:site/ssh': look,
  'POST /sites/:site/ssh': {
    who: 'fresh',
    may: 'people',
    delicate: 'a way onto the server for the thief',
    fields: { public_key: publicKey(), networks: '203.0.113.7', agree_ssh: '1' },
    found: async (_visitor, now) => ({ until: new LocalTime('Asia/Seoul').day(now + 9 * day), ssh_version: '2026-11-22' }),
  },
  'POST /sites/:site/ssh/consent': {
    who: 'fresh',
    may: 'people',
    delicate: 'a consent in the name of the owner',
    fields: { agree_ssh: '1', ssh_version: '2026-11-22' },
    provenBy: 'test/ssh/ssh.http.test.ts',
  },
  'POST /sites/:site/ssh/withdrawal': {
    who: 'session',
    may: 'people',
    harmless: 'it takes a request back, and another one can be sent',
    fields: {},
    provenBy: 'test/ssh/ssh.http.test.ts',
  },
  'GET /sites/:site/ssh/end': people,
  'POST /sites/:site/ssh/end': {
    who: 'session',
    may: 'people',
    harmless: 'who sees a stranger at work must be able to stop it at once',
    fields: {},
    provenBy: 'test/ssh/ssh.http.test.ts',
  },
  'GET /ftp': { who: 'session', may: 'own', ...redirect },
  'GET /sites/:site/ftp': look,
  // What a developer may do to an account of their own: test/ftp/ftp.http.test.ts.
  'GET /sites/:site/ftp/account': { who: 'fresh', may: 'change', delicate: 'a way in that stays' },
  'POST /sites/:site/ftp/account': {
    who: 'fresh',
    may: 'change',
    delicate: 'a way in that stays',
    fields: { user: 'another', path: '/www', password: 'copper-Lantern-71-river', allow_ips: '', expires: '' },
  },
  // Only once, after a password was drawn.
  'GET /sites/:site/ftp/password': { who: 'session', may: 'look', ...redirect },
  'GET /sites/:site/ftp/accounts/:id': { who: 'fresh', may: 'maker', delicate: 'from where and how long it lets in' },
  'POST /sites/:site/ftp/accounts/:id': {
    who: 'fresh',
    may: 'maker',
    delicate: 'from where and how long it lets in',
    fields: { path: '/www', allow_ips: '203.0.113.7', expires: '' },
  },
  'GET /sites/:site/ftp/accounts/:id/password': { who: 'fresh', may: 'maker', delicate: 'a password that lets in' },
  'POST /sites/:site/ftp/accounts/:id/password': {
    who: 'fresh',
    may: 'maker',
    delicate: 'a password that lets in',
    fields: { password: 'quiet-Harbor-52-lantern' },
  },
  'POST /sites/:site/ftp/accounts/:id/off': { who: 'session', may: 'maker', fields: {} },
  'POST /sites/:site/ftp/accounts/:id/on': { who: 'fresh', may: 'maker', delicate: 'a way in that was closed', fields: {} },
  'POST /sites/:site/ftp/accounts/:id/unlock': { who: 'session', may: 'maker', fields: {} },
  // Last: the account is gone afterwards.
  'GET /sites/:site/ftp/accounts/:id/end': { who: 'session', may: 'maker' },
  'POST /sites/:site/ftp/accounts/:id/end': { who: 'session', may: 'maker', fields: {} },
  'GET /sites/:site/folders': look,
  'POST /sites/:site/folders': { who: 'session', may: 'change', fields: { path: '/www/upload' } },
  'POST /sites/:site/folders/accept': { who: 'session', may: 'change', fields: { path: 'www/files', program: 'plain' } },
  'POST /sites/:site/folders/decline': { who: 'session', may: 'change', fields: { path: 'www/images' } },
  'POST /sites/:site/folders/preset': { who: 'session', may: 'change', fields: { preset: 'gnuboard' } },
  'GET /sites/:site/folders/off/*path': { who: 'fresh', may: 'people', delicate: 'what keeps uploads from running' },
  'POST /sites/:site/folders/off/*path': {
    who: 'fresh',
    may: 'people',
    delicate: 'what keeps uploads from running',
    fields: { reason: 'moved', sure: '1' },
  },
  'GET /sites/:site/suspicious': look,
  'POST /sites/:site/suspicious/:id/hold': { who: 'session', may: 'change', fields: {} },
  'GET /sites/:site/suspicious/:id/deletion': { who: 'session', may: 'change' },
  'POST /sites/:site/suspicious/:id/deletion': { who: 'session', may: 'change', fields: {} },
  'GET /sites/:site/ftp/refused': { ...look, ...redirect },
  'GET /backups': { who: 'session', may: 'own', ...redirect },
  'GET /sites/:site/backups': look,
  'POST /sites/:site/backups': { who: 'session', may: 'change', fields: {} },
  'GET /sites/:site/backups/:id': look,
  'POST /sites/:site/backups/:id/verification': {
    who: 'session',
    may: 'change',
    fields: {},
    provenBy: 'test/backups/asking-again.http.test.ts',
  },
  'POST /sites/:site/backups/:id/stop': {
    who: 'session',
    may: 'change',
    fields: {},
    provenBy: 'test/backups/asking-again.http.test.ts',
  },
  'GET /sites/:site/backups/archives': { who: 'fresh', may: 'change', delicate: 'scripts that meet no upload policy' },
  'POST /sites/:site/backups/archives': {
    who: 'fresh',
    may: 'change',
    delicate: 'scripts that meet no upload policy',
    multipart: { field: 'archive', name: 'kept.zip', text: 'no archive' },
    fields: {},
    provenBy: 'test/backups/bringing.http.test.ts',
  },
  'POST /sites/:site/backups/archives/pieces': {
    who: 'fresh',
    may: 'change',
    delicate: 'scripts that meet no upload policy',
    fields: {},
    script: { type: '', headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': '1000' }, text: '', status: 201 },
  },
  'GET /sites/:site/backups/archives/pieces/:id': {
    who: 'session',
    may: 'change',
  },
  'PATCH /sites/:site/backups/archives/pieces/:id': {
    who: 'session',
    may: 'change',
    fields: {},
    script: { type: 'application/offset+octet-stream', headers: { 'Tus-Resumable': '1.0.0', 'Upload-Offset': '0' }, text: 'PK' },
    provenBy: 'test/backups/pieces.http.test.ts',
  },
  'DELETE /sites/:site/backups/archives/pieces/:id': {
    who: 'session',
    may: 'change',
    fields: {},
    script: { type: '', headers: { 'Tus-Resumable': '1.0.0' }, text: '' },
    provenBy: 'test/backups/pieces.http.test.ts',
  },
  'GET /sites/:site/backups/:id/download': { who: 'fresh', may: 'look', delicate: 'everything of a site', as: 'attachment' },
  'GET /sites/:site/backups/:id/download/:part': { who: 'fresh', may: 'look', delicate: 'a part of a site', as: 'attachment' },
  'GET /sites/:site/backups/:id/file/*path': { who: 'fresh', may: 'look', delicate: 'a file of a site', as: 'attachment' },
  'GET /sites/:site/backups/:id/link': { who: 'fresh', may: 'change', delicate: 'everything of a site' },
  'POST /sites/:site/backups/:id/link': { who: 'fresh', may: 'change', delicate: 'everything of a site', fields: {} },
  'GET /sites/:site/backups/:id/link/once': { ...look, ...redirect },
  // A link that somebody made has its own test (test/downloads/links.http.test.ts); what nobody signed is not there.
  'GET /backup-links/:token/:name': { who: 'machines', status: 404 },
  'GET /sites/:site/backups/tokens': look,
  'POST /sites/:site/backups/tokens': {
    who: 'fresh',
    may: 'change',
    delicate: 'everything of a site, for as long as the token lasts',
    fields: { name: 'a NAS', reach: 'site', days: '30' },
  },
  // Only right after one was made, and once.
  'GET /sites/:site/backups/tokens/once': { ...look, ...redirect },
  'POST /sites/:site/backups/tokens/:id/end': { who: 'session', may: 'maker', fields: {} },
  'GET /sites/:site/backups/downloads': look,
  'GET /sites/:site/backups/:id/browse{/*path}': look,
  'GET /sites/:site/backups/:id/changes': look,
  'GET /sites/:site/backups/:id/sha256': { who: 'session', may: 'look', as: 'attachment' },
  'GET /sites/:site/backups/:id/state': look,
  'GET /sites/:site/backups/:id/restoration': { who: 'session', may: 'change' },
  // Without what is asked for they lead to the first page.
  'GET /sites/:site/backups/:id/restoration/preview': { who: 'session', may: 'change', ...redirect },
  'GET /sites/:site/backups/:id/restoration/confirmation': {
    who: 'fresh',
    may: 'change',
    delicate: 'what is there now',
    ...redirect,
  },
  'POST /sites/:site/backups/:id/restoration': {
    who: 'fresh',
    may: 'change',
    delicate: 'what is there now',
    fields: { scope: 'all', dest: 'new_folder', mode: 'keep_new' },
    found: planHash,
  },
  'GET /sites/:site/backups/restorations': look,
  'GET /sites/:site/backups/restorations/:id': look,
  'GET /sites/:site/backups/restorations/:id/state': look,
  // The restore that the form above has begun is under way by then.
  'POST /sites/:site/backups/restorations/:id/undo': {
    who: 'fresh',
    may: 'change',
    delicate: 'what is there now',
    fields: {},
    provenBy: 'test/restores/restores.http.test.ts',
  },
  // Of another database: one that is being deleted takes no import.
  'GET /sites/:site/databases/:id/deletion': { who: 'fresh', may: 'change', delicate: 'everything of a database' },
  'POST /sites/:site/databases/:id/deletion': {
    who: 'fresh',
    may: 'change',
    delicate: 'everything of a database',
    fields: { confirm: '1' },
  },
};

export const pathOf = (name: string): string => name.slice(name.indexOf(' ') + 1);

/** @throws Error for a route that is not in the table */
export function entranceOf(name: string): Entrance {
  const entrance = entrances[name];
  if (!entrance) throw new Error(`${name}: nobody said who may enter it`);
  return entrance;
}

export const isClosed = (name: string): boolean => ['session', 'fresh'].includes(entranceOf(name).who);

/** @returns what stands for the parameters of a route at this household; `:id` belongs to the part of the panel that the path names */
export function valuesFor(path: string, home: Household, tokens: Readonly<Record<string, string>>): Record<string, string> {
  return {
    site: home.site,
    id: idFor(path, home),
    path: path.startsWith('/files') ? 'www' : path.includes('/file/') ? 'www/notes.html' : 'www/album',
    part: 'files',
    name: path.startsWith('/blocks/') ? 'officers' : 'site.zip',
    slug: 'seed',
    document: 'terms',
    version: '2026-11-22',
    token: tokens[path] ?? (path.startsWith('/backup-links/') ? 'nothing' : ''),
    import: home.imported,
    order: home.order,
    backup: 'latest',
  };
}

function idFor(path: string, home: Household): string {
  if (path.includes('/account/consents/')) return home.consent;
  if (path.includes('/backups/restorations/')) return home.restore;
  if (path.includes('/backups/tokens/')) return home.apiToken;
  if (path.includes('/suspicious/')) return home.finding;
  if (path.includes('/ftp/accounts/')) return home.ftpAccount;
  if (path.includes('/files/results/')) return home.upload;
  if (path.includes('/files/uploads/')) return home.unfinished;
  if (path.includes('/archives/pieces/')) return home.arriving;
  if (path.includes('/files/jobs/')) return home.fileJob;
  if (path.includes('/people/invitations/')) return home.invitation;
  if (path.includes('/databases/trash/')) return home.dump;
  if (path.endsWith('/deletion')) return home.spare;
  if (path.includes('/databases/')) return home.database;
  return path.includes('/people/') ? home.place : home.backup;
}
