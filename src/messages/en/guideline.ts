// The page /guideline in English: the KHADA guideline v1.0 clause by clause in plain words. The states stand in home/guideline.ts.
import type { guideline as korean } from '../ko/guideline.ts';
import type { Sentence } from '../sentences.ts';

export const guideline = {
  'guideline.title': 'Security and backup guideline',
  'guideline.lead':
    'The "Recommended guideline for the security and backup of hosting services", version 1.0, published by the Korea Hosting and Domain Association (KHADA) on 15 September 2017, clause by clause in plain words, and what the management pages of this service do about each.',
  'guideline.notCertified':
    'This page is not a certification. The guideline is a minimum recommendation, not law, and the association has neither checked nor endorsed what is written here.',
  'guideline.states.heading': 'What the marks mean',
  'guideline.state.does': 'We do this',
  'guideline.state.operator': 'The company has to confirm this',
  'guideline.state.later': 'Being prepared',
  'guideline.state.does.means': 'The management pages do this.',
  'guideline.state.operator.means':
    'It concerns servers, offices or staff, or the management pages do only part of it, so the company has to confirm it separately.',
  'guideline.state.later.means': 'The management pages do not have this yet, or only part of it; it is being prepared.',
  'guideline.caption': 'Guideline, chapter {section}: {title}',
  'guideline.column.clause': 'Clause',
  'guideline.column.asks': 'What it recommends',
  'guideline.column.state': 'State',
  'guideline.column.answer': 'How it is now',
  'guideline.count': 'Of {total} clauses: {does} done, {operator} for the company to confirm, {later} being prepared',
  'guideline.ask': 'If you wonder about a point that the company has to confirm, you can ask the security officer.',
  'guideline.answer.noOfficers': 'The officers are being registered.',
  'guideline.answer.off': 'This feature is switched off on these management pages, so the company has to confirm it separately.',

  'guideline.section.1': 'Officers',
  'guideline.section.2': 'Vulnerabilities',
  'guideline.section.3': 'Access to managed servers',
  'guideline.section.4': 'Passwords for management',
  'guideline.section.5': 'Management and monitoring of servers',
  'guideline.section.6': 'Customers’ personal information',
  'guideline.section.7': 'Web hosting servers',
  'guideline.section.8': 'Backup',
  'guideline.section.9': 'Computers and network of the office',
  'guideline.section.10': 'When something happens',
  'guideline.section.11': 'Training and checks',

  'guideline.clause.1.1.asks': 'Appoint a security officer and a privacy officer, and announce them.',
  'guideline.clause.1.1.answer':
    'The names and contact details of the two registered officers are on the officers page, with the dates of changes, and at the foot of every page.',

  'guideline.clause.2.1.asks': 'Update every server at once when a vulnerability becomes known.',
  'guideline.clause.2.1.answer': 'Servers are updated outside the management pages.',
  'guideline.clause.2.2.asks': 'Keep a list of administrators and installed programs for each server, and find vulnerable ones.',
  'guideline.clause.2.2.answer': 'Server lists and administrators are managed outside the management pages.',
  'guideline.clause.2.3.asks': 'Check the service’s website for vulnerabilities at every change and every quarter.',
  'guideline.clause.2.3.answer': 'The company manages dates and results of the checks.',
  'guideline.clause.2.4.asks': 'Check every server with dedicated programs every quarter and record the results.',
  'guideline.clause.2.4.answer': 'The company manages dates and results of the checks.',
  'guideline.clause.2.5.asks': 'Fix the vulnerabilities found, or cover them with firewalls where they cannot be fixed.',
  'guideline.clause.2.5.answer': 'This is done outside the management pages.',

  'guideline.clause.3.1.asks': 'Treat every server run with administrator rights as a managed server.',
  'guideline.clause.3.1.answer': 'The company defines what is managed.',
  'guideline.clause.3.2.asks': 'Define for each kind of server which programs run and which ports are open.',
  'guideline.clause.3.2.answer': 'The port policy is managed outside the management pages.',
  'guideline.clause.3.3.asks': 'Allow management only from addresses that fit the purpose.',
  'guideline.clause.3.3.answer': 'Addresses for management are set outside the management pages.',
  'guideline.clause.3.4.asks': 'Give each administrator only the rights needed.',
  'guideline.clause.3.4.answer': 'Rights of server administrators are divided outside the management pages.',
  'guideline.clause.3.5.asks': 'Open management ports only to the office and the management VPN.',
  'guideline.clause.3.5.answer': 'Server firewalls are managed outside the management pages.',
  'guideline.clause.3.6.asks': 'Switch off programs that are not needed; open risky ports only while working.',
  'guideline.clause.3.6.answer': 'Server settings are managed outside the management pages.',
  'guideline.clause.3.7.asks': 'Separate important servers, such as database servers, from the internet.',
  'guideline.clause.3.7.answer': 'The network is arranged outside the management pages.',
  'guideline.clause.3.8.asks': 'Protect logs from leaking, being changed or being deleted.',
  'guideline.clause.3.8.answer':
    'Records of acts and consents in the management pages can only be added to, never changed or deleted. The company protects the servers’ logs.',

  'guideline.clause.4.1.asks':
    'Passwords for management have 10 characters or more with digits, symbols, capitals and small letters.',
  'guideline.clause.4.1.answer': 'Passwords for servers are set outside the management pages.',
  'guideline.clause.4.2.asks': 'Keep passwords for management in a safe, not in files.',
  'guideline.clause.4.2.answer': 'This is done in the office.',
  'guideline.clause.4.3.asks': 'Sign in to manage servers in two different ways.',
  'guideline.clause.4.3.answer': 'How servers are signed in to is set outside the management pages.',
  'guideline.clause.4.4.asks': 'Use two different passwords for the VPN too.',
  'guideline.clause.4.4.answer': 'The VPN is outside the management pages.',

  'guideline.clause.5.1.asks': 'Keep diagrams and maps and label the servers, so that one can be isolated at once.',
  'guideline.clause.5.1.answer': 'This is done in the server room.',
  'guideline.clause.5.2.asks': 'Divide the network by purpose.',
  'guideline.clause.5.2.answer': 'The network is arranged outside the management pages.',
  'guideline.clause.5.3.asks': 'Set limits for the health of servers and raise an alarm beyond them.',
  'guideline.clause.5.3.answer': 'Servers are monitored outside the management pages.',
  'guideline.clause.5.4.asks': 'Watch network traffic at all times and raise an alarm beyond set limits.',
  'guideline.clause.5.4.answer': 'The network is monitored outside the management pages.',

  'guideline.clause.6.1.asks': 'Encrypt customers’ passwords and important information, and hold only what is needed.',
  'guideline.clause.6.1.answer':
    'Passwords are kept as values that cannot be reversed; e-mail addresses, names, telephone numbers and network addresses are encrypted; resident registration numbers are not collected. The company carries out its own self-check.',
  'guideline.clause.6.2.asks': 'Customers’ passwords have 8 characters or more, letters and digits; easy ones are refused.',
  'guideline.clause.6.2.answer':
    '8 characters or more with letters and digits; passwords that are widely known or easy to guess are refused with the reason.',
  'guideline.clause.6.3.asks':
    'A failed sign-in does not reveal the reason; after several failures a CAPTCHA or the like is required.',
  'guideline.clause.6.3.answer':
    'Every failure gets the same sentence, and after several failures a CAPTCHA is required. Those who find it hard to read can have a sign-in link sent by e-mail.',

  'guideline.clause.7.1.asks':
    'Follow the web hosting security guides of the Korea Internet & Security Agency, adapted to today.',
  'guideline.clause.7.1.answer': 'Server settings are managed outside the management pages.',
  'guideline.clause.7.2.asks': 'Delete accounts and data of former customers and end their access.',
  'guideline.clause.7.2.answer':
    'Closing the account on the pages ends all access at once; on the stated day files, databases, all backups and the account are erased, and a certificate of destruction is sent. The record of the contract that the law demands is kept apart, without a name.',
  'guideline.clause.7.3.asks': 'Allow FTP only; keep customers who use SSH on separate servers.',
  'guideline.clause.7.3.answer':
    'SSH is requested by the owner with a consent of its own and approved by the company; it opens only on servers for SSH, with a public key, from named addresses and until a set day. The database itself refuses it on any other server.',
  'guideline.clause.7.4.asks': 'Define which kinds of file may be uploaded and refuse all others.',
  'guideline.clause.7.4.answer':
    'Only defined kinds of file can be uploaded through the management pages; files whose content does not match their name are refused too, with the reason. Files uploaded by FTP are managed by the company.',
  'guideline.clause.7.5.asks': 'Keep executable files from being uploaded through the web, and from running if they are.',
  'guideline.clause.7.5.answer':
    'The management pages do not take files that run on the server. The company manages the server settings that keep files uploaded through customers’ own boards from running.',
  'guideline.clause.7.6.asks':
    'Make a compressed backup once a day, put it where it is easy to download, and announce the place on the website.',
  'guideline.clause.7.6.answer':
    'Website files are backed up every day, read back, and put in /backup (right above www) and on the first screen after sign-in; the place is announced on the front page and the backup location page.',
  'guideline.clause.7.6db.asks': 'Include the databases in that backup.',
  'guideline.clause.7.6db.answer':
    'Every database of a site is in its daily backup, with its tables and rows counted. The page of each backup shows what it contains.',

  'guideline.clause.8.1.asks':
    'State at the most visible place that, without a separate backup service, backup is the customer’s responsibility.',
  'guideline.clause.8.1.answer':
    'It is stated at the top of the front page, on the plan pages and on the first screen after sign-in, together with the company’s liability for intent, gross negligence and what the law imposes.',
  'guideline.clause.8.2.asks': 'State on the product pages how downtime during a restoration from backup is compensated.',
  'guideline.clause.8.2.answer': 'Each plan states the rule and a worked example right below its price.',
  'guideline.clause.8.3.asks': 'Have customers agree to both of these, through terms and SLA, when they order.',
  'guideline.clause.8.3.answer':
    'Agreement to the terms of service, the backup responsibility notice and the compensation for downtime is asked for one by one, and version and SHA-256 value of each document are recorded. The terms are the company’s own, not the association’s joint terms.',
  'guideline.clause.8.4.asks': 'Keep a standby server that takes over at once when the active one stops.',
  'guideline.clause.8.4.answer': 'Servers are arranged outside the management pages.',
  'guideline.clause.8.5.asks':
    'Keep backups in at least two tiers, short-term and long-term, on separate servers; the long-term one preferably in another data centre every week.',
  'guideline.clause.8.5.answer':
    'Good backups are moved to the short-term tier daily and to the long-term tier weekly, and pages show the age of each. Where the two lie is the company’s choice; the backup location page shows the present state as it is.',
  'guideline.clause.8.6.asks': 'Keep backup servers separate from the service’s servers.',
  'guideline.clause.8.6.answer':
    'The download copy, a folder on a server in service and a standby are not counted as backup tiers. The company provides the backup servers.',
  'guideline.clause.8.7.asks':
    'The backup server connects to the service’s server and fetches the data. Mounted storage does not count as a backup.',
  'guideline.clause.8.7.answer':
    'Mounted storage is not accepted as a backup tier. Fetching by the backup server is being prepared.',
  'guideline.clause.8.8.asks': 'Cut the connection between the servers as soon as the backup is done.',
  'guideline.clause.8.8.answer':
    'A connection is made for each backup that is moved and cut when it is done. Other ways in are checked by the company.',
  'guideline.clause.8.9.asks': 'Allow access to the backup server from permitted addresses only.',
  'guideline.clause.8.9.answer': 'Access to the backup server is limited outside the management pages.',

  'guideline.clause.9.1.asks': 'Separate the network of the server department from that of other departments.',
  'guideline.clause.9.1.answer': 'This is done in the office.',
  'guideline.clause.9.2.asks': 'Separate office computers from those for managing servers.',
  'guideline.clause.9.2.answer': 'This is done in the office.',
  'guideline.clause.9.3.asks': 'Avoid browsing and mail on computers for managing servers.',
  'guideline.clause.9.3.answer': 'This is done in the office.',
  'guideline.clause.9.4.asks': 'Keep computers for managing servers updated.',
  'guideline.clause.9.4.answer': 'This is done in the office.',
  'guideline.clause.9.5.asks': 'Protect computers for managing servers against malware and key logging.',
  'guideline.clause.9.5.answer': 'This is done in the office.',
  'guideline.clause.9.6.asks': 'Have the server department’s computers switch off by themselves after work.',
  'guideline.clause.9.6.answer': 'This is done in the office.',
  'guideline.clause.9.7.asks': 'From outside the office, allow VPN access only from designated computers.',
  'guideline.clause.9.7.answer': 'The company decides and checks this.',

  'guideline.clause.10.1.asks': 'Keep emergency contacts current and hold a drill at least once a year.',
  'guideline.clause.10.1.answer': 'This is done by the company.',
  'guideline.clause.10.2.asks': 'In an outage, tell the customers of that server what is happening.',
  'guideline.clause.10.2.answer':
    'The management pages know which customer uses which server; sending notices of outages is being prepared.',
  'guideline.clause.10.3.asks': 'Report major security incidents to the authorities and, if needed, to the association.',
  'guideline.clause.10.3.answer': 'This is done by the company.',
  'guideline.clause.10.4.asks': 'Help one another in major incidents at other hosting companies.',
  'guideline.clause.10.4.answer': 'This is done by the company.',

  'guideline.clause.11.1.asks': 'Hold in-house security and server training every quarter.',
  'guideline.clause.11.1.answer': 'This is done by the company.',
  'guideline.clause.11.2.asks': 'Hold external training at least twice a year.',
  'guideline.clause.11.2.answer': 'This is done by the company.',
  'guideline.clause.11.3.asks': 'Hold a security day every quarter.',
  'guideline.clause.11.3.answer': 'This is done by the company.',
  'guideline.clause.11.4.asks': 'Check backups, computers and security updates with a checklist.',
  'guideline.clause.11.4.answer': 'This is done by the company.',
  'guideline.clause.11.5.asks': 'Tell the customers concerned about important security updates and vulnerabilities.',
  'guideline.clause.11.5.answer': 'Sending notices is being prepared.',
  'guideline.clause.11.6.asks': 'Pass security alerts and demands of the government on to customers at once.',
  'guideline.clause.11.6.answer': 'Sending notices is being prepared.',
} satisfies Record<keyof typeof korean, Sentence>;
