// The description of the billing API for programs (OpenAPI 3.1), made of the shapes of its questions and answers.
import { json, problemShape, problems, schemaOf } from '../platform/web/openapi.ts';
import {
  closingsShape,
  customerShape,
  customerWithOrders,
  nothingWish,
  orderShape,
  orderWish,
  paidWish,
  planWish,
  terminationWish,
} from './shapes.ts';

const refusals = {
  401: 'There is no token, or it does not hold (any more).',
  403: 'The token may not be used from this network address, or lacks the scope.',
  404: 'No such customer, order or plan.',
  429: 'Too many requests; Retry-After says when to come back.',
  503: 'Something does not answer just now; come back later.',
};
const ofActs = {
  400: 'Idempotency-Key is missing, or the body is no JSON.',
  409: 'It cannot be done as things stand; detail says why.',
  410: 'The erasure has begun: payment comes too late.',
  415: 'The body is not application/json.',
  422: 'A field is not as described, or the key was sent before with other words; errors names each field.',
};

const named = (description: string) => ({
  ...{ name: 'name', in: 'path', required: true, schema: { type: 'string' } },
  description,
});
const since = {
  ...{ name: 'since', in: 'query', required: true, schema: { type: 'string', format: 'date-time' } },
  description: 'RFC 3339, UTC; included',
};
const order = named('id of the order');
const customer = named('id of the customer, or the reference that your billing calls them by');
const key = {
  ...{ name: 'Idempotency-Key', in: 'header', required: true },
  schema: { type: 'string', pattern: '^[A-Za-z0-9_.:-]{8,100}$' },
  description: 'Made by you, one for each wish. Sent again within 30 days it acts no second time and is answered the same.',
};

const get = (operationId: string, summary: string, parameters: readonly object[], ok: object) => ({
  get: {
    operationId,
    summary,
    security: [{ token: ['orders:read'] }],
    parameters,
    responses: { 200: ok, ...problems(refusals) },
  },
});

type Act = { readonly body: string; readonly parameters?: readonly object[]; readonly answers: object };

const post = (operationId: string, summary: string, { body, parameters = [], answers }: Act) => ({
  operationId,
  summary,
  security: [{ token: ['orders:write'] }],
  parameters: [...parameters, key],
  requestBody: { required: true, content: { 'application/json': { schema: { $ref: `#/components/schemas/${body}` } } } },
  responses: { ...answers, ...problems({ ...refusals, ...ofActs }) },
});

const placed = { 201: json('Order', 'The order; it waits for the customer’s consent, who was written to.') };
const stateNow = { 200: json('Customer', 'The customer as they are now.') };
const ofCustomer = (operationId: string, summary: string, body = 'Nothing') => ({
  post: post(operationId, summary, { body, parameters: [customer], answers: stateNow }),
});

const paths = {
  '/orders': { post: post('placeOrder', 'An order for a customer', { body: 'OrderWish', answers: placed }) },
  '/orders/{name}': get('readOrder', 'One order', [order], json('Order', 'The order.')),
  '/orders/{name}/plan': {
    post: post('changePlan', 'Another plan', { body: 'PlanWish', parameters: [order], answers: placed }),
  },
  '/orders/{name}/payment': {
    post: post('reportPaidTime', 'What an order is paid for, and until when', {
      body: 'PaidWish',
      parameters: [order],
      answers: { 200: json('Order', 'The order as it is now.') },
    }),
  },
  '/closings': get(
    'readClosings',
    'What became of closings, with the share of each payment that was not used',
    [since],
    json('Closings', 'At most 200, the oldest first; ask again since the last one.'),
  ),
  '/customers/{name}': get(
    'readCustomer',
    'A customer and their orders',
    [customer],
    json('CustomerWithOrders', 'As they are now.'),
  ),
  '/customers/{name}/non-payment': ofCustomer(
    'reportNonPayment',
    'Restricts until payment: looking, downloading and leaving stay',
  ),
  '/customers/{name}/payment': ofCustomer('reportPayment', 'Undoes what non-payment or expiry brought'),
  '/customers/{name}/termination': ofCustomer('terminate', 'Ends the contract: off at once, erased later', 'TerminationWish'),
};

/** @param server address of the API, without a slash at its end */
export function description(server: string) {
  const answers = [orderShape, customerShape, customerWithOrders, closingsShape, problemShape];
  const shapes = [...answers, orderWish, planWish, paidWish, nothingWish, terminationWish];
  const schemas = Object.fromEntries(shapes.map((shape) => [shape.meta()?.title ?? '', schemaOf(shape)]));
  const token = { type: 'http', scheme: 'bearer', description: 'A token of `gotgan billing token`.' };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Gotgan billing',
      version: '1',
      description: 'For the company’s own billing: orders, non-payment, payment and the end of contracts.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: server }],
    paths,
    components: { securitySchemes: { token }, schemas },
  };
}
