// What the house around the pages says: links by the features that are on, brand and officers.
import type { Request } from 'express';
import type { Doors } from './panel.ts';
import type { Frame, Link } from './platform/web/page.ts';

export function frameFor({ choices }: Pick<Doors, 'choices'>): (req: Request, section: string | undefined) => Frame {
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
      officers: choices.officers,
      navigation: req.visit.person
        ? [
            link('dashboard', '/dashboard'),
            ...(has('files') ? [link('files', '/files')] : []),
            ...(has('backups') ? [link('backups', '/backups')] : []),
          ]
        : [],
      publicLinks: [link('plans', '/plans'), link('login', '/login'), ...(has('signUp') ? [link('signUp', '/signup')] : [])],
      footerLinks: [
        ...(has('consent')
          ? [
              link('terms', '/documents/terms'),
              strong('privacy', '/documents/privacy'),
              link('backupDocument', '/documents/backup'),
              link('sla', '/documents/sla'),
            ]
          : []),
        ...(has('home')
          ? [link('backupLocation', '/backup-location'), link('officers', '/officers'), link('guideline', '/guideline')]
          : []),
      ],
    };
  };
}
