// Sentences of alerts in English; Korean is the source.
import type { alerts as korean } from '../ko/alerts.ts';
import type { Sentence } from '../sentences.ts';

const sitesIn = (site: unknown, count: unknown) => (Number(count) > 1 ? `${site} and ${Number(count) - 1} more` : String(site));

export const alerts = {
  'alerts.title': 'Alerts',
  'alerts.lead': 'When something is wrong with your backups, you hear it from us first.',
  'alerts.letters.heading': 'Alerts by email',
  'alerts.always':
    'When a backup could not be made, could not be read back, shrank by half or more, or when there was no good one for {hours} hours, the owner gets an email within 15 minutes, and another one when it is good again. These emails protect your data, so they cannot be switched off.',
  'alerts.digest': 'Weekly summary',
  'alerts.digest.note': 'On Monday at 9 in the morning: the backups of all your sites in one email, the ones to look at first.',
  'alerts.reminder': 'Reminder to download',
  'alerts.reminder.note': 'Once a month, when a site has had no backup downloaded for {days} days.',
  'alerts.save': 'Save',
  'alerts.saved': 'Your choice of alerts was saved.',

  'alerts.webhook.heading': 'Alerts to a program (webhook)',
  'alerts.webhook.lead':
    'The same alerts are sent to an address of yours as well. Each message is signed, so that you can tell that it came from here.',
  'alerts.webhook.none': 'No address is set.',
  'alerts.webhook.set': 'Set an address',
  'alerts.webhook.change': 'Change address and secret',
  'alerts.webhook.to': 'Sent to',
  'alerts.webhook.since': 'Set on',
  'alerts.webhook.trial': 'Send a test message',
  'alerts.webhook.trialSent': 'A test message is being sent. What came of it appears in the table on this page in a moment.',
  'alerts.webhook.trials': 'At most {most} test messages are sent within an hour.',
  'alerts.webhook.remove': 'Stop sending',
  'alerts.webhook.removed': 'The webhook is gone. Alerts by email go on.',
  'alerts.webhook.title': 'Webhook address',
  'alerts.webhook.url': 'Address',
  'alerts.webhook.urlHint':
    'It begins with https and can be reached from the internet. Nothing is sent to private networks, and answers that lead elsewhere are not followed.',
  'alerts.webhook.refused':
    'An https address that can be reached from the internet is needed, such as https://example.com/hooks/backup',
  'alerts.webhook.submit': 'Set',
  'alerts.webhook.replaces': 'The present address and its secret are replaced.',
  'alerts.webhook.back': 'Back to alerts',
  'alerts.webhook.once': 'Webhook secret',
  'alerts.webhook.only': 'This secret is shown now and never again.',
  'alerts.webhook.verify':
    'Put it into the program that receives. Signatures follow Standard Webhooks 1.0: webhook-signature has the HMAC-SHA-256 of webhook-id, webhook-timestamp and body, joined by dots.',
  'alerts.webhook.secret': 'Secret',
  'alerts.webhook.sent': 'Sent lately',
  'alerts.webhook.sentNone': 'Nothing was sent yet.',
  'alerts.delivery.when': 'When',
  'alerts.delivery.event': 'What',
  'alerts.delivery.state': 'State',
  'alerts.delivery.result': 'Outcome',
  'alerts.delivery.waiting': 'Being sent',
  'alerts.delivery.delivered': 'Delivered',
  'alerts.delivery.failed': 'Not delivered',
  'alerts.delivery.status': 'answer {status}',
  'alerts.delivery.tried': 'try {count}: {answer}',
  'alerts.fault.address': 'it is no https address',
  'alerts.fault.name': 'its name has no address',
  'alerts.fault.private': 'it lies in a private network, so nothing was sent',
  'alerts.fault.refused': 'the connection is not taken',
  'alerts.fault.certificate': 'its certificate cannot be trusted',
  'alerts.fault.late': 'no answer within 5 seconds',
  'alerts.fault.broken': 'the connection ended',

  'mail.backup-alert.subject': ({ brand = '', site = '', count = 1 }) =>
    `[${brand}] Please look at backups: ${sitesIn(site, count)}`,
  'mail.backup-alert.shrunken': '{site}: the backup of {at} is half the size of the one before, or less.',
  'mail.backup-alert.unverified':
    '{site}: a backup that was made could not be read back until {at}. It does not count as good before that.',
  'mail.backup-alert.overdue': '{site}: there has been no good backup for 26 hours.',
  'mail.backup-alert.late': '{site}: there has been no good backup for 50 hours.',
  'mail.backup-alert.lastGood': 'Newest good backup: {time}',
  'mail.backup-alert.noGood': 'There is no good backup yet. We advise you to keep a copy of important data by FTP.',
  'mail.backup-good-again.subject': ({ brand = '', site = '', count = 1 }) =>
    `[${brand}] Backups are good again: ${sitesIn(site, count)}`,
  'mail.backup-digest.subject': ({ brand = '', count = 1, bad = 0 }) =>
    Number(bad) > 0
      ? `[${brand}] Backups this week: ${bad} to look at`
      : `[${brand}] Backups this week: ${Number(count) === 1 ? 'your site is' : `all ${count} sites are`} fine`,
  'mail.backup-digest.level.red': 'Needs attention',
  'mail.backup-digest.level.amber': 'Late',
  'mail.backup-digest.level.none': 'None yet',
  'mail.backup-digest.level.fresh': 'Good',
  'mail.backup-digest.good': 'Newest good backup {time}, {size}',
  'mail.backup-digest.noGood': 'There is no good backup',
  'mail.backup-digest.copies': 'Backups kept: {count}',
  'mail.backup-digest.tiers': 'Tiers on other servers: {count}',
  'mail.backup-digest.proven': 'Restore-tested {time}',
  'mail.backup-digest.unproven': 'Not restore-tested yet',
  'mail.backup-reminder.subject': '[{brand}] Please download a backup',
  'mail.backup-reminder.last': 'last downloaded {time}',
  'mail.backup-reminder.never': 'no download is on record',
  'mail.alerts.more': '{count} more are on the page.',
  'mail.alerts.off': 'You can switch this email off here:',
  'mail.worker-silent.subject': '[{brand}] The worker is silent',
  'mail.worker-silent.what':
    'The worker (gotgan work) has not been seen since {seen}. Backups and other jobs stand still meanwhile.',
  'mail.worker-silent.does': 'The web process, or gotgan backup watch, sends this letter and alerts to customers in its place.',
  'mail.worker-silent.overdue': 'Sites without a good backup for 26 hours: {count}',
  'mail.worker-silent.todo': 'systemctl status gotgan-worker, journalctl -u gotgan-worker -n 50',
  'mail.worker-back.subject': '[{brand}] The worker is back',
  'mail.worker-back.what': 'The worker was seen again at {time} and goes on with what waits.',
} as const satisfies Record<keyof typeof korean, Sentence>;
