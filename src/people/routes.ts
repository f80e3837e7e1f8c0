// The HTTP of who has access: the list, inviting, changing and ending. For owners only.
import { type Request, Router } from 'express';
import { z } from 'zod';
import type { Accounts } from '../accounts/accounts.ts';
import type { Choices } from '../options.ts';
import { type Clock, day, localDay } from '../platform/clock.ts';
import { act, form, optionalText } from '../platform/web/form.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { say } from '../platform/web/page.ts';
import { type SignedIn, signedIn } from '../platform/web/visit.ts';
import type { Guards } from '../sign-in/guards.ts';
import type { Sites } from '../sites/sites.ts';
import { lastDayOf, rightsFields, takenRights } from './fields.ts';
import type { People } from './people.ts';

export type PeopleRouteParts = {
  readonly people: People;
  readonly accounts: Accounts;
  readonly sites: Sites;
  readonly clock: Clock;
  readonly idempotency: Idempotency;
  readonly choices: Pick<Choices, 'timeZone'>;
};

const usualDays = 30;
const listAddress = '/account/people';
const text = optionalText(1000);

export function peopleRoutes(parts: PeopleRouteParts, guards: Guards): Router {
  const { people, sites, clock } = parts;
  const router = Router();
  const may = guards.may('people');
  const here = guards.signedInAt(() => listAddress);

  router.get(listAddress, guards.signedIn, may, async (req, res) => {
    const { customerId } = signedIn(req);
    const [members, invitations, own] = await Promise.all([
      people.members.list(customerId),
      people.invitations.open(customerId),
      sites.forCustomer(customerId),
    ]);
    const names = new Map(own.map(({ id, name }) => [id, name]));
    await res.page('people/list', {
      title: req.visit.words.t('people.title'),
      section: 'account',
      members,
      me: signedIn(req).personId,
      invitations: invitations.map((one) => ({
        ...one,
        siteNames: one.siteIds.flatMap((id) => names.get(id) ?? []),
        isOld: one.expiresAt <= clock.now(),
      })),
    });
  });

  const invitation = invitationForm(parts);
  router.get('/account/people/invitation', guards.signedIn, may, guards.fresh, invitation.get);
  router.post('/account/people/invitation', guards.signedIn, may, guards.fresh, invitation.post);

  const onInvitation = (done: string, work: (req: Request, by: SignedIn, id: string) => Promise<void>) =>
    act({
      fields: z.object({}),
      submit: async ({ req }) => {
        await work(req, signedIn(req), String(req.params.id));
        say(req, done);
        return listAddress;
      },
    });
  const again = onInvitation('people.invited', (req, by, id) => people.invitations.sendAgain(req, by, id));
  const withdraw = onInvitation('people.withdrawn', (req, by, id) => people.invitations.withdraw(req, by, id));
  router.post('/account/people/invitations/:id/letter', here, may, again);
  router.post('/account/people/invitations/:id/withdrawal', here, may, withdraw);

  const change = changeForm(parts);
  router.get('/account/people/:id', guards.signedIn, may, guards.fresh, change.get);
  router.post('/account/people/:id', guards.signedIn, may, guards.fresh, change.post);

  const end = form({
    view: 'people/end',
    fields: z.object({}),
    show: async (req) => ({
      title: req.visit.words.t('people.end.title'),
      section: 'account',
      member: await people.members.find(signedIn(req).customerId, String(req.params.id)),
    }),
    submit: async ({ req }) => {
      await people.members.end(req, signedIn(req), String(req.params.id));
      say(req, 'people.ended');
      return listAddress;
    },
  });
  // No fresh sign-in: who sees a stranger at work must be able to stop it at once.
  router.get('/account/people/:id/end', guards.signedIn, may, end.get);
  router.post('/account/people/:id/end', guards.signedIn, may, end.post);
  return router;
}

/** Values of a form as they were sent, or as they are; the view looks at these alone. */
const sitesOf = (sent: unknown): string[] => [sent ?? []].flat().filter((one): one is string => typeof one === 'string');

function invitationForm({ people, accounts, sites, clock, idempotency, choices }: PeopleRouteParts) {
  const zone = choices.timeZone;
  return form({
    view: 'people/invitation',
    fields: z.object({ ...rightsFields, email: text, language: text }),
    idempotency,
    show: async (req) => {
      const all = await sites.forCustomer(signedIn(req).customerId);
      const sent = req.body as Record<string, unknown> | undefined;
      return {
        title: req.visit.words.t('people.invite.title'),
        section: 'account',
        sites: all,
        chosenSites: sent ? sitesOf(sent.sites) : all.length === 1 ? all.map(({ name }) => name) : [],
        usual: { until: localDay(clock.now() + usualDays * day, zone), language: req.visit.language },
      };
    },
    submit: async ({ req, values, once }) => {
      const by = signedIn(req);
      const address = accounts.mailboxes.taken(values.email);
      const more = { email: 'faults' in address ? address.faults : [] };
      const known = { sites: await sites.forCustomer(by.customerId), now: clock.now(), zone };
      const rights = takenRights(values, known, more);
      const language = values.language === 'en' || values.language === 'ko' ? values.language : req.visit.language;
      const email = 'address' in address ? address.address : '';
      await people.invitations.invite(req, by, { ...rights, email, language }, once);
      say(req, 'people.invited');
      return listAddress;
    },
  });
}

function changeForm({ people, sites, clock, choices }: PeopleRouteParts) {
  const zone = choices.timeZone;
  return form({
    view: 'people/member',
    fields: z.object(rightsFields),
    show: async (req) => {
      const { customerId } = signedIn(req);
      const member = await people.members.find(customerId, String(req.params.id));
      const sent = req.body as Record<string, unknown> | undefined;
      const all = await sites.forCustomer(customerId);
      return {
        title: req.visit.words.t('people.change.title'),
        section: 'account',
        member,
        sites: all,
        chosenSites: sent ? sitesOf(sent.sites) : (member.siteNames ?? all.map(({ name }) => name)),
        values: { role: member.role, until: lastDayOf(member.endsAt, zone), networks: member.networks.join('\n') },
      };
    },
    submit: async ({ req, values }) => {
      const by = signedIn(req);
      const known = { sites: await sites.forCustomer(by.customerId), now: clock.now(), zone };
      const id = String(req.params.id);
      // A stranger's place is not there, whatever was typed.
      await people.members.find(by.customerId, id);
      await people.members.change(req, by, id, takenRights(values, known));
      say(req, 'people.changed');
      return listAddress;
    },
  });
}
