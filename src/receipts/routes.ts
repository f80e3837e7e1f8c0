// The HTTP of receipts: what was agreed to, each with its receipt, and the optional consents with their buttons.
import { Router } from 'express';
import { z } from 'zod';
import type { Choices } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import { badRequest } from '../platform/errors.ts';
import { actorOf } from '../platform/web/actor.ts';
import { act } from '../platform/web/form.ts';
import { asAttachment } from '../platform/web/headers.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { say } from '../platform/web/page.ts';
import { signedIn } from '../platform/web/visit.ts';
import type { Guards } from '../sign-in/guards.ts';
import { isOptional, type Receipts } from './receipts.ts';

export type ReceiptRouteParts = {
  readonly receipts: Receipts;
  readonly clock: Clock;
  readonly idempotency: Idempotency;
  readonly choices: Pick<Choices, 'features'>;
};

const page = '/account/consents';

export function receiptRoutes({ receipts, clock, idempotency, choices }: ReceiptRouteParts, guards: Guards): Router {
  const router = Router();
  const documentsAreShown = choices.features.includes('consent');

  router.get(page, guards.signedIn, async (req, res) => {
    const by = signedIn(req);
    const { words } = req.visit;
    const [rows, optional] = await Promise.all([receipts.list(by), receipts.optional(by)]);
    await res.page('receipts/list', {
      title: words.t('receipts.title'),
      section: 'account',
      rows: rows.map((one) => ({ ...one, title: titleOf(one.item, one.wording, words) })),
      optional,
      documentsAreShown,
      zone: words.zoneAt(clock.now()),
    });
  });

  const choose = act({
    fields: z.object({ item: z.string().catch(''), agreed: z.enum(['0', '1'], 'error.badRequest') }),
    idempotency,
    submit: async ({ req, values: { item, agreed } }) => {
      if (!isOptional(item)) throw badRequest();
      const wanted = { item, agreed: agreed === '1', actor: actorOf(req), words: req.visit.words };
      const changed = await receipts.choose(signedIn(req), wanted);
      say(req, changed ? (wanted.agreed ? 'receipts.optional.given' : 'receipts.optional.taken') : 'receipts.optional.same');
      return page;
    },
  });
  router.post(
    `${page}/optional`,
    guards.signedInAt(() => page),
    choose,
  );

  router.get(`${page}/:id`, guards.signedIn, async (req, res) => {
    const { words } = req.visit;
    const receipt = await receipts.one(signedIn(req), String(req.params.id));
    await res.page('receipts/one', {
      title: words.t('receipts.one.title'),
      section: 'account',
      scripts: ['behaviours/copy.js'],
      ...receipt,
      what: titleOf(receipt.given.item, receipt.given.wording, words),
      documentsAreShown,
      zone: words.zoneAt(clock.now()),
    });
  });

  router.get(`${page}/:id/receipt.json`, guards.signedIn, async (req, res) => {
    const { file, given } = await receipts.one(signedIn(req), String(req.params.id));
    asAttachment(res, `receipt-${given.item}-${given.id.slice(0, 8)}.json`);
    res.type('json').send(`${JSON.stringify(file, null, 2)}\n`);
  });
  return router;
}

/** Items of the sign-up have short names; any other is called by its words. */
function titleOf(item: string, wording: string, { t }: { t(key: string): string }): string {
  try {
    return t(`receipts.item.${item}`);
  } catch {
    return wording;
  }
}
