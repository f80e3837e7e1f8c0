// What the public pages say in English. The parts of one sentence carry their own spaces.
import type { home as korean } from '../ko/home.ts';
import type { Sentence } from '../sentences.ts';

export const home = {
  'home.title': 'Web hosting',
  'home.description':
    'Web hosting that backs up every day, reads each backup back to check it, and lets you download it with one click.',

  'home.backupDuty.none.heading': 'You need to keep your own backups',
  'home.backupDuty.none.duty':
    'Unless you have bought a separate backup service, backing up your data is your responsibility and we are not liable if it is lost, ',
  'home.backupDuty.none.carveOut':
    'except for damage caused by our intent or gross negligence and for liability the law imposes on us.',
  'home.backupDuty.none.copy': 'To help, every day from {time} we make a compressed backup and put it in ',
  'home.backupDuty.none.place': '/backup at the top of your FTP space (right above www)',
  'home.backupDuty.none.copyEnd': ' and on the first screen after you sign in. ',
  'home.backupDuty.none.keep': 'Download it with one click and keep it somewhere else.',
  'home.backupDuty.separate.heading': 'A backup service is included',
  'home.backupDuty.separate.body':
    'We back up daily to {shortTerm} and weekly to {longTerm}, and read each backup back to check its contents. ',
  'home.backupDuty.separate.limits':
    'Changes made after the last backup, and data past its {days}-day retention, cannot be brought back, ',
  'home.backupDuty.separate.carveOut':
    'but we are liable for damage caused by our intent or gross negligence and for liability the law imposes on us.',
  'home.backupDuty.separate.keep': 'Please also keep a copy of anything important somewhere else.',
  'home.backupDuty.separate.notReady':
    'Backups are not kept on another server yet. Until they are, please be sure to keep a downloaded copy somewhere else.',
  'home.backupDuty.howTo': 'How to download',
  'home.backupDuty.scope': 'What we do and cannot do',
  'home.backupDuty.version': 'Notice, version {version}',

  'home.heading': 'Backed up daily, checked, and yours to take',
  'home.lead':
    'Every day we show when your backup was made and whether it was read back and checked. When you leave, your data leaves with you.',
  'home.withoutBackups': 'You can read the plans and the compensation for downtime before you sign up.',
  'home.action': 'See plans',

  'home.band.heading': 'Backups of the last {days} days',
  'home.band.label': 'State of the backups of the whole service over the last {days} days',
  'home.band.summary': '{date}: {verified} of {total} sites verified',
  'home.band.day': '{date}, {verified} of {total} verified',
  'home.band.dayNone': '{date}, no backup',
  'home.band.legend.verified': 'All verified',
  'home.band.legend.warned': 'Only some verified',
  'home.band.legend.failed': 'None verified',
  'home.band.legend.made': 'Waiting to be checked',
  'home.band.legend.missing': 'No backup',
  'home.band.unread': 'The record of backups cannot be read at the moment. This is on our side; it will be shown again shortly.',
  'home.band.empty': 'There are no backups yet. The first is made at {time} in the night after a site is opened.',
  'home.band.note': 'Verified means that the backup was read back and the contents of every file were compared.',

  'home.location.heading': 'Where your backups are',
  'home.location.answer': 'The daily backup is in ',
  'home.location.answerPlace': '/backup at the top of your FTP space (right above www)',
  'home.location.answerEnd': ', and behind [Download backup] on the first screen after you sign in.',
  'home.location.caption': 'Three kinds of backup, and how they differ',
  'home.location.column.kind': 'Kind',
  'home.location.column.where': 'Where',
  'home.location.column.often': 'How often',
  'home.location.column.kept': 'How long',
  'home.location.column.who': 'Who can retrieve it',
  'home.location.download.kind': 'Download copy',
  'home.location.download.where': '/backup on FTP and the management pages',
  'home.location.download.often': 'Every day from {time}',
  'home.location.download.kept': 'The newest one in /backup; on the pages, the last {daily} days and {weekly} weeks',
  'home.location.download.who': 'You download it yourself',
  'home.location.download.note': 'The download copy lies where your account can reach it, so it does not count as a backup tier.',
  'home.location.shortTerm.kind': 'Short-term backup',
  'home.location.shortTerm.where': 'Another server: {place}',
  'home.location.shortTerm.often': 'Every day',
  'home.location.shortTerm.kept': 'The last {daily} days',
  'home.location.shortTerm.who': 'The company, to recover a server',
  'home.location.longTerm.kind': 'Long-term backup',
  'home.location.longTerm.where': 'Another data centre: {place}',
  'home.location.longTerm.often': 'Every week',
  'home.location.longTerm.kept': 'The last {weekly} weeks',
  'home.location.longTerm.who': 'The company, to recover a server',
  'home.location.elsewhere': 'Another server',
  'home.location.here': 'Still on this server: it does not count as a second tier',
  'home.location.none': 'Not kept yet',
  'home.location.notApplicable': 'Not applicable',
  'home.location.last': 'Last success: {date}',
  'home.location.changed': 'Location last changed: {date}',
  'home.location.more': 'More about where the backups are and how to get them',

  'home.plans.heading': 'Plans',
  'home.plans.caption': 'Summary of the plans (tax included)',
  'home.plans.for': 'Suited to',
  'home.plans.from': 'From {price} a month',
  'home.plans.more': 'Compare the plans',
  'home.plans.empty': 'There is no plan to sign up for at the moment.',

  'home.sla.heading': 'If the service stops',
  'home.sla.line':
    'We promise {percent}\u00a0% availability. If the service stops for {hours} hours or more without a break for reasons within our responsibility, we return {times} times the fee for that time. Time spent restoring from a backup counts too.',
  'home.sla.more': 'Read the compensation for downtime (SLA)',

  'home.officers.heading': 'Security officer and privacy officer',
  'home.officers.security': 'Security officer',
  'home.officers.privacy': 'Privacy officer (chief privacy officer)',
  'home.officers.same': 'One person holds both offices.',
  'home.officers.name': 'Name',
  'home.officers.position': 'Title',
  'home.officers.department': 'Department',
  'home.officers.phone': 'Telephone',
  'home.officers.email': 'Email',
  'home.officers.since': 'Appointed',
  'home.officers.beingRegistered': 'Being registered.',
  'home.officers.more': 'See the officers page',

  'home.locationPage.title': 'Backup location',
  'home.locationPage.lead': 'Where the daily backup is, how to download it, and where the company keeps its own backups.',
  'home.locationPage.off': 'These management pages do not make backups. Support can tell you where the company keeps them.',
  'home.locationPage.folders.heading': 'The folders',
  'home.locationPage.folders.root': 'The top folder you see when you connect by FTP',
  'home.locationPage.folders.backup': 'The daily backup. Read-only, and not reachable by any web address.',
  'home.locationPage.folders.www': 'The folder that is published on the web',
  'home.locationPage.screen.heading': 'Download from the management pages',
  'home.locationPage.screen.1': 'Sign in.',
  'home.locationPage.screen.2':
    'Press [Download backup] on the first screen. If you signed in some time ago, you confirm your password once more.',
  'home.locationPage.screen.3': 'Keep the file somewhere other than this server.',
  'home.locationPage.screen.go': 'Go to the first screen and download',
  'home.locationPage.ftp.heading': 'Download by FTP',
  'home.locationPage.ftp.1': 'In your FTP program, turn on encryption (FTPS) and connect.',
  'home.locationPage.ftp.2': 'Open the folder /backup, right above www.',
  'home.locationPage.ftp.3': 'Download the .zip file with the date in its name and the .sha256 file of the same name.',
  'home.locationPage.check.heading': 'Check that it arrived complete',
  'home.locationPage.check.body':
    'If the value calculated from your file equals the one in the .sha256 file, or the SHA-256 value on the page, it arrived unchanged.',
  'home.locationPage.contents.heading': 'What is in it',
  'home.locationPage.contents.body':
    'The files of the www folder. Including databases is being prepared; for now they are not in it. For each backup, the page and the file manifest.json inside the archive state what it holds and what is missing.',
  'home.locationPage.care.heading': 'Take care',
  'home.locationPage.care.body':
    'A backup may hold passwords from settings and your visitors’ data. Do not give it to others. If you receive an email about a download that you do not remember, change your password and tell us.',
  'home.locationPage.tiers.heading': 'The backups the company keeps',
  'home.locationPage.tiers.body':
    'Short-term and long-term backups are there for the company to recover the service when a server is damaged. A copy on the same server may be lost with it, so it does not count as a backup tier.',
  'home.locationPage.scope.heading': 'What we do and cannot do',
  'home.locationPage.scope.does':
    'We make a backup once a day, read it back to verify it, and show the result on the page as it is.',
  'home.locationPage.scope.cannot':
    'Changes made after the last backup, data past its retention, and copies lost together with the server cannot be brought back.',
  'home.locationPage.scope.document': 'Full text of the backup responsibility notice',
  'home.locationPage.history.heading': 'Changes',
  'home.locationPage.history.item': '{date}: {text}',
  'home.locationPage.history.empty': 'Nothing has changed since it was first announced.',

  'home.officersPage.title': 'Officers',
  'home.officersPage.lead':
    'The people responsible for the security of servers and data, and for personal information. Their contact details are also at the foot of every page.',
  'home.officersPage.security.does': 'Tell this officer if you suspect a break-in or malware, or have found a vulnerability.',
  'home.officersPage.privacy.does':
    'Tell this officer if you want to see, correct or delete your personal information, or suspect a breach.',
  'home.officersPage.incident.heading': 'To report a security intrusion',
  'home.officersPage.incident.body': 'Call or write to the security officer. You do not need to give a password.',
  'home.officersPage.policy': 'Read the privacy policy',

  'home.footer.support': 'Support',
  'home.footer.terms': 'Terms of service',
  'home.footer.privacy': 'Privacy policy',
  'home.footer.backupDuty': 'Backup responsibility notice',
  'home.footer.sla': 'Compensation for downtime (SLA)',
  'home.footer.location': 'Backup location',
  'home.footer.officers': 'Officers',
  'home.footer.guideline': 'Security and backup guideline',
  'home.footer.business': 'About the company',
  'home.footer.host': 'Hosting provider: {name}',
} satisfies Record<keyof typeof korean, Sentence>;
