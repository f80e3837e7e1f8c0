// Who acts in a request, as the audit writes it down.
import type { Request } from 'express';

/** @returns the person who is signed in, or a visitor, with address and agent (personal) */
export function actorOf(req: Request): { kind: 'person' | 'visitor'; personId?: string; address: string; agent: string } {
  const { person, address, agent } = req.visit;
  return person ? { kind: 'person', personId: person.personId, address, agent } : { kind: 'visitor', address, agent };
}
