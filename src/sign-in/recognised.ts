// Whose a request is: the person of the session, as long as their place and the networks say so, asked at every request.
import type { RequestHandler } from 'express';
import type { Accounts } from '../accounts/accounts.ts';
import { allows } from '../platform/web/networks.ts';
import type { OwnNetworks } from './own-networks.ts';
import { signedInAt } from './places.ts';
import { renewed } from './sessions.ts';

/**
 * Fills `req.visit.person` from the session, with the rights as they are now. The session of a place that has ended or expired ends
 * here, however late the worker is, and so does one that is used from where its owner, by their own list, does not come. One from where
 * only the place may not be used stays, and is shown nothing: its person may go on from inside.
 */
export function recognised({ accounts }: { accounts: Accounts }, networks: OwnNetworks): RequestHandler {
  return async (req, _res, next) => {
    const { personId, customerId, freshAt = 0 } = req.session ?? {};
    if (!personId) return next();
    const { address } = req.visit;
    const [places, isHere] = await Promise.all([accounts.memberships.valid(personId), networks.allows(personId, address)]);
    const place = places.find((one) => one.customerId === customerId);
    if (place && !isHere) await networks.cut(req, place);
    if (!place || !isHere) await renewed(req);
    else if (!allows(place.networks, address)) req.visit.isElsewhere = true;
    else {
      const restriction = await accounts.restrictions.of(place.customerId);
      const person = signedInAt(place, { hasSeveralPlaces: places.length > 1, freshAt });
      req.visit.person = { ...person, ...(restriction && { restriction }) };
    }
    next();
  };
}
