// What the layout and the shared parts of pages say; the links of the shell stand in error.ts.
import type { shell as korean } from '../ko/shell.ts';
import type { Sentence } from '../sentences.ts';

export const shell = {
  'shell.skip': 'Skip to main content',
  'shell.mainNavigation': 'Main menu',
  'shell.path': 'Path',
  'shell.logout': 'Sign out',
  'shell.home': 'To the first page',
  'shell.support': 'Support',
  'shell.securityOfficer': 'Security officer',
  'shell.privacyOfficer': 'Privacy officer',
  'shell.beingRegistered': 'Being registered',
  'shell.position': 'Position',
  'shell.phone': 'Phone',
  'shell.email': 'Email',
  'shell.since': 'In office since',
  'shell.required': '(required)',
  'shell.optional': '(optional)',
  'shell.showPassword': 'Show password',
  'shell.hidePassword': 'Hide password',
  'shell.copy': 'Copy',
  'shell.copied': 'Copied.',
  'shell.requestId': 'Reference',
} satisfies Record<keyof typeof korean, Sentence>;
