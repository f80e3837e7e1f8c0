// The HTTP of an invitation's link: what it is about, joining with an account that is there, or making one.
import { Router } from 'express';
import { z } from 'zod';
import type { Accounts } from '../accounts/accounts.ts';
import type { Choices } from '../options.ts';
import type { Counters } from '../platform/counters/port.ts';
import { forbidden } from '../platform/errors.ts';
import type { Secrets } from '../platform/secrets.ts';
import { actorOf } from '../platform/web/actor.ts';
import { checkbox, form, optionalText } from '../platform/web/form.ts';
import { say } from '../platform/web/page.ts';
import { limitsByAddress } from '../platform/web/rate-limit.ts';
import type { SignIn } from '../sign-in/sign-in.ts';
import type { People } from './people.ts';

export type InvitationRouteParts = {
  readonly people: People;
  readonly accounts: Accounts;
  readonly signIn: SignIn;
  readonly choices: Pick<Choices, 'limits' | 'features'>;
  readonly counters: Counters;
  readonly secrets: Secrets;
};

const text = optionalText(20_000);
const fields = z.object({ password: text, name: text, terms_versions: text, age_14: checkbox, agree_terms: checkbox });

export function invitationRoutes({ people, accounts, signIn, choices, counters, secrets }: InvitationRouteParts): Router {
  const router = Router();
  const limit = limitsByAddress({ counters, secrets });

  const accept = form({
    view: 'people/accept',
    fields,
    show: async (req) => {
      const { words, language } = req.visit;
      const shown = await people.invitations.shown(req, String(req.params.token));
      return {
        title: words.t('people.accept.title'),
        section: 'login',
        scripts: shown.who === 'new' ? ['behaviours/show-password.js'] : [],
        ...shown,
        items: accounts.invited.shownItems(words),
        versions: accounts.shownVersions(language),
        documentsAreShown: choices.features.includes('consent'),
        here: `/invitations/${String(req.params.token)}`,
      };
    },
    submit: async ({ req, res, values }) => {
      const token = String(req.params.token);
      const { who, invitation } = await people.invitations.shown(req, token);
      if (who === 'signIn' || who === 'other') throw forbidden('people.invitation.other');
      if (who === 'join') {
        const { customerId } = await people.invitations.accept(req, token);
        await signIn.places.goTo(req, customerId);
      } else {
        const { email } = invitation;
        const { password, name, terms_versions: versions, ...ticked } = values;
        const person = await accounts.invited.prepare({ email, password, name, ticked, versions }, req.visit.words);
        const { personId, customerId } = await people.invitations.accept(req, token, {
          personId: person.personId,
          write: (tx, at) => accounts.invited.add(tx, person, { customerId: at, actor: actorOf(req) }),
        });
        await signIn.enterInvited(req, res, personId, customerId);
      }
      say(req, 'people.joined');
      return '/dashboard';
    },
  });
  router.get('/invitations/:token', accept.get);
  router.post('/invitations/:token', limit('login', choices.limits.login), accept.post);
  return router;
}
