// English of ko/lost-factor.ts.
import type { lostFactor as korean } from '../ko/lost-factor.ts';
import type { Sentence } from '../sentences.ts';

export const lostFactor = {
  'ways.last':
    'This passkey is the only way you can sign in now, so it cannot be removed. Make another passkey first, or set a new password with “I cannot remember my password” on the sign-in page.',
  'lostFactor.title': 'Stop the removal of two-step verification',
  'lostFactor.intro':
    'We were asked to remove two-step verification from this account because it was lost, and are waiting before we do. If you did not ask for it, press “Stop the removal”.',
  'lostFactor.keeps': 'Your authenticator app, passkeys and recovery codes stay as they are.',
  'lostFactor.again': 'If you did lose them, you can ask again, and the waiting time starts anew.',
  'lostFactor.stop': 'Stop the removal',
  'lostFactor.stopped': 'The removal of two-step verification was stopped. Nothing was removed.',
  'lostFactor.gone': 'This link was used, or the removal of two-step verification is done or was stopped.',
  'lostFactor.over': 'No removal of two-step verification is waiting now.',
  'lostFactor.none': 'This account has no second factor.',
  'lostFactor.runs': 'The removal of two-step verification is waiting for this account already.',
  'lostFactor.nobody': 'There is no such account.',
  'lostFactor.wordsMissing': 'Say who asked and why, in at most 300 characters each.',
  'lostFactor.waiting': 'Two-step verification will be removed on {at}. If you did not ask for it, stop it now.',
  'security.history.signIn.lostFactorBegun': 'Removal of two-step verification asked for',
  'security.history.signIn.lostFactorStopped': 'Removal of two-step verification stopped',
  'security.history.signIn.lostFactorRemoved': 'Two-step verification removed (lost)',
  'mail.lost-factor.subject': '[{brand}] Two-step verification will be removed',
  'mail.lost-factor.intro':
    'We were told that the second factors of your {brand} account (authenticator app, passkeys, recovery codes) were lost. Unless we hear otherwise, we will remove them after {at}.',
  'mail.lost-factor.askedBy': 'Asked by',
  'mail.lost-factor.reason': 'Reason',
  'mail.lost-factor.you':
    'If you asked for it, please wait. Should you find your factor and sign in with it, the removal stops by itself.',
  'mail.lost-factor.notYou':
    'If you did not, open the address below and stop it. Somebody may be trying to take over your account.',
  'mail.lost-factor-stopped.subject': '[{brand}] The removal of two-step verification was stopped',
  'mail.lost-factor-stopped.intro':
    'On {at} the removal of two-step verification from your {brand} account was stopped. Nothing was removed.',
  'mail.lost-factor-stopped.next': 'If you did lose it, please ask again at the contact below.',
  'mail.lost-factor-removed.subject': '[{brand}] Two-step verification was removed',
  'mail.lost-factor-removed.intro':
    'On {at} all second factors of your {brand} account were removed and all devices were signed out. From now on you sign in with your password or a link by email.',
  'mail.lost-factor-removed.next': 'Please sign in and turn two-step verification on again on the account security page.',
  'mail.lost-factor-removed.notYou': 'If you did not ask for it, reset your password at once and tell us at the contact below.',
} satisfies Record<keyof typeof korean, Sentence>;
