// The HTTP of passkeys. What the browser must ask its authenticator comes as JSON, what it answers goes back in a plain form.
import { type RequestHandler, Router } from 'express';
import { z } from 'zod';
import type { Choices } from '../options.ts';
import type { Counters } from '../platform/counters/port.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Addresses } from '../platform/web/addresses.ts';
import { act, optionalText, requireToken } from '../platform/web/form.ts';
import { say } from '../platform/web/page.ts';
import { limitsByAddress } from '../platform/web/rate-limit.ts';
import type { Guards } from './guards.ts';
import type { SignIn } from './sign-in.ts';

export type PasskeyRouteParts = { signIn: SignIn; choices: Choices; counters: Counters; secrets: Secrets; addresses: Addresses };

const response = optionalText(32_000);
const security = '/account/security';

export function passkeyRoutes({ signIn, choices, counters, secrets, addresses }: PasskeyRouteParts, guards: Guards): Router {
  const router = Router();
  const limit = limitsByAddress({ counters, secrets });
  const { passkeys } = signIn;

  router.post('/login/passkey/options', limit('login', choices.limits.login), async (req, res) => {
    requireToken(req);
    res.json(await passkeys.optionsToEnter(req));
  });
  router.post(
    '/login/passkey',
    limit('login', choices.limits.login),
    act({
      fields: z.object({ response, next: z.string().max(2000).optional().catch(undefined) }),
      submit: async ({ req, res, values }) => {
        await signIn.enterByPasskey(req, res, values.response);
        return addresses.localPath(values.next) ?? '/dashboard';
      },
    }),
  );

  router.post(
    '/confirm/passkey',
    guards.signedInAt(() => '/confirm'),
    limit('confirm', choices.limits.confirm),
    act({
      fields: z.object({ response, next: z.string().max(2000).optional().catch(undefined) }),
      submit: async ({ req, values }) => {
        await signIn.own.confirmByPasskey(req, values.response);
        return addresses.localPath(values.next) ?? '/dashboard';
      },
    }),
  );

  const here = guards.signedInAt(() => security);
  const makeOptions: RequestHandler = async (req, res) => {
    requireToken(req);
    res.json(await passkeys.optionsToMake(req));
  };
  router.post(`${security}/passkeys/options`, here, guards.fresh, makeOptions);
  router.post(
    `${security}/passkeys`,
    here,
    guards.fresh,
    act({
      fields: z.object({ response, name: optionalText(200) }),
      submit: async ({ req, values }) => {
        await passkeys.add(req, values);
        say(req, 'passkeys.added');
        return req.session.newCodes ? `${security}/recovery-codes` : security;
      },
    }),
  );
  router.post(
    `${security}/passkeys/removal`,
    here,
    guards.fresh,
    act({
      // PostgreSQL takes no text with a NUL, not even to look it up.
      fields: z.object({
        passkey: z
          .string()
          .max(2000)
          .regex(/^[\w-]+$/)
          .catch(''),
      }),
      submit: async ({ req, values }) => {
        await passkeys.remove(req, values.passkey);
        say(req, 'passkeys.removed');
        return security;
      },
    }),
  );
  return router;
}
