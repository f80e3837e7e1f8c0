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
  'signup.email.hint': 'You will sign in with it, and we write to it when the contract needs it.',
  'signup.email.missing': 'Enter your email address.',
  'signup.email.malformed': 'This does not look like an email address. Write it like name@example.com.',
  'signup.email.tooLong': 'An email address can have up to {maximum} characters.',
  'signup.email.notAscii':
    'Before the @, only Latin letters, digits and signs can be used. Letters to other addresses do not arrive in many places.',
  'signup.password.label': 'Create a password',
  'signup.name.label': 'Name',
  'signup.name.tooLong': 'A name can have up to {maximum} characters.',
  'signup.name.signs': 'The name has signs that cannot be used. Write it with letters and spaces.',
  'signup.name.residentNumber': 'We do not take resident registration numbers. Enter the name only.',
  'signup.phone.label': 'Phone number',
  'signup.phone.hint': 'We call it when something urgent happens, such as an outage or an intrusion. Hyphens are optional.',
  'signup.phone.malformed': 'This does not look like a Korean phone number. Write it like 010-1234-5678.',
  'signup.trap': 'Leave this empty',
  'signup.next':
    'When you press Sign up we mail you a link. The contract is concluded once you have confirmed there, and we then prepare your site.',
  'signup.submit': 'Sign up',
  'signup.haveAccount': 'Already have an account?',
  'signup.sent.title': 'Check your email',
  'signup.sent.address': 'We wrote to: ',
  'signup.sent.body': 'Open the link in the letter within {hours} hours. A copy of the documents you agreed to is in it.',
  'signup.sent.wrong': 'Is the address wrong?',
  'signup.sent.wrongBody': 'A sign-up that is not confirmed is erased by itself.',
  'signup.sent.again': 'Correct the address and sign up again',
  'signup.resend.heading': 'Has the letter not arrived?',
  'signup.resend.hint': 'Please look in your spam folder first. Up to {letters} letters an hour go to one address.',
  'signup.resend.from': 'You can send it again after {from}.',
  'signup.resend.submit': 'Send the letter again',
  'signup.resend.done': 'The letter was sent again.',
  'signup.resend.wait': 'The letter was sent a short while ago. You can send it again after {until}.',

  'mail.verify.subject': '[{brand}] Confirm your email address',
  'mail.verify.intro':
    'Thank you for signing up with {brand}. Open the address below to confirm your email address. We then prepare your site.',
  'mail.verify.expiry': 'This link works once, until {until}.',
  'mail.verify.browser': 'In a browser other than the one you signed up with, you will be asked for the password you chose.',
  'mail.verify.notYou': 'If you did not sign up you can delete this letter. A sign-up that is not confirmed is erased by itself.',
  'mail.verify.agreed': 'This is what you agreed to. The full text of the documents follows; please keep it.',
  'mail.address-known.subject': '[{brand}] This address already has an account',
  'mail.address-known.intro':
    'Somebody asked to sign up with {brand} with this email address ({at}). It already has an account, so nothing new was made.',
  'mail.address-known.you':
    'If it was you, sign in at the address below. If you cannot remember your password, the same page can mail you a sign-in link.',
  'mail.address-known.notYou': 'If it was not you, there is nothing to do. Your account is unchanged.',
} satisfies Record<keyof typeof korean, Sentence>;
