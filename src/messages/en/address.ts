// Sentences of another e-mail address and of one's own networks, and the letters about them.
import type { address as korean } from '../ko/address.ts';
import type { Sentence } from '../sentences.ts';

export const address = {
  'address.heading': 'Email address',
  'address.title': 'Change your email',
  'address.present': 'Your present email: {email}',
  'address.change': 'Change email',
  'address.how.both':
    'We send one link to your present address and one to the new address. Nothing changes until both were followed, within {hours} hours.',
  'address.how.then': 'Then all other devices are signed out, and sign-in and reset links that were mailed before stop working.',
  'address.how.undo': 'For {days} days after that, a link mailed to your present address can undo the change.',
  'address.new': 'New email',
  'address.submit': 'Send the two links',
  'address.back': 'Back to account security',
  'address.lost':
    'If you can no longer read mail at your present address, tell support. Once they know it is you, and after a wait of 7 days, the link to the new address alone is enough.',
  'address.same': 'This is the address you have now. Enter another one.',
  'address.mailed': 'We have sent a link to both addresses. Follow both within {hours} hours. Nothing changes before that.',
  'address.waiting.heading': 'Waiting for confirmation',
  'address.waiting.intro': 'Your email is to become {email}. Follow both links before {until}.',
  'address.waiting.old': 'Present address',
  'address.waiting.new': 'New address',
  'address.waiting.yes': 'Confirmed',
  'address.waiting.no': 'Waiting',
  'address.waiting.operator': 'You asked through support: from {from} the link to the new address alone is enough.',
  'address.cancel': 'Keep the present address',
  'address.cancelled': 'Your email stays as it is. The links we sent no longer work.',
  'address.link.title.old': 'Agree to the change of your email',
  'address.link.title.new': 'Confirm your new email',
  'address.link.old': 'If you agree that the email of your account becomes {email}, press the button.',
  'address.link.new': 'To use {email} as the email of your account, press the button.',
  'address.link.early': 'You can confirm from {from} on. Please open this link again then.',
  'address.link.notYou':
    'If you did not ask for this, do not press it. Open the second link of the same letter instead: it can sign out every device.',
  'address.link.submit.old': 'Agree to the new address',
  'address.link.submit.new': 'Confirm this address',
  'address.half': 'Confirmed. Your email changes once the link sent to the other address was followed too.',
  'address.done': 'Your email was changed. Sign in with the new address from now on.',
  'address.gone': 'This link was used already or has expired. Start again on the account security page.',
  'address.early': 'You can confirm from {from} on. Please open the link of the letter again then.',
  'address.taken': 'Another account uses this address by now, so nothing was changed. Please tell support.',
  'address.undo.title': 'Undo the email change',
  'address.undo.intro': 'The email of your account becomes {email} again. This happens at once:',
  'address.undo.password': 'The present password no longer signs in, and a link for a new one goes to the restored address.',
  'address.undo.factors': 'Passkeys and apps that were set up since the change was asked for are removed.',
  'address.undo.back': 'Leave it as it is',
  'address.undo.submit': 'Undo it and sign out everywhere',
  'address.undo.done':
    'Your email is restored and every device was signed out. Set a new password with the link sent to the restored address.',
  'address.undoGone': 'This link was used already or is older than 7 days. If you did not make the change, tell support at once.',

  'networks.heading': 'Allowed IP addresses',
  'networks.none':
    'You can sign in from anywhere. If you only work from fixed places, such as an office, you can allow just those.',
  'networks.some': 'You can only sign in from these: {list}',
  'networks.change': 'Set allowed IP addresses',
  'networks.title': 'Allowed IP addresses',
  'networks.intro':
    'Only the addresses below can come in with this account. Leave the list empty to allow any. Moving to an address that is not allowed signs you out.',
  'networks.present': 'Your present IP address:',
  'networks.list': 'IP addresses to allow',
  'networks.hint': 'One a line, up to {most}. For example: 203.0.113.9, 203.0.113.0/24, 2001:db8::/64',
  'networks.withPresent': 'Include your present IP address {address}',
  'networks.withPresentWhy': 'Without it the list is not saved, since you would lock yourself out at once.',
  'networks.submit': 'Save',
  'networks.tooMany': 'Up to {most} can be listed. Write neighbours as one, such as 203.0.113.0/24.',
  'networks.malformed': '{part}: this is no IP address, and no network such as 203.0.113.0/24. Please correct it.',
  'networks.locksOut':
    'Your present IP address {address} is not in the list, so it was not saved: this device could no longer come in. Add it, or tick the box below to include it.',
  'networks.done': 'Allowed IP addresses saved: {count}.',
  'networks.lifted': 'The list is empty. You can sign in from anywhere.',
  'networks.wayBack.heading': 'If your IP address changes and you cannot come in',
  'networks.wayBack.text':
    'Enter your email and the right password on the sign-in page. It will look like a failed sign-in, but we send a link that lifts the list to your email. It works once, within 30 minutes.',
  'networks.lift.title': 'Lift the allowed IP addresses',
  'networks.lift.intro':
    'This empties the list, so that you can sign in from anywhere. Your password and second step stay as they are.',
  'networks.lift.back': 'Leave it as it is',
  'networks.lift.submit': 'Lift the list',
  'networks.lift.done': 'The list is empty. You can sign in from here now.',
  'networks.gone':
    'This link was used already or is older than 30 minutes. Enter the right password on the sign-in page and we send a new one.',

  'security.history.accounts.addressAsked': 'Email change asked for',
  'security.history.accounts.addressCancelled': 'Email change called off',
  'security.history.accounts.addressChanged': 'Email changed',
  'security.history.accounts.addressConfirmed': 'Link of an email change confirmed',
  'security.history.accounts.addressUndone': 'Email change undone',
  'security.history.signIn.networkCut': 'Signed out: moved to an IP address that is not allowed',
  'security.history.signIn.networkRefused': 'Sign-in from an IP address that is not allowed refused',
  'security.history.signIn.networksChanged': 'Allowed IP addresses changed',
  'security.history.signIn.networksLifted': 'Allowed IP addresses lifted by a mailed link',

  'mail.address-asked.subject': '[{brand}] Confirm the change of your email',
  'mail.address-asked.intro':
    'At {at} somebody asked to change the email of your {brand} account to {email}. Nothing has changed yet.',
  'mail.address-asked.you': 'If this was you, open the address below to confirm it. It works for {hours} hours.',
  'mail.address-waits.subject': '[{brand}] Email change asked for through support',
  'mail.address-waits.intro':
    'At {at} support was asked to change the email of your {brand} account to {email}. If nobody objects, confirming the new address is enough from {from} on.',
  'mail.address-waits.you': 'If this was you, you can wait, or open the address below to confirm it now.',
  'mail.address-new.subject': '[{brand}] Confirm your new email address',
  'mail.address-new.intro':
    'Somebody asked to use this address as the email of a {brand} account. If this was you, open the address below to confirm it. It works for {hours} hours.',
  'mail.address-new.notYou': 'If you did not ask for this, you can delete this letter.',
  'mail.address-new-waits.subject': '[{brand}] Confirm your new email address',
  'mail.address-new-waits.intro':
    'Through support, somebody asked to use this address as the email of a {brand} account. From {from} on you can confirm it with the address below, for {days} days.',
  'mail.address-taken.subject': '[{brand}] You have an account with this address',
  'mail.address-taken.intro':
    'Somebody asked to make this address the email of another {brand} account. It belongs to an account already, so nothing has changed.',
  'mail.address-taken.you': 'If this was you, you can sign in with this address.',
  'mail.address-changed.subject': '[{brand}] Your email was changed',
  'mail.address-changed.intro':
    'At {at} the email of your {brand} account was changed to {email}. This address no longer signs in.',
  'mail.address-changed.you': 'If you changed it, there is nothing to do.',
  'mail.address-changed.notYou':
    'If this was not you, open the address below. It restores this address, signs out every device and mails you a link for a new password. It works for {days} days.',
  'mail.address-changed-new.subject': '[{brand}] Your email was changed',
  'mail.address-changed-new.intro':
    'At {at} this became the email of your {brand} account. Sign in with this address from now on.',
  'mail.networks-changed.subject': '[{brand}] Allowed IP addresses changed',
  'mail.networks-changed.intro':
    'At {at} the allowed IP addresses of your {brand} account were changed. You can only sign in from these now:',
  'mail.networks-changed.you': 'If this was you, there is nothing to do.',
  'mail.networks-lifted.subject': '[{brand}] Allowed IP addresses lifted',
  'mail.networks-lifted.intro':
    'At {at} the list of allowed IP addresses of your {brand} account was emptied. You can sign in from anywhere now.',
  'mail.networks-refused.subject': '[{brand}] We refused a sign-in from a place you have not allowed',
  'mail.networks-refused.intro':
    'At {at} somebody gave the right password for your {brand} account from an IP address you have not allowed. They were kept out.',
  'mail.networks-refused.you':
    'If this was you and your IP address has changed, open the address below to lift the list. It works once, within {minutes} minutes.',
} satisfies Record<keyof typeof korean, Sentence>;
