// What the layout and the shared parts of pages say; the links of the shell stand in error.ts.
import type { shell as korean } from '../ko/shell.ts';
import type { Sentence } from '../sentences.ts';

export const shell = {
  'shell.justNow': 'just now',
  'shell.skip': 'Skip to main content',
  'shell.mainNavigation': 'Main menu',
  'shell.path': 'Path',
  'shell.logout': 'Sign out',
  'shell.home': 'Go to the home page',
  'shell.support': 'Support',
  'shell.securityOfficer': 'Security officer',
  'shell.privacyOfficer': 'Privacy officer',
  'shell.beingRegistered': 'Being registered',
  'shell.position': 'Title',
  'shell.phone': 'Phone',
  'shell.email': 'Email',
  'shell.since': 'Appointed',
  'shell.required': '(required)',
  'shell.optional': '(optional)',
  'shell.showPassword': 'Show password',
  'shell.hidePassword': 'Hide password',
  'shell.copy': 'Copy',
  'shell.copied': 'Copied.',
  'shell.requestId': 'Reference number',
  'shell.theme': 'Light or dark',

  'idle.title': 'You will be signed out soon',
  'idle.soon': 'You will be signed out at {at} unless something happens. To go on, press “Stay signed in”.',
  'idle.last': 'You have been signed in for long and will be signed out at {at}. Please save what you are doing.',
  'idle.over': 'You are signed out',
  'idle.kept':
    'What you entered on this page is still here. Send it, and it is shown again after you sign in. Passwords and files have to be given again.',
  'idle.stay': 'Stay signed in',
  'idle.close': 'Close',

  'theme.title': 'Light or dark',
  'theme.lead': 'Choose how these pages look. The choice is kept in this browser.',
  'theme.legend': 'Show the pages',
  'theme.system': 'As the device has it',
  'theme.system.note': 'Light when the device is set to light, dark when it is set to dark. No cookie is kept.',
  'theme.light': 'Light',
  'theme.light.note': 'On a light ground, whatever the device is set to.',
  'theme.dark': 'Dark',
  'theme.dark.note': 'On a dark ground, whatever the device is set to.',
  'theme.submit': 'Use this',
  'theme.missing': 'Choose one of the three.',
} satisfies Record<keyof typeof korean, Sentence>;
