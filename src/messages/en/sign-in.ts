// Sentences of signing in.
import type { signIn as korean } from '../ko/sign-in.ts';
import type { Sentence } from '../sentences.ts';

export const signIn = {
  'login.title': 'Sign in',
  'login.email': 'Email',
  'login.password': 'Password',
  'login.submit': 'Sign in',
  'login.emailMissing': 'Enter your email address.',
  'login.passwordMissing': 'Enter your password.',
  'login.failed':
    'The email or password does not match. Check both and try again. If you cannot remember your password, ask for a sign-in link by email below.',
  'login.captchaTitle': 'A check against machines',
  'login.captchaWhy':
    'Signing in did not work several times, so we ask for one more thing. Enter the 6 characters you see; capital and small letters are the same.',
  'login.captchaAlt': 'A picture of characters. If you cannot see it, use the sign-in link by email below.',
  'login.captchaOther':
    'If you cannot see or read the characters, ask for a sign-in link by email. Reloading the page shows a new picture.',
  'login.captchaLabel': 'Characters in the picture',
  'login.captchaAgain': 'Show another picture',
  'login.linkEmail': 'Email address for the sign-in link',
  'login.captchaMissing': 'Enter the characters in the picture. If they are hard to read, ask for a sign-in link by email.',
  'login.captchaWrong': 'The characters differ from the picture, or 3 minutes have passed. Enter those of the new picture.',
  'login.linkHeading': 'Sign in without a password',
  'login.linkHint': 'We send a link to the address you signed up with. It works once, within 10 minutes.',
  'login.linkSubmit': 'Email me a sign-in link',
  'login.linkSent': 'If this address has an account, we have sent a sign-in link. It works once, within 10 minutes.',
  'login.linkTitle': 'Sign-in link',
  'login.linkConfirm': 'The button below signs you in. This link works once.',
  'login.linkGone': 'This sign-in link was used or is older than 10 minutes. Ask for a new one on the sign-in page.',
  'login.busy': 'Many people are signing in right now, so we could not do it. Please continue in a moment.',
  'login.noAccount': 'No account yet?',
  'login.signUp': 'Sign up',
  'verify.title': 'Confirm your email',
  'verify.intro': 'The button below confirms your email address and starts preparing your site.',
  'verify.otherBrowser': 'This is not the browser you signed up with, so we check with your password that it is you.',
  'verify.password': 'The password you chose at sign-up',
  'verify.passwordWrong': 'The password does not match. Enter the one you chose at sign-up.',
  'verify.submit': 'Confirm and start',
  'verify.done': 'Your email address is confirmed. Your site is being prepared.',
  'verify.expired':
    'This link was used or has expired. If you have confirmed already, just sign in. Otherwise please sign up again.',
  'confirm.title': 'Confirm that it is you',
  'confirm.intro': 'Before something important we ask for your password once more. Then you return to what you were doing.',
  'confirm.password': 'Password',
  'confirm.submit': 'Confirm and continue',
  'confirm.failed': 'The password does not match. Please check it.',
  'confirm.back': 'Go back',
  'logout.submit': 'Sign out',
  'mail.login-link.subject': '[{brand}] Your sign-in link',
} satisfies Record<keyof typeof korean, Sentence>;
