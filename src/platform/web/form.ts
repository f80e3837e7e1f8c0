// A form has one renderer: GET and a refused POST show the same page, the latter with what was typed and every reason.
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { type FieldFault, forbidden, Invalid, PanelError } from '../errors.ts';
import { equalText, hashToken } from '../secrets.ts';
import type { Faults } from './faults.ts';
import { type Idempotency, neverRepeats, type Once } from './idempotency.ts';
import { goTo, type PageData } from './page.ts';

type Fields = z.ZodObject;
export type Values<F extends Fields> = z.infer<F>;

export type FormDefinition<F extends Fields> = {
  readonly view: string;
  /** zod schemas whose error messages are message keys; fields that are not listed are ignored */
  readonly fields: F;
  /** what the page shows beside the fields; may throw a PanelError (404, 410 …) */
  readonly show: (req: Request) => Promise<PageData> | PageData;
  /** @returns where to go next, without mount and language; throws `Invalid` to show the form again (422) */
  readonly submit: (act: { req: Request; res: Response; values: Values<F>; once: Once }) => Promise<string>;
  /** a repeat would hurt: `_idem` is honoured (the view includes it) */
  readonly idempotency?: Idempotency;
};

/** Never shown again and never kept (architecture §7). */
const secretFields = new Set([
  'password',
  'current_password',
  'new_password',
  'db_password',
  'captcha',
  'code',
  'recovery',
  'response',
  '_csrf',
  '_idem',
]);

/** @returns what was typed, as far as it may be shown again: texts and lists of texts, without secrets */
export function typed(body: unknown): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(body && typeof body === 'object' ? body : {})) {
    const fits = typeof value === 'string' || (Array.isArray(value) && value.every((item) => typeof item === 'string'));
    if (fits && !secretFields.has(name)) kept[name] = value;
  }
  return kept;
}

/** @throws PanelError 403 when the request does not carry the token of its session (as `_csrf`, or `X-CSRF-Token` from scripts) */
export function requireToken(req: Request): void {
  const sent = req.get('x-csrf-token') ?? (req.body as { _csrf?: unknown } | undefined)?._csrf;
  const own = req.session?.csrf;
  if (typeof sent !== 'string' || !own || !equalText(sent, own)) throw forbidden('error.token');
}

/** @returns whose idempotency keys these are: a person's, before sign-in the session's */
export function ownerOf(req: Request): string {
  return req.visit.person?.personId ?? hashToken(req.sessionID);
}

/** @throws Invalid with every refused field */
export function parse<F extends Fields>(fields: F, body: unknown): Values<F> {
  const result = fields.safeParse(body ?? {});
  if (result.success) return result.data;
  const faults: Record<string, FieldFault[]> = {};
  for (const issue of result.error.issues) {
    const field = String(issue.path[0] ?? '');
    const list = faults[field] ?? [];
    faults[field] = list;
    if (!list.some((fault) => fault.key === issue.message)) list.push({ key: issue.message });
  }
  throw new Invalid(faults);
}

/** Runs a change once: token first, then the key, then the fields, then the act. */
async function run<F extends Fields>(
  { fields, submit, idempotency }: Pick<FormDefinition<F>, 'fields' | 'submit' | 'idempotency'>,
  req: Request,
  res: Response,
): Promise<void> {
  requireToken(req);
  const sent = (req.body as { _idem?: unknown } | undefined)?._idem;
  const claim = (await idempotency?.claim(req, ownerOf(req), sent)) ?? neverRepeats;
  if ('repeated' in claim) return goTo(req, res, claim.repeated);
  try {
    const values = parse(fields, req.body);
    goTo(req, res, await submit({ req, res, values, once: claim.once }));
  } catch (error) {
    await claim.release();
    throw error;
  }
}

export function form<F extends Fields>(definition: FormDefinition<F>): { get: RequestHandler; post: RequestHandler } {
  const page = async (req: Request, res: Response, more: object, status: number) => {
    const data = await definition.show(req);
    await res.page(definition.view, { form: true, values: {}, ...data, ...more }, status);
  };
  return {
    get: async (req, res) => page(req, res, keptFor(req), 200),
    post: async (req, res) => {
      try {
        await run(definition, req, res);
      } catch (error) {
        const refused = refusalOf(error);
        if (!refused || res.headersSent || req.visit.wantsJson) throw error;
        await page(req, res, { values: typed(req.body), faults: refused.faults }, refused.status);
      }
    },
  };
}

/** A change without a page of its own (a button in a list): refused input is an error page. */
export function act<F extends Fields>(definition: Pick<FormDefinition<F>, 'fields' | 'submit' | 'idempotency'>): RequestHandler {
  return async (req, res) => run(definition, req, res);
}

/** Refused fields, and a wrong token, are shown on the form; everything else is an error page. */
function refusalOf(error: unknown): { status: number; faults: Faults } | undefined {
  if (error instanceof Invalid) return { status: error.status, faults: error.fields };
  if (!(error instanceof PanelError) || error.key !== 'error.token') return undefined;
  return { status: error.status, faults: { '': [{ key: error.key }] } };
}

declare module 'express-session' {
  interface SessionData {
    /** what was typed when the session had died, for one new submit on the same page */
    kept: { path: string; values: Record<string, string | string[]> };
  }
}

/** @returns what was typed on this page before the sign-in was lost, once, for a new submit */
export function keptFor(req: Request): { values?: Record<string, string | string[]> } {
  const kept = req.session?.kept;
  if (!kept || kept.path !== req.visit.path) return {};
  delete req.session.kept;
  return { values: kept.values };
}

/** A required text field: trimmed by nothing, NFC, at most `maximum` characters. */
export function text(missing: string, maximum: number, tooLong = 'error.tooLongField') {
  return z
    .string({ error: missing })
    .transform((value) => value.normalize('NFC'))
    .pipe(z.string().min(1, missing).max(maximum, tooLong));
}

/** A text field that may be left empty or out; what is longer than `maximum` characters is told, never taken for empty. */
export const optionalText = (maximum: number) =>
  z.string({ error: 'error.invalid' }).max(maximum, 'error.tooLongField').default('');

/** A checkbox: present means ticked. */
export const checkbox = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((value) => value !== undefined && value !== '');
