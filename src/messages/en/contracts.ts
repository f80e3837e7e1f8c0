// Sentences about contracts: what was ordered, another site, another plan.
import type { contracts as korean } from '../ko/contracts.ts';
import type { Sentence } from '../sentences.ts';

export const contracts = {
  'contracts.title': 'Contracts',
  'contracts.lead': 'The plans you ordered and their sites. What you agree to is recorded for each contract.',
  'contracts.caption': 'List of contracts',
  'contracts.column.site': 'Site',
  'contracts.column.plan': 'Plan',
  'contracts.column.since': 'Ordered on',
  'contracts.column.state': 'Agreement',
  'contracts.column.todo': 'Actions',
  'contracts.noSite': 'No site yet',
  'contracts.state.pending': 'Needs your agreement',
  'contracts.state.agreed': 'Agreed',
  'contracts.back': 'Back to the list of contracts',
  'contracts.hint': 'This is your agreement to this contract. Please tick each item separately.',
  'contracts.order.action': 'Order another site',
  'contracts.order.title': 'Order another site',
  'contracts.order.lead': 'Choose the plan of the new site and agree to its contract. The sites you have stay as they are.',
  'contracts.order.submit': 'Agree and order',
  'contracts.ordered': 'We have recorded your order. The site is being prepared.',
  'contracts.change.action': 'Change the plan',
  'contracts.change.title': 'Change the plan',
  'contracts.change.lead': 'Site: {site}. Plan now: {plan}. Files, databases and backups go on as they are.',
  'contracts.change.submit': 'Agree and change',
  'contracts.changed': 'The plan is changed.',
  'contracts.same': 'This is the plan you have. Please choose another one.',
  'contracts.notReady': 'The site is being prepared and cannot be changed yet. Please try again in a while.',
  'contracts.meanwhile': 'The contract or the site has changed meanwhile, so it was left as it is. Please open the page again.',
  'contracts.tooMany': 'You have as many contracts as there can be. If you need more, please tell support.',
  'contracts.full.storage':
    'You use {used} GB now, which does not fit into a plan of {room} GB. Please remove files or choose a larger plan.',
  'contracts.full.databases':
    'You have {used} databases now, and this plan has {room}. Please remove what you do not use or choose a larger plan.',
  'contracts.full.ftp':
    'You have {used} FTP accounts now, and this plan has {room}. Please remove what you do not use or choose a larger plan.',
  'orders.ended': 'This contract has ended already. Please open the page again.',
  'mail.order-waits.subject': '[{brand}] Please agree to your new contract',
} satisfies Record<keyof typeof korean, Sentence>;
