// Sentences of backup tiers in English; Korean is the source.
import type { tiers as korean } from '../ko/tiers.ts';
import type { Sentence } from '../sentences.ts';

export const tiers = {
  'tiers.name.short-term': 'Short-term backup',
  'tiers.name.long-term': 'Long-term backup',
  'tiers.where.here': 'on this server',
  'tiers.where.elsewhere': 'another server',
  'tiers.line.kept': '{name}: {time} ({ago}, {where})',
  'tiers.line.late': '{name}: {time} ({ago}, {where}). Backups after that could not be moved there yet; it is tried again.',
  'tiers.line.waiting': '{name}: none yet. It begins with the next good backup ({where}).',
  'tiers.line.never': '{name}: none yet ({where}). It has not worked since {since}; it is tried again.',
  'tiers.none':
    'This is a copy on the same server; there are no short-term or long-term backup tiers yet. It can be lost together with the server, so please keep what you download somewhere else.',
  'tiers.here':
    'What lies on this server does not count as a second tier yet. It can be lost together with the server, so please keep what you download somewhere else.',
  'tiers.keptLastGood': 'Kept because it is the last good backup of this tier.',
  'tiers.keptDaily': 'Kept as one a day.',
  'tiers.keptWeekly': 'Kept as one a week.',
  'tiers.keptFloor': 'Kept because it is too young to go.',
  'tiers.keptNewest': 'Kept because it is the newest of this tier.',
  'tiers.isHere': 'The archive of this backup is on this server, so it need not be brought.',
  'tiers.erased': 'All backups of this site were erased, so none are kept again.',
  'tiers.erasuresADay': 'Too many sites were erased within a day. Please try again tomorrow.',

  'mail.tier-failed.subject': '[{brand}] A backup tier failed: {fault}',
  'mail.tier-failed.short-term': 'The short-term tier (SHORT_TERM_URL) has a problem, noticed at {time}.',
  'mail.tier-failed.long-term': 'The long-term tier (LONG_TERM_URL) has a problem, noticed at {time}.',
  'mail.tier-failed.site': 'Site: {site} · code: {fault}',
  'mail.tier-failed.does': 'It is tried again within two hours. There is one letter a day and tier.',
  'mail.tier-failed.todo': 'The chapter on backup tiers of docs/operations.md says what to do for each code.',
} as const satisfies Record<keyof typeof korean, Sentence>;
