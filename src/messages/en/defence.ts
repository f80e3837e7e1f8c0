// Sentences of the login's defence: waits, passwords that were closed, restricted customers, and the letters about them.
import type { defence as korean } from '../ko/defence.ts';
import type { Sentence } from '../sentences.ts';

export const defence = {
  'login.wait':
    'Sign-in is paused because of many attempts. You can sign in after {until}. To get in now, ask for a sign-in link by email.',
  'login.leaked':
    'This password is on a list of leaked passwords and cannot be used any more. We have emailed you how to set a new one; you can also do it now under “I cannot remember my password”.',
  'security.history.accounts.passwordOff': 'Password closed so that nobody else can use it',

  'error.restricted':
    'Your service is restricted, so nothing was changed. You can still look and download. The reason, and how to lift it, are on the page about the restriction.',
  'restriction.strip': 'Your service is restricted. You can look and download, but change nothing.',
  'restriction.link': 'About the restriction',
  'restriction.title': 'About the restriction',
  'restriction.since': 'Your service has been restricted since {time}.',
  'restriction.because.unpaid': 'There are unpaid charges. Once they are paid we lift the restriction.',
  'restriction.because.authority': 'An authority has asked for the restriction. Support can tell you which one and why.',
  'restriction.because.security':
    'There are signs that the site or the account was abused by somebody else, and we restricted it so that it goes no further. We lift it once we have looked at it together with you.',
  'restriction.because.terms': 'Something is not in line with the terms of service. Support can tell you what it is.',
  'restriction.mayHeading': 'What you can still do',
  'restriction.may.backups': 'See and download backups. The daily backups go on.',
  'restriction.may.files': 'See and download files',
  'restriction.may.account': 'Look after your account: password, devices that are signed in',
  'restriction.may.documents': 'Read the terms and the documents you agreed to',
  'restriction.may.ask': 'Ask support, pay, or end the contract',
  'restriction.mayNotHeading': 'What you cannot do now',
  'restriction.mayNot':
    'Nothing that changes the site: uploading, moving or deleting files, or making a backup by hand. FTP and SSH are shut, and programs of the site cannot use its databases.',
  'restriction.contactHeading': 'To lift the restriction',
  'restriction.contact': 'Tell support. They also help with payment and with ending the contract.',
  'restriction.toBackups': 'Get backups',

  'mail.password-off.subject': '[{brand}] Signing in by password was closed',
  'mail.password-off.why.failures':
    'By {at} a hundred wrong passwords in a row had been entered for your {brand} account. We closed the password so that nobody can find it out.',
  'mail.password-off.why.codes':
    'By {at} somebody who gave the right password had entered a hundred wrong second-step codes. We take it that somebody else knows the password and have closed it.',
  'mail.password-off.why.leaked':
    'The {brand} password entered at {at} is on a list of leaked passwords. Others can use it too, so we closed it and signed out every device.',
  'mail.password-off.why.suspect':
    'We have been told that somebody else may know your {brand} password. At {at} we closed it and signed out every device.',
  'mail.password-off.how': 'Set a new password at the address below. It must be one that you use nowhere else.',
  'mail.password-off.others': 'Sign-in links by email and passkeys still work. Sites, files and backups are as they were.',
  'mail.restricted.subject': '[{brand}] Your service is restricted',
  'mail.restricted.intro': 'Your {brand} service is restricted from {at}.',
  'mail.restricted.may':
    'You can still sign in, look and download, and the daily backups go on. Only changes to the site are not possible.',
  'mail.restricted.more': 'What you can do, and how to lift it:',
  'mail.restriction-lifted.subject': '[{brand}] The restriction was lifted',
  'mail.restriction-lifted.intro': 'At {at} the restriction of your {brand} service was lifted. Everything can be used again.',
  'mail.stuffing.subject': '[{brand}] Somebody seems to try leaked passwords',
  'mail.stuffing.sign.names': 'At {at} many login names were tried from one network.',
  'mail.stuffing.sign.failures': 'At {at} failed sign-ins were more than five times as many as usual.',
  'mail.stuffing.does':
    'Every browser that never signed in is asked for a CAPTCHA now; browsers that did come in as before. It ends by itself {minutes} minutes after the attempts stop.',
  'mail.stuffing.todo':
    'If you have a list of the accounts concerned, this closes their passwords: gotgan accounts suspect list.txt',
} satisfies Record<keyof typeof korean, Sentence>;
