// What is said in English where customers agree, and on the pages of the documents.
import type { consent as korean } from '../ko/consent.ts';
import type { Sentence } from '../sentences.ts';

export const consent = {
  'consent.heading': 'Terms and notices',
  'consent.hint':
    'Please tick each item separately. You can sign up and use everything without ticking the items marked (Optional).',
  'consent.required.heading': 'Documents that need your agreement',
  'consent.optional.heading': 'Optional consents',
  'consent.optional.hint': 'Refusing does not limit your use of the service, and you can withdraw at any time.',
  'consent.fullText': 'Read the full text',
  'consent.fullTextOf': 'Read the full text: {title}',
  'consent.newWindow': 'Read the full text in a new window',
  'consent.version': 'Version {version}',

  'consent.age_14.label': '(Required) I am 14 or older',
  'consent.age_14.summary':
    'Persons under 14 cannot sign up on this page. If you are under 19, please get the consent of your legal guardian first.',
  'consent.agree_terms.label': '(Required) I agree to the hosting terms of service',
  'consent.agree_terms.summary':
    'The document on fees, files that cannot be uploaded, restriction of use, termination and the dates of deletion. Even while restricted you can download, pay, ask questions and leave.',
  'consent.agree_backup.label': '(Required) I have read the backup responsibility notice and agree',
  'consent.agree_backup.none.summary':
    'The daily backup is in /backup at the top of your FTP space (right above www) and on the first screen after you sign in; downloading and keeping it is up to you. ',
  'consent.agree_backup.none.important':
    'Unless you order a separate backup service we are not liable if data is lost, except that we are liable for damage caused by our intent or gross negligence and for liability the law imposes on us.',
  'consent.agree_backup.separate.summary': 'We make and keep short-term and long-term backups and restore them when you ask. ',
  'consent.agree_backup.separate.important':
    'Changes made after the last backup and data past its retention cannot be brought back, but we are liable for damage caused by our intent or gross negligence and for liability the law imposes on us.',
  'consent.agree_backup.both': 'The one notice that fits the plan you choose applies.',
  'consent.agree_sla.label': '(Required) I have read the compensation for downtime (SLA) and agree',
  'consent.agree_sla.summary':
    'If the service stops for {hours} hours or more without a break for reasons within our responsibility, we return {times} times the fee for that time, up to one month’s fee, without your asking. ',
  'consent.agree_sla.important':
    'Time spent restoring from a backup counts too, and damages for loss caused by our intent or negligence are separate.',

  'consent.marketing_use.label': '(Optional) I consent to the use of my personal information for marketing',
  'consent.marketing_use.summary':
    'We use your email address, your telephone number if given, and your plan to tell you about new products and offers. You may refuse, and refusing has no disadvantage. ',
  'consent.marketing_use.important': 'Purpose: marketing. Retention: until you withdraw consent or end the contract.',
  'consent.ads_email.label': '(Optional) I consent to receiving advertising by email',
  'consent.ads_email.summary': 'We send news of products and events by email. A link in each mail stops it at once.',
  'consent.ads_sms.label': '(Optional) I consent to receiving advertising by text message',
  'consent.ads_sms.summary':
    'We send news of products and events by text message. A free number in each message stops it at once.',
  'consent.ads_night.label': '(Optional) I consent to receiving advertising by text message at night too (21:00 to 08:00)',
  'consent.ads_night.summary':
    'Without this we send no advertising by text message at night. It matters only if you consented to advertising by text message.',
  'consent.ads.reconfirm':
    'Every 2 years we ask again whether you want to go on receiving advertising. Notices about outages, security and payment are not advertising and are sent regardless.',

  'consent.missing.age_14': 'Please tick that you are 14 or older. If you are under 14 you cannot sign up on this page.',
  'consent.missing.agree_terms':
    'Signing up needs your agreement to the hosting terms of service. Please read them and tick the box.',
  'consent.missing.agree_backup':
    'Signing up needs your agreement to the backup responsibility notice. Please read it and tick the box.',
  'consent.missing.agree_sla':
    'Signing up needs your agreement to the compensation for downtime (SLA). Please read it and tick the box.',

  'consent.changed.heading': 'Something has changed, so we are showing it again',
  'consent.changed.body':
    'While you were on this page a new version of a document was published. Please read what has changed and tick the box again. Except for the password, what you entered is kept.',
  'consent.changed.item': '{title}: changed from version {before} to version {version}.',
  'consent.changed.unreadable':
    'The page did not arrive complete, so the documents are shown again. Please read them and tick the boxes again.',

  'consent.data.heading': 'Personal information processed without consent',
  'consent.data.lead':
    'This information is needed for the contract or has a basis in law, so consent is not asked for. Here is what is processed and why.',
  'consent.data.caption': 'Personal information processed without consent, and its basis',
  'consent.data.column.item': 'Items',
  'consent.data.column.purpose': 'Purpose',
  'consent.data.column.basis': 'Basis',
  'consent.data.column.retention': 'Retention',
  'consent.data.account.item': 'Email address, password (as a value that cannot be reversed), language',
  'consent.data.account.purpose': 'Sign-in, identification, notices needed for the contract',
  'consent.data.account.basis':
    'Conclusion and performance of the contract (Personal Information Protection Act, Article 15(1)4)',
  'consent.data.account.retention': '{days} days from termination, then destroyed within 5 days',
  'consent.data.contact.item': 'Name, telephone number (only if given)',
  'consent.data.contact.purpose': 'Knowing the other party to the contract, urgent contact in an outage or intrusion',
  'consent.data.contact.basis': 'Conclusion and performance of the contract (same provision, item 4)',
  'consent.data.contact.retention': 'As above; deleted earlier if you ask',
  'consent.data.contract.item': 'Plan ordered, records of contract and termination',
  'consent.data.contract.purpose': 'Performance of the contract, retention required by law',
  'consent.data.contract.basis': 'Performance of the contract, Electronic Commerce Act, Article 6',
  'consent.data.contract.retention': 'Contract and payment 5 years, complaints and disputes 3 years (kept apart)',
  'consent.data.agreement.item':
    'Documents and versions agreed to, wording, time, network address, browser, notices shown and the day',
  'consent.data.agreement.purpose': 'Proof of consent, settling disputes',
  'consent.data.agreement.basis': 'Performance of the contract, legitimate interest (same provision, items 4 and 6)',
  'consent.data.agreement.retention': '5 years after the contract ends',
  'consent.data.history.item': 'Time, network address and browser of sign-ins, downloads and changes of settings',
  'consent.data.history.purpose': 'Preventing and tracing misuse, showing you your history',
  'consent.data.history.basis': 'Performance of the contract, security measures (same Act, Article 29)',
  'consent.data.history.retention': '1 year',
  'consent.data.never': 'Resident registration numbers, card numbers and bank account numbers are not collected.',
  'consent.data.more': 'Full text of the privacy policy',

  'consent.withdraw.required':
    'A consent that the contract needs cannot be withdrawn by itself. If you no longer agree, please close the account.',
  'consent.withdraw.none': 'There is no consent to withdraw here: it was withdrawn before, or never given.',

  'consent.documents.joint': 'Joint terms',
  'consent.documents.coming': 'A new version applies from {date}.',
  'consent.documents.comingChanges': 'See what changes from {date}',
  'consent.published': 'This version has been published already.',

  'consent.changes.title': 'What changed: {title}',
  'consent.changes.lead': 'This is what changed from version {before} to version {after}.',
  'consent.changes.link': 'See what changed from the version before',
  'consent.changes.counts': 'Paragraphs changed: {changed}. New: {added}. Removed: {removed}.',
  'consent.changes.legend.lead': 'Marks:',
  'consent.changes.legend.added': 'new text',
  'consent.changes.legend.removed': 'removed text',
  'consent.changes.none': 'The wording is the same.',
  'consent.changes.tooMany': 'Too much has changed to be shown side by side. Please read the full text of each version.',
  'consent.changes.part': 'Change {number} of {parts}',
  'consent.changes.texts': 'Full texts and other comparisons',
  'consent.changes.after': 'Full text of the new version {version}',
  'consent.changes.before': 'Full text of the version compared with, {version}',
  'consent.changes.since': 'Compare with version {version}',

  'consent.documents.description': 'The full text of {title}, version {version}. Earlier versions stay where they were.',
  'consent.documents.title.terms': 'Hosting Terms of Service',
  'consent.documents.title.backup': 'Backup responsibility notice',
  'consent.documents.title.backup-service': 'Backup responsibility notice (with a backup service)',
  'consent.documents.title.sla': 'Compensation for downtime (SLA)',
  'consent.documents.title.privacy': 'Privacy policy',
  'consent.documents.privacyText': 'Privacy policy, the text alone',
  'consent.documents.facts': 'Version and digest of this document',
  'consent.documents.version': 'Version',
  'consent.documents.effective': 'In force from',
  'consent.documents.hash': 'SHA-256 of the source file',
  'consent.documents.hashNote':
    'This value is recorded when you agree. If the value is the same, it is the same document to the letter.',
  'consent.documents.current': 'This is the version now in force.',
  'consent.documents.future': 'This version will be in force from {date}. Until then the earlier version applies.',
  'consent.documents.past': 'This is an earlier version.',
  'consent.documents.seeCurrent': 'See the version now in force',
  'consent.documents.older': 'Earlier versions',
  'consent.documents.noOlder': 'There are no earlier versions.',
  'consent.documents.olderItem': 'Version in force from {date}',
  'consent.documents.sample': 'This document is a template. Have a lawyer review it before you use it.',
  'consent.documents.original': 'This is a translation. If it differs from the Korean text, the Korean text prevails.',
  'consent.documents.translation': 'See the Korean original of this document',
  'consent.documents.other': 'Other documents',
  'consent.documents.print': 'You can print this page and keep it.',
} satisfies Record<keyof typeof korean, Sentence>;
