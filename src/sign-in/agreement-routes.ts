// The HTTP of agreeing as a customer: after a move from another panel, and when a text has changed.
import { type Request, Router } from 'express';
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

export function agreementRoutes(parts: AgreementRouteParts, guards: Guards): Router {
  const router = Router();
  const [agree, again] = [firstForm(parts), againForm(parts)];
  router.get('/agree', guards.signedIn, async (req, res, next) => {
    const { waiting, superseded } = await standingOf(parts, req);
    if (waiting.length > 0) return agree.get(req, res, next);
    if (superseded.length > 0) return again.get(req, res, next);
    goTo(req, res, '/dashboard');
  });
  // Ticks are not kept over a sign-in: agreeing is one act. Who still has to agree is led back here from there.
  router.post(
    '/agree',
    guards.signedInAt(() => '/dashboard'),
    async (req, res, next) => {
      const { waiting, superseded } = await standingOf(parts, req);
      const asked = waiting.length === 0 && superseded.length > 0 ? again : agree;
      await asked.post(req, res, next);
    },
  );
  return router;
}

async function standingOf({ accounts }: AgreementRouteParts, { visit: { person } }: Request) {
  if (!person) throw notSignedIn();
  return accounts.agreements.standing(person.customerId);
}

/** Of whose orders wait for what was never agreed to. */
function firstForm(parts: AgreementRouteParts) {
  return form({
    view: 'sign-in/agree',
    fields,
    show: async (req) => {
      const { words } = req.visit;
      const { waiting } = await standingOf(parts, req);
      const page = await parts.accounts.agreements.page(words, waiting);
      const documentsAreShown = parts.choices.features.includes('consent');
      return { title: words.t('agreement.title'), description: words.t('agreement.lead'), ...page, documentsAreShown };
    },
    submit: submitWith(parts, 'agreement.done'),
  });
}

/** Of whose contract rests on a text that has changed. */
function againForm(parts: AgreementRouteParts) {
  const { features } = parts.choices;
  const shown = { documentsAreShown: features.includes('consent'), closingIsShown: features.includes('termination') };
  return form({
    view: 'sign-in/agree-again',
    fields,
    show: async (req) => {
      const { words, person } = req.visit;
      const page = parts.accounts.agreements.changedPage(words, await standingOf(parts, req));
      return { title: words.t('agreement.again.title'), ...page, isOwner: person?.role === 'owner', ...shown };
    },
    submit: submitWith(parts, 'agreement.again.done'),
  });
}

const submitWith =
  ({ signIn }: AgreementRouteParts, said: 'agreement.done' | 'agreement.again.done') =>
  async ({ req, values: { terms_versions, ...ticked } }: { req: Request; values: z.output<typeof fields> }) => {
    await signIn.agreement.agree(req, ticked, terms_versions);
    say(req, said);
    return '/dashboard';
  };
