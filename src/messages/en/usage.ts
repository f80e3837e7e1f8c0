// Sentences of usage: the page, and the subject of its letter.
import type { usage as korean } from '../ko/usage.ts';
import type { Sentence } from '../sentences.ts';

export const usage = {
  'usage.title': 'Usage',
  'usage.link': 'See usage in detail',
  'usage.storage': 'Storage (files and trash)',
  'usage.text': '{used} / {quota} ({share}\u00a0%)',
  'usage.counted':
    'All files on the server were counted {ago}. What was changed in this panel since is added and taken off at once.',
  'usage.notCounted': 'The files on the server have not been counted yet. They are counted tonight.',
  'usage.full': 'When it is full only new uploads stop. Your data and site stay as they are.',
  'usage.files': 'Files',
  'usage.fileCount': '{count}',
  'usage.databases': 'Databases',
  'usage.backups': 'Backups that are kept',
  'usage.beside': 'not counted in the plan',
  'usage.unknown': 'not known yet',
  'usage.figure.heading': 'The last 90 days',
  'usage.figure.text':
    'From {first} on {from} to {last} on {to}. The most was {most}, the limit is {quota}. The table below has every day.',
  'usage.figure.bytes': 'Files and trash',
  'usage.figure.quota': 'Limit {quota}',
  'usage.figure.quotaAbove': 'The limit of {quota} lies far above this figure.',
  'usage.figure.none': 'There are no days to draw yet. From tonight on, one is written down each day.',
  'usage.forecast': 'If it goes on growing as in the last 30 days, the limit is reached around {month}.',
  'usage.table.open': 'Show as a table',
  'usage.table.caption': 'Usage by day, newest first',
  'usage.table.day': 'Day',
  'usage.table.bytes': 'Files and trash',
  'usage.table.files': 'Files',
  'usage.table.databases': 'Databases',
  'usage.table.backups': 'Backups',
  'usage.folders.heading': 'Largest folders',
  'usage.folders.caption': 'The folders that were largest at the last count, with all folders inside them, two levels deep.',
  'usage.folders.none': 'Sizes of folders are shown once all files on the server were counted.',
  'usage.folders.folder': 'Folder',
  'usage.folders.bytes': 'Size',
  'usage.folders.share': 'Of the plan',
  'usage.folders.files': 'Files',
  'usage.folders.trash': 'Trash',
  'mail.usage.subject': '[{brand}] {percent}% of the storage is used: {site}',
} as const satisfies Record<keyof typeof korean, Sentence>;
