// Where the operator demands a second factor (ASVS 6.3.3), whoever has none sets one up before anything else.
import type { RequestHandler } from 'express';
import type { Choices } from '../options.ts';
import { forbidden } from '../platform/errors.ts';
import { isChange } from '../platform/web/origin.ts';
import { openMeanwhile } from './open-meanwhile.ts';
import type { SecondFactors } from './second-factors.ts';

const settingUp = /^\/(confirm|account\/security(\/.*)?)$/;

/**
 * After `recognise` and the agreement. Leads to the page of account security, from everywhere; 403 for changes and programs. Asked at
 * every request, since the last one may be removed in another browser.
 */
export function factorFirst({ secondFactor }: Pick<Choices, 'secondFactor'>, factors: SecondFactors): RequestHandler {
  return async (req, res, next) => {
    const { visit } = req;
    if (secondFactor !== 'demanded' || !visit.person) return next();
    if (openMeanwhile.test(visit.path) || settingUp.test(visit.path)) return next();
    if (await factors.isDue(visit.person.personId)) return next();
    if (isChange(req.method) || visit.wantsJson) throw forbidden('factors.demanded');
    res.redirect(303, visit.url('/account/security'));
  };
}
