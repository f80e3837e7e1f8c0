// What is said in English when signing up, and in the letters that belong to it.
import type { accounts as korean } from '../ko/accounts.ts';
import type { Sentence } from '../sentences.ts';

export const accounts = {
  'signup.title': 'Sign up',
  'signup.lead': 'Choose a plan, agree to the documents one by one, and create your account. Nothing is selected for you.',
  'signup.plan': 'Plan',
  'signup.account': 'Account',
  'signup.newWindow': 'new window',
  'signup.email.label': 'Email',
  'signup.email.hint': 'You sign in with this address, and we send notices about your contract to it.',
  'signup.email.missing': 'Enter your email address.',
  'signup.email.malformed': 'This does not look like an email address. Use the form name@example.com.',
  'signup.email.tooLong': 'An email address can have up to {maximum} characters.',
  'signup.email.notAscii':
    'Only Latin letters, digits and symbols can stand before the @. Mail to other addresses often does not arrive.',
  'signup.password.label': 'Create a password',
  'signup.name.label': 'Name',
  'signup.name.tooLong': 'A name can have up to {maximum} characters.',
  'signup.name.signs': 'The name contains characters that cannot be used. Use letters and spaces.',
  'signup.name.residentNumber': 'We do not accept resident registration numbers. Enter your name only.',
  'signup.phone.label': 'Phone number',
  'signup.phone.hint': 'We call this number in urgent cases, such as an outage or a security intrusion. Hyphens are optional.',
  'signup.phone.malformed': 'This does not look like a Korean phone number. Use the form 010-1234-5678.',
  'signup.trap': 'Leave this empty',
  'signup.next':
    'When you press Sign up, we email you a link. Once you confirm there, the contract is concluded and we prepare your site.',
  'signup.submit': 'Sign up',
  'signup.haveAccount': 'Already have an account?',
  'signup.sent.title': 'Check your email',
  'signup.sent.address': 'We sent an email to: ',
  'signup.sent.body': 'Open the link in it within {hours} hours. The email also contains a copy of the documents you agreed to.',
  'signup.sent.wrong': 'Is the address wrong?',
  'signup.sent.wrongBody': 'Sign-ups that are not confirmed are deleted automatically.',
  'signup.sent.again': 'Correct the address and sign up again',
  'signup.resend.heading': 'Has the email not arrived?',
  'signup.resend.hint': 'Please look in your spam folder first. We send up to {letters} emails an hour to one address.',
  'signup.resend.from': 'You can send it again after {from}.',
  'signup.resend.submit': 'Send the email again',
  'signup.resend.done': 'The email was sent again.',
  'signup.resend.wait': 'The email was sent a short while ago. You can send it again after {until}.',

  'mail.verify.subject': '[{brand}] Confirm your email address',
  'mail.verify.intro':
    'Thank you for signing up with {brand}. Open the address below to confirm your email address. We then prepare your site.',
  'mail.verify.expiry': 'This link works once, until {until}.',
  'mail.verify.browser': 'In a browser other than the one you signed up with, you will be asked for the password you chose.',
  'mail.verify.notYou':
    'If you did not sign up, you can delete this email. Sign-ups that are not confirmed are deleted automatically.',
  'mail.verify.agreed': 'This is what you agreed to. The full text of the documents follows; please keep it.',
  'mail.address-known.subject': '[{brand}] This address already has an account',
  'mail.address-known.intro':
    'On {at} somebody asked to sign up with {brand} using this email address. It already has an account, so nothing new was made.',
  'mail.address-known.you':
    'If it was you, sign in at the address below. If you cannot remember your password, the same page can email you a sign-in link.',
  'mail.address-known.notYou': 'If it was not you, there is nothing to do. Your account is unchanged.',
} satisfies Record<keyof typeof korean, Sentence>;
