// Sentences about sites that move to another server.
import type { moves as korean } from '../ko/moves.ts';
import type { Sentence } from '../sentences.ts';

export const moves = {
  'moves.refused':
    'The site is closed for a moment: it is in the last step of moving to another server or of being restored. Nothing was changed. Please try again soon.',
  'moves.underWay':
    'This site is moving to another server. It closes for a moment towards the end, and can be used as always until then.',
  'moves.closed':
    'Closed for a moment: it is in the last step of moving to another server. Files and databases stay as they are.',
  'moves.done': 'Moved to another server on {at}. Files, databases, names and passwords are the same.',
  'moves.changed': 'Addresses have changed. Please set them in your FTP programs and in the settings of the site.',
  'moves.none': 'none',
  'moves.database': 'Database {name}',
  'moves.before': 'Before:',
  'moves.after': 'Now:',
  'mail.site-moving.subject': '[{brand}] The site {site} is moving to another server',
  'mail.site-moved.subject': '[{brand}] The site {site} has moved to another server',
  'mail.site-not-moved.subject': '[{brand}] The site {site} stays on its server',
} as const satisfies Record<keyof typeof korean, Sentence>;
