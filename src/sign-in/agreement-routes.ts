// The HTTP of agreeing after an import: one page, shown before anything else.
import { Router } from 'express';
import { z } from 'zod';
import type { Accounts } from '../accounts/accounts.ts';
import type { Choices } from '../options.ts';
import { notSignedIn } from '../platform/errors.ts';
import { checkbox, form } from '../platform/web/form.ts';
import { goTo, say } from '../platform/web/page.ts';
import type { Guards } from './guards.ts';
import type { SignIn } from './sign-in.ts';

export type AgreementRouteParts = { signIn: SignIn; accounts: Accounts; choices: Choices };

const fields = z.object({
  age_14: checkbox,
  agree_terms: checkbox,
  agree_backup: checkbox,
  agree_sla: checkbox,
  marketing_use: checkbox,
  ads_email: checkbox,
  ads_sms: checkbox,
  ads_night: checkbox,
  terms_versions: z.string().max(20_000).catch('').default(''),
});

export function agreementRoutes({ signIn, accounts, choices }: AgreementRouteParts, guards: Guards): Router {
  const router = Router();
  const agree = form({
    view: 'sign-in/agree',
    fields,
    show: async (req) => {
      const { words, person } = req.visit;
      if (!person) throw notSignedIn();
      return {
        title: words.t('agreement.title'),
        description: words.t('agreement.lead'),
        ...(await accounts.agreements.page(words, person.customerId)),
        documentsAreShown: choices.features.includes('consent'),
      };
    },
    submit: async ({ req, values: { terms_versions, ...ticked } }) => {
      await signIn.agreement.agree(req, ticked, terms_versions);
      say(req, 'agreement.done');
      return '/dashboard';
    },
  });
  router.get('/agree', guards.signedIn, async (req, res, next) => {
    const { person } = req.visit;
    if (person && !(await accounts.agreements.areDue(person.customerId))) return goTo(req, res, '/dashboard');
    await agree.get(req, res, next);
  });
  // Ticks are not kept over a sign-in: agreeing is one act. Who still has to agree is led back here from there.
  router.post(
    '/agree',
    guards.signedInAt(() => '/dashboard'),
    agree.post,
  );
  return router;
}
