// Sentences of downloads in English.
import type { downloads as korean } from '../ko/downloads.ts';
import type { Sentence } from '../sentences.ts';

export const downloads = {
  'downloads.tooMany':
    'This account is downloading 4 already. Please go on when one of them has finished; you can try again in a minute.',
  'downloads.files': 'Files only',
  'downloads.databases': 'Databases only',
  'downloads.part.whole': 'everything',
  'downloads.part.files': 'files only',
  'downloads.part.databases': 'databases only',
  'downloads.part.file': 'one file',

  'downloads.program': 'Download on a server or a command line',
  'downloads.programText':
    'We make an address that works for an hour, and show it once, with a command that goes on where it was cut off.',
  'downloads.link.open': 'Make an address for an hour',
  'downloads.link.title': 'An address for the command line',
  'downloads.link.lead':
    'This makes an address by which a server that is not signed in can download this backup. It works for one hour.',
  'downloads.link.anybody': 'Whoever knows the address can download this backup during that time, so please send it to nobody.',
  'downloads.link.ends':
    'It ends at once when you sign out or change your password. If you have chosen the addresses you come from, it works from those alone.',
  'downloads.link.noted': 'Every use is written down in the downloads, and at the first one you get an email.',
  'downloads.link.make': 'Make the address ({size})',
  'downloads.link.back': 'Back to the backup',
  'downloads.link.once': 'Your address for an hour',
  'downloads.link.only': 'This address is shown now and never again.',
  'downloads.link.until': 'It works until {time}.',
  'downloads.link.command': 'Command',
  'downloads.link.again': 'If it is cut off, run the same command in the same folder: it goes on where it was.',
  'downloads.link.address': 'Address',
  'downloads.link.done': 'Back to the backup',
  'downloads.link.gone': 'The time of this address is over, or it was ended. Please make a new one in the panel.',

  'downloads.history.title': 'Downloads',
  'downloads.history.link': 'See the downloads',
  'downloads.history.all': 'Who downloaded the backups of this site during the last year.',
  'downloads.history.own': 'What you yourself downloaded of this site’s backups during the last year.',
  'downloads.history.empty': 'Nothing was downloaded yet. When a backup is downloaded, it is written down here.',
  'downloads.history.pages': 'Pages of the downloads',
  'downloads.history.time': 'Begun',
  'downloads.history.what': 'What',
  'downloads.history.amount': 'How much',
  'downloads.history.partly': '{sent} of {of}',
  'downloads.history.who': 'Who',
  'downloads.history.where': 'Network address',
  'downloads.history.byLink': 'by an address they made',
  'downloads.history.byToken': 'a program, by a token',
} as const satisfies Record<keyof typeof korean, Sentence>;
