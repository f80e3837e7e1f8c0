// Sentences of outages: the page of what stood still and what comes back for it, and the subject of its letter.
import type { outages as korean } from '../ko/outages.ts';
import type { Sentence } from '../sentences.ts';

export const outages = {
  'outages.title': 'Outages and compensation',
  'outages.lead': 'When the service could not be used, and what you get back for it. You do not have to ask: we calculate it.',
  'outages.empty':
    'No outage is recorded. When there is one, this page keeps how long the service was down and how your compensation is calculated.',
  'outages.won': 'Compensation',
  'outages.down': 'Downtime',
  'outages.availabilityOf': 'Availability',
  'outages.availability': '{percent}\u00a0% (promised: {promised}\u00a0%)',
  'outages.limit': 'The sum is {sum}; the limit for one month is the fee of that month, {most}.',
  'outages.fromBefore':
    'An outage that began the month before lasted into this one. Its compensation is in the month in which it began.',
  'outages.caption': 'Outages that began in {month}',
  'outages.when': 'When',
  'outages.cause': 'Cause',
  'outages.counted': 'Time counted, and the sum',
  'outages.lasts': 'Not over yet',
  'outages.restored': 'Restored from a backup',
  'outages.excluded': '{time} were not counted.',
  'outages.note': 'Not counted because: {because}, {from} ~ {to}. {note}',
  'outages.because.maintenance': 'announced maintenance',
  'outages.because.force-majeure': 'an event the company cannot prevent',
  'outages.because.customer': 'programs or settings of the customer, or use beyond the limits',
  'outages.because.network': 'a network or service the company does not manage',
  'outages.because.authority': 'an order of a court or authority, or a restriction of use',
  'outages.minutes': '{minutes} min',
  'outages.hours': '{hours} h',
  'outages.hoursMinutes': '{hours} h {minutes} min',
  'outages.formula.sum': '{fee} ÷ {month} min × {minutes} min × {times} = {won}',
  'outages.formula.rounded': '{fee} ÷ {month} min × {minutes} min × {times} = {exact}, rounded to {won}',
  'outages.formula.short': 'Less than {hours} hours without a break: no payment, but it counts towards availability.',
  'outages.formula.free': 'A free plan has no fee to return.',
  'outages.rule.heading': 'How it is calculated',
  'outages.rule.formula':
    'The fee of the month is divided by the minutes of the month, and multiplied by the minutes of downtime and the factor. Time spent restoring from a backup counts too. If the service stops again for the same cause within one hour, the time in between counts as well.',
  'outages.rule.paid':
    'The amount is taken off your next bill. If there is none, it is returned by the method with which you paid.',
  'outages.rule.object': 'If you disagree, you may object within {days} days of being told.',
  'outages.rule.damages': 'Damages for loss caused by the intent or negligence of the company are separate from this.',
  'outages.rule.document': 'Compensation for downtime (SLA), version {version}',
  'outages.rule.agreed': 'You agreed to it on {at}.',
  'mail.outage-credit.subject': '[{brand}] Outage and compensation',
} as const satisfies Record<keyof typeof korean, Sentence>;
