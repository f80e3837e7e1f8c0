// Sentences about SSH: what it means, asking for it, its states, and the letters about it.
import type { ssh as source } from '../ko/ssh.ts';
import type { Sentence } from '../sentences.ts';

export const ssh: Record<keyof typeof source, Sentence> = {
  'ssh.title': 'Request SSH access',
  'ssh.link': 'Do you really need SSH?',
  'ssh.linkText': 'Request SSH access',
  'ssh.lead':
    'Files reach a site by FTP; that is the rule. Ask for SSH only when you have to run commands on the server yourself.',
  'ssh.meaning.heading': 'What changes with SSH',
  'ssh.meaning.apart':
    'It is opened only on separate servers that hold nobody but customers who use SSH. If your site lies elsewhere, we move it first.',
  'ssh.meaning.key':
    'Nobody comes in with a password: only with the public key you send, and only from the IP addresses you allow.',
  'ssh.meaning.end': 'It ends by itself at midnight of the day you choose, and you can end it at any time before.',
  'ssh.meaning.risk': 'Being able to run commands also means more risk, so there is a consent of its own about responsibility.',
  'ssh.meaning.document': 'Read the SSH responsibility notice',

  'ssh.preparing': 'Your site is being prepared. You can send a request once it is open.',
  'ssh.suspended': 'The site is suspended, so a request cannot be sent now.',
  'ssh.none.title': 'No requests are taken at present',
  'ssh.none.text':
    'There is no server for customers who use SSH yet. If you need one, please tell our support. Files can be sent by FTP.',
  'ssh.ownerOnly': 'Only the owner can request and end SSH access.',

  'ssh.waiting.heading': 'Your request is being looked at',
  'ssh.waiting.text': 'We write you a letter when it has been decided. Until then nobody can come in by SSH.',
  'ssh.opening.heading': 'Approved; access is being opened',
  'ssh.opening.text':
    'Once the server is ready, everything needed to connect appears here and in a letter, usually within a minute.',
  'ssh.open.heading': 'You can come in by SSH',
  'ssh.open.text':
    'Run this command on the computer that holds the private key. When you connect for the first time, make sure that the fingerprint of the server is the one below.',
  'ssh.shut.heading': 'SSH access is shut for now',
  'ssh.shut.text': 'The site is suspended or restricted. Once that is lifted, you can come in again until the day you chose.',
  'ssh.over.refused': 'Your request was refused',
  'ssh.over.reason': 'Reason: {reason}',
  'ssh.over.withdrawn': 'The request was withdrawn',
  'ssh.over.lapsed': 'The day you chose passed before the request was decided',
  'ssh.over.ended': 'SSH access has ended',
  'ssh.over.at': 'Over since {at}. Send a new request to use it again.',
  'ssh.over.at.refused': 'Decided on {at}. You can send another request once you have read the reason.',
  'ssh.because.due': 'The day you chose has passed.',
  'ssh.because.customer': 'The owner ended it.',
  'ssh.because.operator': 'We ended it. Please ask our support for the reason.',
  'ssh.because.replaced': 'A request approved later has taken its place.',
  'ssh.because.site': 'The contract for the site has ended.',
  'ssh.again.heading': 'Please agree once more',
  'ssh.again.waiting':
    'The SSH responsibility notice has changed. Your request can only be approved once you agree to the new one.',
  'ssh.again.inForce':
    'The SSH responsibility notice has changed. Your present access goes on to the day you chose; to use it longer, send a new request and agree once more.',
  'ssh.again.submit': 'Agree to the new notice',

  'ssh.command': 'ssh -p {port} {user}@{host}',
  'ssh.fact.command': 'Command',
  'ssh.fact.user': 'User',
  'ssh.fact.host': 'Host',
  'ssh.fact.port': 'Port',
  'ssh.fact.hostKeys': 'Server fingerprint',
  'ssh.fact.asked': 'Requested',
  'ssh.fact.until': 'Until',
  'ssh.fact.key': 'Fingerprint of your key',
  'ssh.fact.networks': 'Allowed addresses',
  'ssh.fact.agreed': 'Notice agreed to',

  'ssh.ask.heading': 'Send a request',
  'ssh.renew.heading': 'To change key or end',
  'ssh.renew.text': 'Send a new request. Once approved, it takes the place of the present key, addresses and end.',
  'ssh.renew.open': 'Send a new request',
  'ssh.key.label': 'Public key',
  'ssh.key.hint':
    'Paste the one line of your .pub file as it is. Ed25519, ECDSA (256 bits or more) and RSA (3072 bits or more) are taken.',
  'ssh.key.how': 'How to make a key',
  'ssh.key.howText':
    'Run this command in a terminal of your own computer (PowerShell on Windows) and choose a passphrase. Of the two files it makes, the one ending in .pub is the public key. The other one is the private key: never give it to anybody.',
  'ssh.key.command': 'ssh-keygen -t ed25519',
  'ssh.networks.label': 'IP addresses that may connect',
  'ssh.networks.hint':
    'Only these can connect. At least one, one a line. For example: 203.0.113.7, 203.0.113.0/24, 2001:db8::/48',
  'ssh.networks.present': 'Add the address in use now, {address}',
  'ssh.networks.presentHint': 'Addresses of homes and mobile phones may change. If yours does, send a new request.',
  'ssh.until.label': 'Until when do you need it?',
  'ssh.until.hint': 'It ends at midnight of that day. One year at most; as short as possible is safest.',
  'ssh.consent.legend': 'A consent of its own',
  'ssh.consent.label': 'I have read the SSH responsibility notice and agree to it.',
  'ssh.consent.summary':
    'Damage to my site and data by privilege escalation through SSH access is my responsibility, since I have chosen to use SSH. ',
  'ssh.consent.important':
    'The company is liable, however, for damage caused by its intent or gross negligence and for any liability imposed by law.',
  'ssh.ask.after': 'We look at your request before access is opened. A copy of what you agreed to comes by letter.',
  'ssh.ask.submit': 'Send request',
  'ssh.withdraw': 'Withdraw request',
  'ssh.refresh': 'Refresh',
  'ssh.end.action': 'End access',
  'ssh.end.title': 'End SSH access',
  'ssh.end.lead':
    'At once nobody can connect any more; open sessions and running commands end too. To use SSH again you need a new request.',
  'ssh.end.none': 'There is no SSH access to end.',
  'ssh.end.files': 'Your files and backups stay as they are.',
  'ssh.end.others': 'FTP and these pages go on working.',
  'ssh.end.back': 'Keep it',
  'ssh.end.submit': 'End access',
  'ssh.done.asked': 'Your request was sent. We write you a letter when it has been decided.',
  'ssh.done.agreed': 'You have agreed to the new notice.',
  'ssh.done.withdrawn': 'The request was withdrawn.',
  'ssh.done.ended': 'SSH access was ended.',

  'ssh.fault.key.missing': 'Paste your public key.',
  'ssh.fault.key.private':
    'This is a private key. We did not keep it, but it has left your computer: remove it now wherever it is in use, make a new one, and paste only the content of the .pub file.',
  'ssh.fault.key.lines': 'Paste one public key at a time, on one line.',
  'ssh.fault.key.options':
    'Options before the key are not taken. Paste from where the kind of the key begins, such as ssh-ed25519.',
  'ssh.fault.key.kind': 'Keys of this kind are not taken. Use a public key of Ed25519, ECDSA or RSA.',
  'ssh.fault.key.unreadable': 'This cannot be read as a public key. Paste the whole line of your .pub file.',
  'ssh.fault.key.short': 'This RSA key is short: {bits} bits. Use one of {fewest} bits or more, or an Ed25519 key.',
  'ssh.fault.networksMissing': 'Enter at least one IP address that may connect.',
  'ssh.fault.networkWide': 'Network {number} is too wide. Use /{shortest} or a narrower one.',
  'ssh.fault.agree': 'You can only send a request if you agree to the SSH responsibility notice.',
  'ssh.fault.changed': 'The notice has changed meanwhile. Please read the new one and agree again.',
  'ssh.fault.open': 'A request for this site is waiting already.',
  'ssh.fault.site': 'The site is not open, so a request cannot be sent.',
  'ssh.fault.noServer': 'There is no server for customers who use SSH yet, so a request cannot be sent.',
  'ssh.fault.wait': 'Many requests were sent today. Please try again after {until}.',

  'ssh.approve.webServer':
    'The site does not lie on a server of the group ssh. Move it to one first (gotgan server list); nothing was approved.',
  'ssh.approve.oldConsent':
    'This request was not agreed to in the version of the SSH responsibility notice that applies now. The customer must agree again on the page of the request.',
  'ssh.approve.noWay':
    "The site's server has no way to let anybody in by SSH: it must be one that keeps a system user for each site. Nothing was approved.",
  'ssh.approve.notOpen': 'This request does not wait for a decision.',
  'ssh.approve.notInForce': 'This access is not in force.',
  'ssh.approve.late': 'The day asked for has passed. The customer must send a new request.',
  'ssh.approve.site': 'The site is not open. Open it, or lift its suspension, first.',
  'ssh.approve.restricted': 'The customer is restricted. Lift the restriction first.',

  'people.kind.ssh': 'SSH',
  'people.act.ssh.requested': 'Requested SSH access and agreed to the notice ({version})',
  'people.act.ssh.agreedAgain': 'Agreed to the changed SSH notice ({version})',
  'people.act.ssh.withdrawn': 'Withdrew the request for SSH',
  'people.act.ssh.lapsed': 'The day of the request for SSH passed',
  'people.act.ssh.approved': 'SSH access was approved',
  'people.act.ssh.refused': 'The request for SSH was refused',
  'people.act.ssh.ended': 'SSH access ended',

  'consent.documents.title.ssh': 'SSH responsibility notice',

  'mail.ssh-requested.subject': '[{brand}] You have requested SSH access',
  'mail.ssh-requested.intro':
    'We have received a request for SSH access to the site {site}. We write again once it has been decided.',
  'mail.ssh-requested.notYou':
    'If this was not you, withdraw the request on the page below at once, change your password and tell our support.',
  'mail.ssh-requested.agreed': 'This is what you agreed to. Please keep it.',
  'mail.ssh-for-operator.subject': '[{brand}] Request for SSH: {site}',
  'mail.ssh-for-operator.intro':
    'SSH access was requested for the site {site}, which lies on the server {server} (group {group}).',
  'mail.ssh-for-operator.todo': 'Please look at it, and run one of these on the server.',
  'mail.ssh-approved.subject': '[{brand}] You can come in by SSH',
  'mail.ssh-approved.intro':
    'SSH access to the site {site} is open. Until {until} you can come in with the key and from the addresses you named.',
  'mail.ssh-approved.hostKeys':
    'When you connect for the first time, make sure that the fingerprint of the server is one of these.',
  'mail.ssh-approved.stop': 'When the work is done, please end the access here instead of waiting for that day.',
  'mail.ssh-refused.subject': '[{brand}] Your request for SSH was refused',
  'mail.ssh-refused.intro': 'We could not approve the request for SSH access to the site {site}, for this reason:',
  'mail.ssh-refused.more': 'FTP goes on working. If you have questions, please ask our support.',
  'mail.ssh-lapsed.subject': '[{brand}] Your request for SSH is over',
  'mail.ssh-lapsed.intro':
    'The day you chose passed before the request for SSH access to the site {site} was decided. We are sorry for the delay.',
  'mail.ssh-lapsed.more': 'If you still need it, please send a new request.',
  'mail.ssh-ending.subject': '[{brand}] SSH access ends soon',
  'mail.ssh-ending.intro': 'SSH access to the site {site} lasts until {until}. Then it ends by itself.',
  'mail.ssh-ending.more': 'If you need it longer, send a new request before. If you do not need it any more, end it now.',
  'mail.ssh-ended.subject': '[{brand}] SSH access has ended',
  'mail.ssh-ended.intro': 'SSH access to the site {site} ended at {at}.',
  'mail.ssh-ended.more': 'Files and backups stay as they are. To use SSH again, send a new request.',
};
