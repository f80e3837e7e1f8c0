// What the house around the pages says: links by the features that are on, brand and officers.
import type { Request } from 'express';
import type { Doors } from './panel.ts';
import type { Frame, Link } from './platform/web/page.ts';
import type { SignedIn } from './platform/web/visit.ts';
import { idleEnd } from './sign-in/idle.ts';

export function frameFor(
  { choices, clock }: Pick<Doors, 'choices' | 'clock'>,
  may: (person: SignedIn, what: 'people' | 'close') => boolean,
): (req: Request, section: string | undefined) => Frame {
  const has = (feature: (typeof choices.features)[number]) => choices.features.includes(feature);
  return (req, section) => {
    const { url, words } = req.visit;
    const link = (name: string, path: string): Link => ({
      href: url(path),
      text: words.t(`shell.${name}`),
      current: section === name,
    });
    const strong = (name: string, path: string): Link => ({ ...link(name, path), strong: true });
    return {
      brand: choices.brand,
      idle: req.visit.person && idleEnd(req, choices, clock),
      officers: choices.officers,
      passwordRule: words.t(choices.passwordRule === 'nist' ? 'password.rule.nist' : 'password.rule'),
      restriction: req.visit.person?.restriction && { href: url('/account/restriction') },
      agreement: req.visit.person?.agreement && { ...req.visit.person.agreement, href: url('/agree') },
      navigation: req.visit.person
        ? [
            link('dashboard', '/dashboard'),
            ...(has('files') ? [link('files', '/files')] : []),
            ...(has('backups') ? [link('backups', '/backups')] : []),
            ...(has('databases') ? [link('databases', '/databases')] : []),
            ...(has('ftp') ? [link('ftp', '/ftp')] : []),
            link('account', '/account/security'),
          ]
        : [],
      accountLinks: accountLinks(
        req,
        (person, what) => may(person, what) && (what !== 'close' || has('termination')),
        has('backups'),
      ),
      publicLinks: [link('plans', '/plans'), link('login', '/login'), ...(has('signUp') ? [link('signUp', '/signup')] : [])],
      footerLinks: [
        ...(has('consent')
          ? [
              link('terms', '/documents/terms'),
              strong('privacy', has('home') ? '/privacy' : '/documents/privacy'),
              link('backupDocument', '/documents/backup'),
              link('sla', '/documents/sla'),
            ]
          : []),
        ...(has('home')
          ? [link('backupLocation', '/backup-location'), link('officers', '/officers'), link('guideline', '/guideline')]
          : []),
        link('theme', `/theme${cameFrom(req)}`),
      ],
    };
  };
}

function accountLinks(
  { visit }: Request,
  may: (person: SignedIn, what: 'people' | 'close') => boolean,
  hasBackups: boolean,
): Link[] {
  const { person, path, url, words } = visit;
  if (!person) return [];
  const link = (name: string, at: string): Link => {
    const current = path === at || (path.startsWith(`${at}/`) && !path.startsWith('/account/security/history'));
    return { href: url(at), text: words.t(`people.links.${name}`), current };
  };
  return [
    link('security', '/account/security'),
    ...(may(person, 'people') ? [link('orders', '/account/orders'), link('people', '/account/people')] : []),
    ...(may(person, 'people') && hasBackups ? [link('alerts', '/account/alerts')] : []),
    link('history', '/account/history'),
    link('consents', '/account/consents'),
    link('outages', '/account/outages'),
    ...(person.hasSeveralPlaces ? [link('customers', '/account/customers')] : []),
    ...(may(person, 'close') ? [link('close', '/account/close')] : []),
  ];
}

/** Where the choice of light or dark returns to: pages that can be opened again, and no link that works once. */
function cameFrom({ method, visit }: Request): string {
  const { path, url } = visit;
  return method === 'GET' && !/^\/(theme$|verify\/|login\/link\/|invitations\/)/.test(path)
    ? `?next=${encodeURIComponent(url(path))}`
    : '';
}
