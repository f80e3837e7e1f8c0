// The HTTP of contracts: what the customer has ordered, ordering another site, another plan. For owners only.
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { Accounts } from '../accounts/accounts.ts';
import type { Choices } from '../options.ts';
import type { Orders } from '../orders/orders.ts';
import { Invalid } from '../platform/errors.ts';
import { actorOf } from '../platform/web/actor.ts';
import { checkbox, form, optionalText } from '../platform/web/form.ts';
import type { Idempotency } from '../platform/web/idempotency.ts';
import { say } from '../platform/web/page.ts';
import { signedIn } from '../platform/web/visit.ts';
import type { Guards } from '../sign-in/guards.ts';
import type { Agreed, Contracts } from './contracts.ts';

export type ContractRouteParts = {
  readonly contracts: Contracts;
  readonly accounts: Accounts;
  readonly orders: Orders;
  readonly idempotency: Idempotency;
  readonly choices: Pick<Choices, 'features'>;
};

const listAddress = '/account/orders';
const field = optionalText(20_000);
const fields = z.object({
  plan: field,
  age_14: checkbox,
  agree_terms: checkbox,
  agree_backup: checkbox,
  agree_sla: checkbox,
  terms_versions: field,
});
type Values = z.infer<typeof fields>;

export function contractRoutes(parts: ContractRouteParts, guards: Guards): Router {
  const router = Router();
  const may = guards.may('people');
  router.get(listAddress, guards.signedIn, may, (req, res) => list(parts, req, res));
  const order = orderForm(parts);
  router.get('/account/orders/new', guards.signedIn, may, guards.fresh, order.get);
  router.post('/account/orders/new', guards.signedIn, may, guards.fresh, order.post);
  const change = changeForm(parts);
  router.get('/account/orders/:order/plan', guards.signedIn, may, guards.fresh, change.get);
  router.post('/account/orders/:order/plan', guards.signedIn, may, guards.fresh, change.post);
  return router;
}

async function list({ contracts }: ContractRouteParts, req: Request, res: Response): Promise<void> {
  const { customerId, pendingOrders } = signedIn(req);
  await res.page('contracts/list', {
    title: req.visit.words.t('contracts.title'),
    section: 'account',
    contracts: await contracts.list(customerId),
    pending: [...(pendingOrders ?? [])],
  });
}

function orderForm(parts: ContractRouteParts) {
  const { contracts, orders, idempotency } = parts;
  return form({
    view: 'contracts/order',
    fields,
    idempotency,
    show: async (req) => {
      const plans = await orders.plans();
      const title = req.visit.words.t('contracts.order.title');
      return { title, plans, ...(await choiceOf(req, parts, plans)), action: `${listAddress}/new` };
    },
    submit: async ({ req, values, once }) => {
      const agreed = await agreedBy(req, values, parts);
      await contracts.order(agreed, (tx) => once.finish(tx, listAddress));
      say(req, 'contracts.ordered');
      return listAddress;
    },
  });
}

function changeForm(parts: ContractRouteParts) {
  const { contracts, orders, idempotency } = parts;
  const asked = (req: Request) => contracts.find(signedIn(req).customerId, String(req.params.order));
  return form({
    view: 'contracts/order',
    fields,
    idempotency,
    show: async (req) => {
      const contract = await asked(req);
      const plans = (await orders.plans()).filter(({ slug }) => slug !== contract.order.plan);
      const title = req.visit.words.t('contracts.change.title');
      const action = `${listAddress}/${contract.order.id}/plan`;
      return { title, contract, plans, ...(await choiceOf(req, parts, plans)), action };
    },
    submit: async ({ req, values, once }) => {
      const contract = await asked(req);
      const refused = await contracts.refusalOf(contract, values.plan);
      const agreed = await agreedBy(req, values, parts, refused);
      await contracts.change(contract.order.id, agreed, (tx) => once.finish(tx, listAddress));
      say(req, 'contracts.changed');
      return listAddress;
    },
  });
}

async function choiceOf(req: Request, { accounts, choices }: ContractRouteParts, plans: Awaited<ReturnType<Orders['plans']>>) {
  const documentsAreShown = choices.features.includes('consent');
  return { section: 'account', ...accounts.agreements.orderPage(req.visit.words, plans), documentsAreShown };
}

/** Everything that is refused is told at once. */
async function agreedBy(
  req: Request,
  { plan, terms_versions, ...ticked }: Values,
  { accounts, orders }: ContractRouteParts,
  refused?: Awaited<ReturnType<Contracts['refusalOf']>>,
): Promise<Agreed> {
  const { words, language } = req.visit;
  const { personId, customerId } = signedIn(req);
  const faults = refused ?? (await orders.refusalOf(plan));
  const checked = await Promise.resolve()
    .then(() => accounts.agreements.checked(words, ticked, terms_versions))
    .catch((error: unknown) => {
      if (!(error instanceof Invalid) || faults.length === 0) throw error;
      throw new Invalid({ plan: faults, ...error.fields });
    });
  if (faults.length > 0) throw new Invalid({ plan: faults });
  const { email } = await accounts.person(personId);
  const actor = { ...actorOf(req), kind: 'person', personId } as const;
  return { ...checked, plan, person: { id: personId, email }, customerId, actor, language };
}
