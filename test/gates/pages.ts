// Every page of the panel, and every state that a person can meet it in: what the gates look at. pages.spec.ts holds it against the program.
import { password as secret } from '../support/panel.ts';
import { archive } from './job-rows.ts';
import type { Names, Who } from './worlds.ts';

/** A form that is filled in and sent, by which the page is reached: it stands on the page of `path`. */
export type Sent = {
  /** address of the form without language; the page's own unless given */
  readonly action?: (names: Names) => string;
  /** what is typed, ticked or, for hidden fields, forged; the rest stays as the page has it */
  readonly fields: Readonly<Record<string, string | readonly string[]>>;
  readonly multipart?: true;
};

export type Page = {
  /** unique: what a person would call it */
  readonly name: string;
  readonly who: Who;
  readonly state: 'normal' | 'empty' | 'error' | 'long';
  /** without language; redirects are followed */
  readonly path: (names: Names) => string;
  /** the answer's status, 200 unless given */
  readonly status?: number;
  readonly sent?: Sent;
};

type Rest = Partial<Pick<Page, 'state' | 'status' | 'sent'>>;
const page = (name: string, who: Who, path: string | ((names: Names) => string), rest: Rest = {}): Page => ({
  name,
  who,
  state: 'normal',
  path: typeof path === 'string' ? () => path : path,
  ...rest,
});

/** A form sent with the token of another session: 403, and nothing has changed. */
const forged = (fields: Sent['fields'] = {}, action?: Sent['action']): Rest => ({
  state: 'error',
  status: 403,
  sent: { fields: { ...fields, _csrf: 'somebody-elses' }, ...(action && { action }) },
});
const refused = (fields: Sent['fields'], action?: Sent['action']): Rest => ({
  state: 'error',
  status: 422,
  sent: { fields, ...(action && { action }) },
});
const error = (status: number): Rest => ({ state: 'error', status });

const files = (path = '', owner: keyof Names['sites'] = 'customer') => {
  return ({ sites }: Names) => `/sites/${sites[owner]}/files${path}`;
};
const encoded = (text: string) => encodeURIComponent(text);
const backups = (path = '', owner: keyof Names['sites'] = 'customer') => {
  return ({ sites }: Names) => `/sites/${sites[owner]}/backups${path}`;
};
const backup = (name: keyof Names['backups'], path = '', owner: keyof Names['sites'] = 'customer') => {
  return ({ sites, backups: ids }: Names) => `/sites/${sites[owner]}/backups/${ids[name]}${path}`;
};
const databases = (path = '', owner: keyof Names['sites'] = 'customer') => {
  return ({ sites }: Names) => `/sites/${sites[owner]}/databases${path}`;
};
const database = (name: keyof Names['databases'], path = '', owner: keyof Names['sites'] = 'customer') => {
  return ({ sites, databases: ids }: Names) => `/sites/${sites[owner]}/databases/${ids[name]}${path}`;
};
const imported = (
  name: 'done' | 'failed' | 'running',
  into: 'blog' | 'shop' | 'lost',
  owner: keyof Names['sites'] = 'customer',
) => {
  return ({ sites, databases: ids }: Names) => `/sites/${sites[owner]}/databases/${ids[into]}/imports/${ids[name]}`;
};
const trashed = (path: string) => {
  return ({ sites, databases: ids }: Names) => `/sites/${sites.customer}/databases/trash/${ids.dump}${path}`;
};
const restore = (name: keyof Names['restores'], path = '', owner: keyof Names['sites'] = 'customer') => {
  return ({ sites, restores: ids }: Names) => `/sites/${sites[owner]}/backups/restorations/${ids[name]}${path}`;
};
const asksForAll = '?scope=all&dest=in_place&mode=exact';
const documents = ['terms', 'privacy', 'backup', 'backup-service', 'sla', 'ssh'];

const publicPages: readonly Page[] = [
  page('home', 'guest', '/'),
  page('home of a customer', 'customer', '/'),
  page('where the backups are', 'guest', '/backup-location'),
  page('officers', 'guest', '/officers'),
  page('privacy', 'guest', '/privacy', { state: 'long' }),
  page('the guideline clause by clause', 'guest', '/guideline', { state: 'long' }),
  page('light or dark', 'guest', '/theme?next=/plans'),
  page('light or dark, nothing chosen', 'guest', '/theme', refused({ theme: '' })),
  page('light or dark, forged', 'guest', '/theme', forged({ theme: 'dark' })),
  page('the style page', 'guest', '/style', { state: 'long' }),
  page('plans', 'guest', '/plans'),
  ...['seed', 'tree', 'forest'].map((slug) => page(`plan ${slug}`, 'guest', `/plans/${slug}`)),
  ...documents.map((name) => page(`document ${name}`, 'guest', `/documents/${name}`, { state: 'long' })),
  page('what a version changes', 'guest', ({ coming }) => `/documents/privacy/${coming}/changes`),
  page('a version to come', 'guest', ({ coming }) => `/documents/privacy/${coming}`, { state: 'long' }),
  page('a version of the terms', 'customer', '/documents/terms/2026-11-22', { state: 'long' }),
];

const accountPages: readonly Page[] = [
  page('sign up', 'guest', '/signup?plan=tree', { state: 'long' }),
  page('sign up, nothing filled in', 'guest', '/signup', refused({ email: '', password: '' })),
  page(
    'sign up, bad values',
    'guest',
    '/signup',
    refused({ email: 'nobody', password: 'short', phone: 'ring me', plan: 'seed' }),
  ),
  page('sign up, forged', 'guest', '/signup', forged({ email: 'somebody@example.com' })),
  page('sign-up letter sent', 'signedUp', '/signup/sent'),
  page('sign-up letter, asked again too soon', 'signedUp', '/signup/sent', {
    ...error(429),
    sent: { action: () => '/signup/resend', fields: {} },
  }),
  page(
    'sign-up letter, forged',
    'signedUp',
    '/signup/sent',
    forged({}, () => '/signup/resend'),
  ),
  page('verify in the same browser', 'signedUp', ({ verify }) => verify),
  page('verify in another browser', 'guest', ({ verify }) => verify),
  page('verify, no password', 'guest', ({ verify }) => verify, refused({ password: '' })),
  page('verify, forged', 'guest', ({ verify }) => verify, forged()),
  page('verify, link used', 'guest', ({ used }) => used, error(410)),
  page('log in', 'guest', '/login'),
  page('log in, nothing filled in', 'guest', '/login', refused({ email: '', password: '' })),
  page('log in, wrong', 'guest', '/login', refused({ email: 'nobody@example.com', password: 'not-the-Right-1-one' })),
  page('log in, forged', 'guest', '/login', forged({ email: 'nobody@example.com' })),
  page('log in with CAPTCHA', 'suspect', '/login'),
  page(
    'log in with CAPTCHA, no answer',
    'suspect',
    '/login',
    refused({ email: 'nobody@example.com', password: 'x', captcha: '' }),
  ),
  page('log in, before going on', 'guest', '/dashboard'),
  page('log in link sent', 'guest', '/login', { sent: { action: () => '/login/link', fields: { email: 'nobody@example.com' } } }),
  page(
    'log in link, no address',
    'guest',
    '/login',
    refused({ email: '' }, () => '/login/link'),
  ),
  page('log in by link', 'guest', '/login/link/never-given'),
  page('log in by link, link used', 'guest', '/login/link/never-given', { ...error(410), sent: { fields: {} } }),
  page('log in by link, forged', 'guest', '/login/link/never-given', forged()),
  page(
    'log out, forged',
    'beginner',
    '/dashboard',
    forged({}, () => '/logout'),
  ),
  page('confirm', 'customer', '/confirm?next=/dashboard'),
  page('confirm, no password', 'customer', '/confirm', refused({ password: '' })),
  page('confirm, too often', 'troubled', '/confirm', { ...error(429), sent: { fields: { password: 'not-the-Right-1-one' } } }),
  page('confirm, forged', 'customer', '/confirm', forged()),
];

const security = '/account/security';
const ownAccountPages: readonly Page[] = [
  page('forgotten password', 'guest', '/password/forgot'),
  page('forgotten password, no address', 'guest', '/password/forgot', refused({ email: '' })),
  page('forgotten password, letter sent', 'guest', '/password/forgot', { sent: { fields: { email: 'nobody@example.com' } } }),
  page('agree after a move', 'imported', '/agree', { state: 'long' }),
  page('agree after a move, nothing ticked', 'imported', '/agree', refused({})),
  page('agree after a move, forged', 'imported', '/agree', forged()),
  page('agree once more', 'changed', '/agree', { state: 'long' }),
  page('agree once more, nothing ticked', 'changed', '/agree', refused({})),
  page('dashboard before a change of the contract', 'changed', '/dashboard'),
  page('contracts', 'customer', '/account/orders'),
  page('order another site', 'customer', '/account/orders/new', { state: 'long' }),
  page('order another site, nothing chosen', 'customer', '/account/orders/new', refused({ plan: '' })),
  page('order another site, forged', 'customer', '/account/orders/new', forged({ plan: 'seed' })),
  page('change the plan', 'customer', ({ order }) => `/account/orders/${order}/plan`, { state: 'long' }),
  page(
    'change the plan, nothing ticked',
    'customer',
    ({ order }) => `/account/orders/${order}/plan`,
    refused({ plan: 'forest' }),
  ),
  page('change the plan, forged', 'customer', ({ order }) => `/account/orders/${order}/plan`, forged({ plan: 'forest' })),
  page('new password by letter', 'guest', ({ reset }) => reset),
  page('new password by letter, a weak one', 'guest', ({ reset }) => reset, refused({ password: 'qlalfqjsgh12!' })),
  page('new password by letter, link used', 'guest', '/password/reset/never-given', error(410)),
  page('this was not me, from a letter', 'guest', ({ notMe }) => notMe),
  page('this was not me, from a letter, forged', 'guest', ({ notMe }) => notMe, forged()),
  page('removal of a lost factor stopped, from a letter', 'guest', ({ lostFactor }) => lostFactor),
  page('removal of a lost factor stopped, from a letter, forged', 'guest', ({ lostFactor }) => lostFactor, forged()),
  page('removal of a lost factor stopped, link used', 'guest', '/account/lost-factor/never-given', error(410)),
  page('this was not me, link used', 'guest', '/account/not-me/never-given', error(410)),
  page('this was not me', 'customer', `${security}/not-me`),
  page('this was not me, forged', 'customer', `${security}/not-me`, forged()),
  page('account security', 'customer', security),
  page('account security with an app', 'guarded', security, { state: 'long' }),
  page(
    'account security, forged',
    'customer',
    security,
    forged({}, () => `${security}/password`),
  ),
  ...['sessions/end', 'sessions/end-others', 'recovery-codes', 'passkeys', 'passkeys/options', 'passkeys/removal'].map((part) =>
    page(
      `account security, ${part}, forged`,
      'guarded',
      security,
      forged({}, () => `${security}/${part}`),
    ),
  ),
  page('confirm with a second step', 'guarded', '/confirm?next=/account/security'),
  page('confirm with a second step, code missing', 'guarded', '/confirm', refused({ password: secret })),
  page(
    'confirm by passkey, forged',
    'guarded',
    '/confirm',
    forged({}, () => '/confirm/passkey'),
  ),
  page('email change', 'customer', `${security}/address`),
  page('email change, no address', 'customer', `${security}/address`, refused({ email: 'nobody' })),
  page('email change, forged', 'customer', `${security}/address`, forged({ email: 'somebody@example.com' })),
  page('email change that waits', 'moving', `${security}/address`, { state: 'long' }),
  page('account security, email change waits', 'moving', security),
  page(
    'email change, called off, forged',
    'moving',
    `${security}/address`,
    forged({}, () => `${security}/address/cancel`),
  ),
  ...(['old', 'new', 'undo'] as const).flatMap((side) => [
    page(`email change, ${side} link`, 'guest', ({ address }) => address[side]),
    page(`email change, ${side} link, forged`, 'guest', ({ address }) => address[side], forged()),
    page(`email change, ${side} link used`, 'guest', `/account/address/${side}/never-given`, error(410)),
  ]),
  page('email change, too early', 'guest', ({ address }) => address.early),
  page('allowed addresses', 'customer', `${security}/networks`),
  page('allowed addresses, what is none', 'customer', `${security}/networks`, refused({ networks: 'the office' })),
  page('allowed addresses, forged', 'customer', `${security}/networks`, forged({ networks: '198.51.100.0/24' })),
  page('allowed addresses, lift link', 'guest', ({ lift }) => lift),
  page('allowed addresses, lift link, forged', 'guest', ({ lift }) => lift, forged()),
  page('allowed addresses, lift link used', 'guest', '/account/networks/never-given', error(410)),
  page('authenticator app', 'customer', `${security}/app`),
  page('authenticator app, wrong code', 'customer', `${security}/app`, refused({ code: 'abc' })),
  page('recovery codes', 'guarded', security, { sent: { action: () => `${security}/recovery-codes`, fields: {} } }),
  page('authenticator app, removal', 'guarded', `${security}/app/removal`),
  page('authenticator app, removal forged', 'guarded', `${security}/app/removal`, forged()),
  ...['/account/stay', `${security}/lost-factor/stop`].map((action) =>
    page(
      `account security, ${action.split('/').at(-1)} forged`,
      'customer',
      security,
      forged({}, () => action),
    ),
  ),
  page('second step', 'half', '/login/second-factor'),
  page('second step, forged', 'half', '/login/second-factor', forged()),
  ...['passkey', 'passkey/options'].map((part) =>
    page(
      `log in, ${part}, forged`,
      'guest',
      '/login',
      forged({}, () => `/login/${part}`),
    ),
  ),
];

const close = '/account/close';
const closingPages: readonly Page[] = [
  page('close the account', 'customer', close, { state: 'long' }),
  page('close the account, nothing to take along', 'newcomer', close, { state: 'empty' }),
  page('close the account, not ticked', 'customer', close, refused({ reason: '이사합니다' })),
  page('close the account, forged', 'customer', close, forged({ confirm: '1' })),
  page('close the account, now or later', 'changed', close),
  page('close the account, no choice made', 'changed', close, refused({ confirm: '1', when: '' })),
  page('close the account, asked for later', 'troubled', close),
  page(
    'close the account, withdrawal forged',
    'troubled',
    close,
    forged({}, () => `${close}/withdrawal`),
  ),
  page('close the account, as a viewer', 'viewer', close, error(403)),
  page('account closed', 'leaver', close, { sent: { fields: { confirm: '1' } } }),
  page('undo the closing', 'guest', ({ reopen }) => reopen),
  page('undo the closing, forged', 'guest', ({ reopen }) => reopen, forged()),
  page('undo the closing, link used', 'guest', '/account/reopen/never-given', error(410)),
  page('certificate of destruction', 'guest', ({ certificate }) => certificate, { state: 'long' }),
  page('certificate of destruction, unknown', 'guest', '/certificates/never-given', error(404)),
];

const restrictedPages: readonly Page[] = [
  page('about the restriction', 'restricted', '/account/restriction'),
  page('dashboard of somebody restricted', 'restricted', '/dashboard', { state: 'error' }),
  page('new folder, by somebody restricted', 'restricted', files('/www', 'restricted'), {
    ...error(403),
    sent: { fields: { name: 'x' }, action: files('/folder', 'restricted') },
  }),
];

const place =
  (part = '') =>
  ({ place: id }: Names) =>
    `/account/people/${id}${part}`;
const invitation = '/account/people/invitation';
const noId = '0199f3a2-7c41-7d10-9a55-2f1c6be7a301';
const peoplePages: readonly Page[] = [
  page('people', 'customer', '/account/people', { state: 'long' }),
  page('people, alone', 'beginner', '/account/people', { state: 'empty' }),
  page('people, as a viewer', 'viewer', '/account/people', error(403)),
  ...['letter', 'withdrawal'].map((part) =>
    page(
      `people, ${part} forged`,
      'customer',
      '/account/people',
      forged({}, () => `/account/people/invitations/${noId}/${part}`),
    ),
  ),
  page('invite somebody', 'customer', invitation),
  page('invite somebody, bad values', 'customer', invitation, refused({ email: 'nobody', until: 'soon', networks: 'office' })),
  page('invite somebody, who is there', 'customer', invitation, {
    ...refused({ email: 'developer@example.com', role: 'viewer' }),
  }),
  page('invite somebody, forged', 'customer', invitation, forged({ email: 'nobody@example.com' })),
  page('change access', 'customer', place()),
  page('change access, bad values', 'customer', place(), refused({ until: '2020-01-01', networks: 'office, 10.0.0.0/40' })),
  page('change access, forged', 'customer', place(), forged()),
  page('change access, of nobody', 'customer', `/account/people/${noId}`, error(404)),
  page('end access', 'customer', place('/end')),
  page('end access, forged', 'customer', place('/end'), forged()),
  page('invitation', 'guest', ({ invitation: link }) => link, { state: 'long' }),
  page('invitation, nothing filled in', 'guest', ({ invitation: link }) => link, refused({ password: '' })),
  page('invitation, forged', 'guest', ({ invitation: link }) => link, forged()),
  page('invitation to somebody who has an account', 'guest', ({ invitationToSeveral }) => invitationToSeveral),
  page('invitation to join', 'several', ({ invitationToSeveral }) => invitationToSeveral),
  page('invitation to somebody else', 'customer', ({ invitation: link }) => link),
  page('invitation, link used', 'guest', '/invitations/never-given', error(410)),
  page('activity', 'customer', '/account/history', { state: 'long' }),
  page('activity of a kind', 'customer', '/account/history?kind=files'),
  page('activity, none of a kind', 'beginner', '/account/history?kind=backups', { state: 'empty' }),
  page('activity, as a developer', 'developer', '/account/history'),
  page('consents', 'customer', '/account/consents', { state: 'long' }),
  page('consents, as a developer', 'developer', '/account/consents'),
  page(
    'consents, an optional one, forged',
    'customer',
    '/account/consents',
    forged({ item: 'ads_email', agreed: '1' }, () => '/account/consents/optional'),
  ),
  page('receipt', 'customer', ({ consent }) => `/account/consents/${consent}`, { state: 'long' }),
  page('receipt, of nobody', 'customer', `/account/consents/${noId}`, error(404)),
  page('outages', 'customer', '/account/outages', { state: 'long' }),
  page('outages, none', 'beginner', '/account/outages', { state: 'empty' }),
  page('sign-ins of a year', 'customer', `${security}/history`),
  page('customers', 'developer', '/account/customers'),
  page('customers, forged', 'developer', '/account/customers', forged()),
  page('dashboard of a developer', 'developer', '/dashboard'),
];

const ftp =
  (part = '', owner: keyof Names['sites'] = 'customer') =>
  ({ sites }: Names) =>
    `/sites/${sites[owner]}/ftp${part}`;
const ftpAccount =
  (name: keyof Names['ftp'], part = '') =>
  ({ sites, ftp: ids }: Names) =>
    `/sites/${sites.customer}/ftp/accounts/${ids[name]}${part}`;
const ftpPages: readonly Page[] = [
  page('FTP', 'customer', ftp(), { state: 'long' }),
  page('FTP, from the menu', 'customer', '/ftp'),
  page('FTP, no account yet', 'beginner', ftp('', 'beginner'), { state: 'empty' }),
  page('FTP, site in preparation', 'newcomer', ({ closedSite }) => `/sites/${closedSite}/ftp`, { state: 'empty' }),
  page('FTP, site suspended', 'several', ({ secondSite }) => `/sites/${secondSite}/ftp`),
  page('FTP of a viewer', 'viewer', ftp()),
  page('FTP of a developer', 'developer', ftp()),
  page('FTP of somebody restricted', 'restricted', ftp('', 'restricted'), { state: 'error' }),
  page('make an FTP account', 'customer', ftp('/account')),
  page('make the first FTP account', 'beginner', ftp('/account', 'beginner')),
  page(
    'make an FTP account, bad values',
    'customer',
    ftp('/account'),
    refused({ user: '../etc', password: 'short', allow_ips: 'office', expires: '2020-01-01' }),
  ),
  page('make an FTP account, forged', 'customer', ftp('/account'), forged({ user: 'x' })),
  page('make an FTP account, as a viewer', 'viewer', ftp('/account'), error(403)),
  page('make an FTP account, site suspended', 'several', ({ secondSite }) => `/sites/${secondSite}/ftp/account`, error(409)),
  page('FTP password, shown once', 'customer', ftpAccount('main', '/password'), { sent: { fields: { password: '' } } }),
  page('FTP password, shown before', 'beginner', ftp('/password', 'beginner')),
  page('new FTP password', 'customer', ftpAccount('main', '/password')),
  page('new FTP password, a weak one', 'customer', ftpAccount('main', '/password'), refused({ password: 'qlalfqjsgh12!' })),
  page('new FTP password, forged', 'customer', ftpAccount('main', '/password'), forged()),
  page('change an FTP account', 'customer', ftpAccount('locked')),
  page('change an FTP account, bad values', 'customer', ftpAccount('locked'), refused({ allow_ips: 'office', expires: 'soon' })),
  page('change an FTP account, forged', 'customer', ftpAccount('locked'), forged()),
  page('change an FTP account, of nobody', 'customer', ftp(`/accounts/${noId}`), error(404)),
  page('remove an FTP account', 'customer', ftpAccount('locked', '/end')),
  page('remove an FTP account, forged', 'customer', ftpAccount('locked', '/end'), forged()),
  ...['off', 'on', 'unlock'].map((part) =>
    page(`FTP account, ${part}, forged`, 'customer', ftp(), forged({}, ftpAccount('locked', `/${part}`))),
  ),
];

const dashboardPages: readonly Page[] = [
  page('dashboard, site in preparation', 'newcomer', '/dashboard', { state: 'empty' }),
  page('dashboard, empty site', 'beginner', '/dashboard', { state: 'empty' }),
  page('dashboard', 'customer', '/dashboard'),
  page('dashboard, in trouble', 'troubled', '/dashboard', { state: 'error' }),
  page('dashboard, backups cannot be read', 'broken', '/dashboard', { state: 'error' }),
  page('dashboard of two sites', 'several', '/dashboard', { state: 'long' }),
  page('usage', 'customer', ({ sites }) => `/sites/${sites.customer}/usage`, { state: 'long' }),
  page('usage, nothing counted', 'beginner', ({ sites }) => `/sites/${sites.beginner}/usage`, { state: 'empty' }),
  page('usage, nearly full', 'troubled', ({ sites }) => `/sites/${sites.troubled}/usage`),
  page('usage of a stranger', 'customer', ({ sites }) => `/sites/${sites.troubled}/usage`, error(404)),
  page('dashboard of a viewer', 'viewer', '/dashboard'),
  page('one site', 'customer', ({ sites }) => `/sites/${sites.customer}`),
  page('one site, suspended', 'several', ({ secondSite }) => `/sites/${secondSite}`),
];

const filePages: readonly Page[] = [
  page('folder', 'customer', files('/www')),
  page('folder sorted', 'customer', files('/www?sort=-changed')),
  page('folder, top', 'customer', files()),
  page('folder of backups', 'customer', files('/backup')),
  page('folder with long names', 'customer', (names) => files(`/www/${encoded(names.longFolder)}`)(names), { state: 'long' }),
  page('folder, second page', 'customer', files(`/www/${encoded('많은 파일')}?page=2`)),
  page('folder, empty', 'beginner', files('/www', 'beginner'), { state: 'empty' }),
  page('folder, site in preparation', 'newcomer', ({ closedSite }) => `/sites/${closedSite}/files`, error(404)),
  page('folder, nearly full', 'troubled', files('/www', 'troubled'), { state: 'error' }),
  page('folder of a viewer', 'viewer', files('/www')),
  page('folder, nothing chosen', 'customer', files('/www?do=delete'), { state: 'error' }),
  page('new folder, no name', 'customer', files('/www'), refused({ name: '' }, files('/folder'))),
  page('new folder, name taken', 'customer', files('/www'), refused({ name: 'index.html' }, files('/folder'))),
  page('new folder, forged', 'customer', files('/www'), forged({ name: 'x' }, files('/folder'))),
  page('new folder, by a viewer', 'viewer', files('/www'), {
    ...error(403),
    sent: { fields: { name: 'x' }, action: files('/folder') },
  }),
  page('upload, forged', 'customer', files('/www'), {
    ...error(403),
    sent: { fields: { _csrf: 'somebody-elses' }, action: files('/upload'), multipart: true },
  }),
  page('upload page', 'customer', files('/upload?to=www'), { state: 'long' }),
  page('upload page for one file that is chosen again', 'customer', files('/upload?to=www&name=notice.txt&conflict=replace')),
  page('upload page, nothing uploaded yet', 'beginner', files('/upload', 'beginner'), { state: 'empty' }),
  page('upload page of a viewer', 'viewer', files('/upload'), error(403)),
  page('upload page, discarding what is not there', 'customer', files('/upload'), {
    ...error(404),
    sent: { action: files('/upload/discard'), fields: { id: 'nothing' } },
  }),
  page('upload page, discarding forged', 'customer', files('/upload'), {
    ...error(403),
    sent: { action: files('/upload/discard'), fields: { id: 'nothing', _csrf: 'somebody-elses' } },
  }),
  page('upload results', 'customer', (names) => files(`/results/${names.uploads.good}`)(names)),
  page('upload results with refusals', 'customer', (names) => files(`/results/${names.uploads.refused}`)(names), {
    state: 'long',
  }),
  page('file', 'customer', files('/www/index.html?do=view')),
  page('folder, its own page', 'customer', (names) => files(`/www/${encoded(names.longFolder)}?do=view`)(names), {
    state: 'long',
  }),
  page('edit', 'customer', files('/www/index.html?do=edit')),
  page('edit, forged', 'customer', files('/www/index.html?do=edit'), forged({ path: 'www/index.html' }, files('/text'))),
  page('edit, changed meanwhile', 'customer', files('/www/index.html?do=edit'), {
    ...error(409),
    sent: { fields: { etag: '0'.repeat(64), body: 'something else' }, action: files('/text') },
  }),
  page('new file', 'customer', files('/www?do=new')),
  page('new file, no name', 'customer', files('/www?do=new'), refused({ name: '', body: 'x' }, files('/text'))),
  page('rights', 'customer', files('/www/index.html?do=rights')),
  page(
    'rights, the owner shut out',
    'customer',
    files('/www/index.html?do=rights'),
    refused({ path: 'www/index.html', rights: '' }, files('/rights')),
  ),
  page('rights, forged', 'customer', files('/www/index.html?do=rights'), forged({ path: 'www/index.html' }, files('/rights'))),
  page('copy', 'customer', files('/www?do=copy&path=www/index.html')),
  page('copy several', 'customer', (names) =>
    files(`/www?do=copy&path=www/index.html&path=${encoded(`www/${names.longFolder}`)}`)(names),
  ),
  page(
    'copy, no such folder',
    'customer',
    files('/www?do=copy&path=www/index.html'),
    refused({ to: 'www/none' }, files('/copy')),
  ),
  page('copy, forged', 'customer', files('/www?do=copy&path=www/index.html'), forged({}, files('/copy'))),
  page('copy, nothing chosen', 'customer', files('/www?do=copy'), { state: 'error' }),
  page('compress', 'customer', files('/www?do=compress&path=www/index.html')),
  page(
    'compress, a name that may not be',
    'customer',
    files('/www?do=compress&path=www/index.html'),
    refused({ name: 'a.php.zip' }, files('/compress')),
  ),
  page('compress, forged', 'customer', files('/www?do=compress&path=www/index.html'), forged({}, files('/compress'))),
  page('an archive', 'customer', files(`/www/${encoded(archive)}?do=view`)),
  page('extract', 'customer', files(`/www/${encoded(archive)}?do=extract`)),
  page(
    'extract, a name that may not be',
    'customer',
    files(`/www/${encoded(archive)}?do=extract`),
    refused({ name: 'a/b' }, files('/extract')),
  ),
  page('extract, forged', 'customer', files(`/www/${encoded(archive)}?do=extract`), forged({}, files('/extract'))),
  page('extract what is no archive', 'customer', files('/www/index.html?do=extract'), error(404)),
  page('extraction with refusals', 'customer', (names) => files(`/jobs/${names.fileJobs.done}`)(names), { state: 'long' }),
  page('extraction of a broken archive', 'customer', (names) => files(`/jobs/${names.fileJobs.failed}`)(names), {
    state: 'error',
  }),
  page('extraction that runs', 'troubled', (names) => files(`/jobs/${names.fileJobs.running}`, 'troubled')(names)),
  page(
    'extraction that runs, called off, forged',
    'troubled',
    (names) => files(`/jobs/${names.fileJobs.running}`, 'troubled')(names),
    forged({}, (names) => files(`/jobs/${names.fileJobs.running}/cancel`, 'troubled')(names)),
  ),
  page('extraction that is not there', 'customer', files('/jobs/none'), error(404)),
  page('search', 'customer', files('/www?q=index')),
  page('search, nothing found', 'customer', files('/www?q=nothing+is+called+so'), { state: 'empty' }),
  page('search, nothing asked', 'customer', files('/www?q='), { state: 'empty' }),
  page('trash', 'customer', files('/trash'), { state: 'long' }),
  page('trash, empty', 'beginner', files('/trash', 'beginner'), { state: 'empty' }),
  page('trash of a viewer', 'viewer', files('/trash')),
  page('trash, nothing chosen', 'customer', files('/trash'), refused({}, files('/trash/restoration'))),
  page('trash, forged', 'customer', files('/trash'), forged({}, files('/trash/restoration'))),
  page('emptying the trash', 'customer', files('/trash/deletion?all=1'), { state: 'long' }),
  page('emptying the trash, forged', 'customer', files('/trash/deletion?all=1'), forged({}, files('/trash/deletion'))),
  page('to the trash, forged', 'customer', files('/www/index.html?do=view'), forged({}, files('/trash'))),
  page('emptying the trash, nothing chosen', 'customer', files('/trash/deletion'), { state: 'empty' }),
  page(
    'file with a long name',
    'customer',
    (names) => files(`/www/${encoded(names.longFolder)}/${encoded(names.longFile)}?do=view`)(names),
    { state: 'long' },
  ),
  page('move', 'customer', files('/www?do=move&path=www/index.html')),
  page('move several', 'customer', (names) =>
    files(`/www?do=move&path=www/index.html&path=${encoded(`www/${names.longFolder}`)}`)(names),
  ),
  page('move, bad place', 'customer', files('/www?do=move&path=www/index.html'), refused({ to: '' }, files('/move'))),
  page('move, forged', 'customer', files('/www?do=move&path=www/index.html'), forged({}, files('/move'))),
  page('delete', 'customer', files('/www?do=delete&path=www/index.html')),
  page('delete a long name', 'customer', (names) => files(`/www?do=delete&path=${encoded(`www/${names.longFolder}`)}`)(names), {
    state: 'long',
  }),
  page('delete, forged', 'customer', files('/www?do=delete&path=www/index.html'), forged({}, files('/delete'))),
];

const backupPages: readonly Page[] = [
  page('backups', 'customer', backups()),
  page('backups, second page', 'customer', backups('?page=2')),
  page('backups, another month', 'customer', backups('?month=2026-10')),
  page('backups, none yet', 'beginner', backups('', 'beginner'), { state: 'empty' }),
  page('backups, in trouble', 'troubled', backups('', 'troubled'), { state: 'error' }),
  page('backups, cannot be read', 'broken', backups('', 'broken'), error(500)),
  page('backups of the first of two sites', 'several', backups('', 'several'), { state: 'empty' }),
  page('backups of a viewer', 'viewer', backups()),
  page('backups, forged', 'beginner', backups('', 'beginner'), forged()),
  page('backup, reading it back forged', 'customer', backup('real'), forged({}, backup('real', '/verification'))),
  page('backup, its stop forged', 'customer', backup('real'), forged({}, backup('real', '/stop'))),
  page('backup, its inside', 'customer', backup('real', '/browse')),
  page('backup, a folder of it', 'customer', backup('real', '/browse/www')),
  page('backup, a file of it', 'customer', backup('real', '/browse/www/index.html')),
  page('backup, a file of it beside that of now', 'customer', backup('real', '/browse/www/index.html?with=now')),
  page('backup, nothing at this path', 'customer', backup('real', '/browse/www/nothing-here'), error(404)),
  page('backup, its archive cannot be read', 'customer', backup('verified', '/browse'), error(503)),
  page('backup that expired, its inside', 'customer', backup('expired', '/browse'), error(410)),
  page('backup that is damaged, its inside', 'customer', backup('damaged', '/browse'), error(409)),
  page('backup, what changed, the other cannot be read', 'customer', backup('real', '/changes'), error(503)),
  page('archive that was kept', 'customer', backups('/archives')),
  page('archive that was kept, nothing chosen', 'customer', backups('/archives'), {
    ...error(422),
    sent: { fields: {}, multipart: true },
  }),
  page('archive that was kept, forged', 'customer', backups('/archives'), {
    ...error(403),
    sent: { fields: { _csrf: 'somebody-elses' }, multipart: true },
  }),
  page('backup, an address for an hour', 'customer', backup('real', '/link')),
  page('backup, an address for an hour, forged', 'customer', backup('real', '/link'), forged()),
  page('address for an hour that nobody made', 'guest', '/backup-links/nothing/site.zip', error(404)),
  page('downloads of backups', 'customer', backups('/downloads')),
  page('downloads of backups, none yet', 'beginner', backups('/downloads', 'beginner'), { state: 'empty' }),
  page('backup of today', 'customer', backup('real')),
  page('backup that runs', 'troubled', backup('running', '', 'troubled')),
  page('backup that waits', 'several', backup('queued', '', 'several')),
  page('backup that was made', 'customer', backup('made')),
  page('backup that was verified', 'customer', backup('verified')),
  page('backup that was restored in a test', 'customer', backup('proven')),
  page('backup with a warning', 'customer', backup('warned'), { state: 'long' }),
  page('backup that shrank', 'customer', backup('shrunken'), { state: 'error' }),
  page('backup that failed', 'customer', backup('failed'), { state: 'error' }),
  page('backup that is damaged', 'customer', backup('damaged'), { state: 'error' }),
  page('backup that is missing', 'customer', backup('missing'), { state: 'error' }),
  page('backup that has expired', 'customer', backup('expired')),
  page('download of what failed', 'customer', backup('failed', '/download'), error(409)),
  page('download of what has expired', 'customer', backup('expired', '/download'), error(410)),
  page('download of what is lost', 'customer', backup('verified', '/download'), error(503)),
  page('restore, what and where', 'customer', backup('real', '/restoration')),
  page('restore, one file', 'customer', backup('real', `/restoration?scope=paths&paths=${encoded('www/소개.txt')}`)),
  page('restore, nothing chosen', 'customer', backup('real', '/restoration/preview?scope=paths'), error(422)),
  page('restore, preview', 'customer', backup('real', `/restoration/preview${asksForAll}`), { state: 'long' }),
  page('restore, preview of a new folder', 'customer', backup('real', '/restoration/preview?scope=all')),
  page('restore, confirmation', 'customer', backup('real', `/restoration/confirmation${asksForAll}`)),
  page('restore, no such plan', 'customer', backup('real', `/restoration/confirmation${asksForAll}`), {
    ...refused({ plan_hash: 'x' }, backup('real', '/restoration')),
  }),
  page('restore from what is damaged', 'customer', backup('damaged', '/restoration'), error(409)),
  page('restore from what is lost', 'customer', backup('verified', '/restoration'), error(503)),
  page('restores', 'customer', backups('/restorations')),
  page('restores, none yet', 'beginner', backups('/restorations', 'beginner'), { state: 'empty' }),
  page('restore that is done', 'customer', restore('done')),
  page('restore that is done, forged', 'customer', restore('done'), forged({}, restore('done', '/undo'))),
  page('restore into a new folder', 'customer', restore('aside')),
  page('restore that went back', 'customer', restore('returned'), { state: 'error' }),
  page('restore that runs', 'troubled', restore('running', '', 'troubled')),
];

const ssh = (part = '', owner: keyof Names['sites'] = 'customer') => {
  return ({ sites }: Names) => `/sites/${sites[owner]}/ssh${part}`;
};
const sshPages: readonly Page[] = [
  page('ssh, nothing asked for', 'beginner', ssh('', 'beginner'), { state: 'empty' }),
  page('ssh, bad values', 'beginner', ssh('', 'beginner'), {
    ...refused({ public_key: 'ssh-rsa hello', networks: '0.0.0.0/0, office', until: '2020-01-01' }),
  }),
  page(
    'ssh, a private key',
    'beginner',
    ssh('', 'beginner'),
    refused({ public_key: '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl' }),
  ),
  page('ssh, forged', 'beginner', ssh('', 'beginner'), forged()),
  page('ssh, waiting', 'customer', ssh(), { state: 'long' }),
  page('ssh, waiting, withdrawal forged', 'customer', ssh(), forged({}, ssh('/withdrawal'))),
  page('ssh, as a developer', 'developer', ssh()),
  page('ssh, as a viewer', 'viewer', ssh()),
  page('ssh, refused', 'troubled', ssh('', 'troubled')),
  page('ssh, open', 'several', ssh('', 'several'), { state: 'long' }),
  page('ssh, site suspended', 'several', ({ secondSite }) => `/sites/${secondSite}/ssh`),
  page('ssh, site in preparation', 'newcomer', ({ closedSite }) => `/sites/${closedSite}/ssh`, { state: 'empty' }),
  page('ssh, restricted', 'restricted', ssh('', 'restricted')),
  page('end ssh', 'several', ssh('/end', 'several')),
  page('end ssh, forged', 'several', ssh('/end', 'several'), forged()),
  page('end ssh, none', 'beginner', ssh('/end', 'beginner'), { state: 'empty' }),
];

const wanted = { charset: '', db_password: '' };
const databasePages: readonly Page[] = [
  page('databases', 'customer', databases()),
  page('databases, none yet', 'beginner', databases('', 'beginner'), { state: 'empty' }),
  page('databases, none on this server', 'several', databases('', 'several'), { state: 'empty' }),
  page('databases, site in preparation', 'newcomer', ({ closedSite }) => `/sites/${closedSite}/databases`, { state: 'empty' }),
  page('databases, site suspended', 'several', ({ secondSite }) => `/sites/${secondSite}/databases`),
  page('databases, server gone', 'troubled', databases('', 'troubled'), { state: 'error' }),
  page('databases of a viewer', 'viewer', databases()),
  page('databases, bad values', 'customer', databases(), refused({ ...wanted, db_name: 'My-Shop', db_password: 'short' })),
  page('databases, forged', 'beginner', databases('', 'beginner'), forged({ ...wanted, db_name: 'x' })),
  page('database', 'customer', database('blog'), { state: 'long' }),
  page('database, import stopped', 'customer', database('shop')),
  page('database, server gone', 'troubled', database('lost', '', 'troubled'), { state: 'error' }),
  page('database of a viewer', 'viewer', database('blog')),
  page('database, unknown', 'customer', `/sites/x/databases/${noId}`, error(404)),
  page('new password of a database', 'customer', database('blog', '/password')),
  page('new password of a database, weak', 'customer', database('blog', '/password'), refused({ db_password: 'short' })),
  page('new password of a database, forged', 'customer', database('blog', '/password'), forged({ db_password: '' })),
  page('password of a database, shown once', 'customer', database('shop', '/password'), {
    sent: { fields: { db_password: '' } },
  }),
  page('delete a database', 'customer', database('blog', '/deletion')),
  page('delete a database, not confirmed', 'customer', database('blog', '/deletion'), refused({})),
  page('delete a database, forged', 'customer', database('blog', '/deletion'), forged({ confirm: '1' })),
  page('delete a database, as a viewer', 'viewer', database('blog', '/deletion'), error(403)),
  page('import', 'customer', database('shop', '/imports')),
  page('import, no file', 'customer', database('shop', '/imports'), {
    state: 'error',
    status: 422,
    sent: { fields: {}, multipart: true },
  }),
  page('import, forged', 'customer', database('shop', '/imports'), {
    ...error(403),
    sent: { fields: { _csrf: 'somebody-elses' }, multipart: true },
  }),
  page('import that is done', 'customer', imported('done', 'blog')),
  page('import that stopped', 'customer', imported('failed', 'shop'), { state: 'error' }),
  page('import that runs', 'troubled', imported('running', 'lost', 'troubled')),
  page('trash of databases', 'customer', databases('/trash')),
  page('trash of databases, empty', 'beginner', databases('/trash', 'beginner'), { state: 'empty' }),
  page('restore a database', 'customer', trashed('/restoration')),
  page('restore a database, forged', 'customer', trashed('/restoration'), forged()),
];

const incoming = (path = '', owner: keyof Names['sites'] = 'customer') => {
  return ({ sites }: Names) => `/sites/${sites[owner]}/suspicious${path}`;
};

const folders = (path = '', owner: keyof Names['sites'] = 'customer') => {
  return ({ sites }: Names) => `/sites/${sites[owner]}/folders${path}`;
};
const finding = (path = '') => {
  return ({ sites, findings }: Names) => `/sites/${sites.customer}/suspicious/${findings.found}${path}`;
};

const incomingPages: readonly Page[] = [
  page('folder protection', 'customer', folders(), { state: 'long' }),
  page('folder protection, none yet', 'beginner', folders('', 'beginner'), { state: 'empty' }),
  page('folder protection, of a viewer', 'viewer', folders()),
  page('folder protection, of a site that is prepared', 'newcomer', ({ closedSite }) => `/sites/${closedSite}/folders`),
  page('folder protection, no folder named', 'customer', folders(), refused({ path: '' })),
  page('folder protection, forged', 'customer', folders(), forged({ path: '/www/upload' })),
  page('folder protection, no program chosen', 'customer', folders(), refused({ preset: '' }, folders('/preset'))),
  ...['accept', 'decline', 'preset'].map((act) =>
    page(`folder protection, ${act} forged`, 'customer', folders(), forged({ path: 'www/upload' }, folders(`/${act}`))),
  ),
  page('folder protection, turning off', 'customer', folders('/off/www/data')),
  page('folder protection, turning off without a reason', 'customer', folders('/off/www/data'), refused({})),
  page('folder protection, turning off, forged', 'customer', folders('/off/www/data'), forged()),
  page('folder protection, turning off what is not on', 'customer', folders('/off/www/nothing'), error(404)),
  page('delete a suspicious file', 'customer', finding('/deletion')),
  page('delete a suspicious file, forged', 'customer', finding('/deletion'), forged()),
  page('hold a suspicious file, forged', 'customer', incoming(), forged({}, finding('/hold'))),
  page('files held back', 'customer', incoming(), { state: 'long' }),
  page('files held back, second page', 'customer', incoming('?page=2')),
  page('files held back, none yet', 'beginner', incoming('', 'beginner'), { state: 'empty' }),
  page('files held back, of a viewer', 'viewer', incoming()),
];

const alerts = '/account/alerts';
const token = (path: string) => {
  return ({ sites, token: id }: Names) => `/sites/${sites.customer}/backups/tokens/${id}${path}`;
};
const alertPages: readonly Page[] = [
  page('alerts', 'customer', alerts, { state: 'long' }),
  page('alerts, no webhook yet', 'beginner', alerts, { state: 'empty' }),
  page('alerts, forged', 'customer', alerts, forged()),
  page('alerts, of a developer', 'developer', alerts, error(403)),
  page(
    'alerts, test message forged',
    'customer',
    alerts,
    forged({}, () => `${alerts}/webhook/trial`),
  ),
  page(
    'alerts, end of the webhook forged',
    'customer',
    alerts,
    forged({}, () => `${alerts}/webhook/removal`),
  ),
  page('webhook', 'beginner', `${alerts}/webhook`),
  page('webhook, another in its place', 'customer', `${alerts}/webhook`),
  page('webhook, no address', 'beginner', `${alerts}/webhook`, refused({ url: 'my computer' })),
  page('webhook, forged', 'customer', `${alerts}/webhook`, forged({ url: 'https://hooks.example.com' })),
  page('webhook, secret shown once', 'several', `${alerts}/webhook`, { sent: { fields: { url: 'https://10.9.8.7/hook' } } }),
  page('tokens', 'customer', backups('/tokens'), { state: 'long' }),
  page('tokens, none yet', 'beginner', backups('/tokens', 'beginner'), { state: 'empty' }),
  page('tokens, of a viewer', 'viewer', backups('/tokens')),
  page('tokens, nothing filled in', 'beginner', backups('/tokens', 'beginner'), refused({ name: '', reach: '', days: '' })),
  page('tokens, forged', 'customer', backups('/tokens'), forged({ name: 'x' })),
  page('tokens, end forged', 'customer', backups('/tokens'), forged({}, token('/end'))),
  page('token, shown once', 'several', backups('/tokens', 'several'), { sent: { fields: { name: '사무실 NAS' } } }),
];

const errorPages: readonly Page[] = [
  page('an address that cannot be read', 'guest', '/%E0%A4%A', error(400)),
  page('an unknown address', 'guest', '/nothing-here', error(404)),
  page('an unknown address, signed in', 'customer', '/nothing-here', error(404)),
  page("a stranger's site", 'beginner', ({ sites }) => `/sites/${sites.customer}`, error(404)),
  page('too much sent', 'guest', '/login', { ...error(413), sent: { fields: { email: 'x'.repeat(300_000) } } }),
];

export const pages: readonly Page[] = [
  ...publicPages,
  ...accountPages,
  ...ownAccountPages,
  ...closingPages,
  ...restrictedPages,
  ...peoplePages,
  ...ftpPages,
  ...dashboardPages,
  ...filePages,
  ...incomingPages,
  ...backupPages,
  ...sshPages,
  ...databasePages,
  ...alertPages,
  ...errorPages,
];

type NoPage = { readonly why: string; readonly who: Who; readonly path: Page['path']; readonly status?: number };

/** GET routes that answer no page, and why; list.spec.ts asks each. */
export const noPages: Readonly<Record<string, NoPage>> = {
  '/healthz': { why: 'JSON', who: 'guest', path: () => '/healthz' },
  '/readyz': { why: 'JSON', who: 'guest', path: () => '/readyz' },
  '/watchz': { why: 'JSON', who: 'guest', path: () => '/watchz' },
  '/api/v1/openapi.json': { why: 'JSON', who: 'guest', path: () => '/api/v1/openapi.json' },
  '/api/v1/billing/openapi.json': { why: 'JSON', who: 'guest', path: () => '/api/v1/billing/openapi.json' },
  '/api/v1/billing/closings': {
    why: 'for the company’s own billing, with a token: JSON (test/billing)',
    who: 'guest',
    path: () => '/api/v1/billing/closings',
    status: 401,
  },
  ...Object.fromEntries(
    ['orders', 'customers'].map((part) => [
      `/api/v1/billing/${part}/:name`,
      {
        why: 'for the company’s own billing, with a token: JSON (test/billing)',
        who: 'guest' as const,
        path: () => `/api/v1/billing/${part}/none`,
        status: 401,
      },
    ]),
  ),
  ...Object.fromEntries(
    ['', '/:backup', '/:backup/archive', '/:backup/sha256'].map((part) => [
      `/api/v1/sites/:site/backups${part}`,
      {
        why: 'for programs with a token: JSON, archives, checksums (test/api)',
        who: 'guest' as const,
        path: ({ sites }: Names) => `/api/v1/sites/${sites.customer}/backups${part.replace(':backup', 'latest')}`,
        status: 401,
      },
    ]),
  ),
  '/account/alerts/webhook/once': {
    why: 'shows a secret once, right after it was made, and leads back afterwards',
    who: 'customer',
    path: () => `${alerts}/webhook/once`,
  },
  '/sites/:site/backups/tokens/once': {
    why: 'shows a token once, right after it was made, and leads back afterwards',
    who: 'customer',
    path: backups('/tokens/once'),
  },
  '/metrics': { why: 'figures for Prometheus', who: 'guest', path: () => '/metrics' },
  '/blocks/:name': { why: 'a part for pages of the company', who: 'guest', path: () => '/blocks/officers.json' },
  '/account': { why: 'leads to the security of the account', who: 'customer', path: () => '/account' },
  '/account/security/recovery-codes': {
    why: 'shows codes right after they were made, else leads back',
    who: 'customer',
    path: () => '/account/security/recovery-codes',
  },
  '/account/history/export': { why: 'a table for spreadsheets', who: 'customer', path: () => '/account/history/export' },
  '/account/closed': {
    why: 'shows what was ended, right after it was, and leads to the sign-in afterwards',
    who: 'guest',
    path: () => '/account/closed',
  },
  '/certificates/:token/json': { why: 'a file for programs', who: 'guest', path: ({ certificate }) => `${certificate}/json` },
  '/account/consents/:id/receipt.json': {
    why: 'a file for programs',
    who: 'customer',
    path: ({ consent }) => `/account/consents/${consent}/receipt.json`,
  },
  '/login/captcha': { why: 'a picture', who: 'suspect', path: () => '/login/captcha' },
  '/sites/:site/files/uploads/:id': {
    why: 'tells programs how much has arrived',
    who: 'customer',
    path: ({ sites, uploads }) => `/sites/${sites.customer}/files/uploads/${uploads.unfinished}`,
  },
  '/sites/:site/backups/archives/pieces/:id': {
    why: 'tells programs how much has arrived',
    who: 'customer',
    path: ({ sites, uploads }) => `/sites/${sites.customer}/backups/archives/pieces/${uploads.arriving}`,
  },
  '/files{/*path}': { why: 'leads to the files of a site', who: 'customer', path: () => '/files' },
  '/backups': { why: 'leads to the backups of a site', who: 'customer', path: () => '/backups' },
  '/sites/:site/ftp/refused': {
    why: 'leads to the suspicious files',
    who: 'customer',
    path: ({ sites }) => `/sites/${sites.customer}/ftp/refused`,
  },
  '/ssh': { why: 'leads to SSH of a site', who: 'customer', path: () => '/ssh' },
  '/databases': { why: 'leads to the databases of a site', who: 'customer', path: () => '/databases' },
  '/sites/:site/databases/:id/password/once': {
    why: 'shows a password once, right after it was drawn, and leads back afterwards',
    who: 'customer',
    path: database('blog', '/password/once'),
  },
  '/sites/:site/databases/:id/download': { why: 'a dump', who: 'customer', path: database('blog', '/download') },
  '/sites/:site/databases/trash/:id/download': { why: 'a dump', who: 'customer', path: trashed('/download') },
  '/sites/:site/databases/:id/imports/:import/state': {
    why: 'JSON',
    who: 'customer',
    path: (names) => `${imported('done', 'blog')(names)}/state`,
  },
  '/sites/:site/backups/:id/sha256': { why: 'a checksum file', who: 'customer', path: backup('real', '/sha256') },
  '/sites/:site/files/jobs/:id/state': {
    why: 'JSON',
    who: 'customer',
    path: (names) => files(`/jobs/${names.fileJobs.done}/state`)(names),
  },
  '/sites/:site/backups/:id/download/:part': { why: 'an archive', who: 'customer', path: backup('real', '/download/files') },
  '/sites/:site/backups/:id/file/*path': { why: 'a file', who: 'customer', path: backup('real', '/file/www/index.html') },
  '/sites/:site/backups/:id/link/once': {
    why: 'shows an address once, right after it was made, and leads back afterwards',
    who: 'customer',
    path: backup('real', '/link/once'),
  },
  '/sites/:site/backups/:id/state': { why: 'JSON', who: 'customer', path: backup('real', '/state') },
  '/sites/:site/backups/restorations/:id/state': { why: 'JSON', who: 'customer', path: restore('done', '/state') },
};

/** Forms that no page of these worlds shows, with the test that sends them. */
export const noForms: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      'orders',
      'orders/:name/plan',
      'orders/:name/payment',
      ...['non-payment', 'payment', 'termination'].map((act) => `customers/:name/${act}`),
    ].map((path) => [`/api/v1/billing/${path}`, 'the company’s own billing sends it, with a token: JSON (test/billing)']),
  ),
  '/sites/:site/files/preflight': 'JSON of the upload script: test/files/resumable.http.test.ts',
  '/sites/:site/files/uploads': 'bytes by tus: test/files/resumable.http.test.ts',
  '/sites/:site/files/uploads/:id': 'bytes by tus: test/files/resumable.http.test.ts',
  '/sites/:site/backups/archives/pieces': 'bytes by tus: test/backups/pieces.http.test.ts',
  '/sites/:site/backups/archives/pieces/:id': 'bytes by tus: test/backups/pieces.http.test.ts',
  '/sites/:site/ssh/consent': 'only while a newer version of the notice waits: test/ssh/ssh.http.test.ts',
};
