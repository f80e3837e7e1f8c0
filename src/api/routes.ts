// The HTTP of the API: without session, cookie or form; a token in the header, JSON and archives as answers (RFC 6750, 9110, 9457).
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Backup, Backups } from '../backups/backups.ts';
import type { Downloads, HandingOut } from '../downloads/downloads.ts';
import type { Limits } from '../options.ts';
import type { Clock } from '../platform/clock.ts';
import type { Counters } from '../platform/counters/port.ts';
import { badRequest, notFound } from '../platform/errors.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Addresses } from '../platform/web/addresses.ts';
import { asAttachment } from '../platform/web/headers.ts';
import { bearerOf, challenge, countByToken, oneAddress, withRetryAfter } from '../platform/web/programs.ts';
import { limitsByAddress } from '../platform/web/rate-limit.ts';
import type { Site } from '../sites/sites.ts';
import { answerOf } from './answers.ts';
import type { Holder, Tokens } from './api.ts';
import { description } from './description.ts';
import type { BackupAnswer, ListAnswer } from './shapes.ts';

export type ApiRouteParts = {
  readonly tokens: Tokens;
  readonly backups: Backups;
  readonly downloads: Downloads;
  readonly handingOut: HandingOut;
  readonly addresses: Addresses;
  readonly counters: Counters;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'apiByAddress' | 'apiByToken'>;
};

const root = '/api/v1';
const base = `${root}/sites/:site/backups`;
const longestName = 200;

type Asked = { readonly holder: Holder; readonly site: Site };

export function apiRoutes(parts: ApiRouteParts): Router {
  const { addresses, limits } = parts;
  const router = Router();
  const server = addresses.absolute('ko', root);
  const described = description(server);
  const byAddress = limitsByAddress(parts)('api', limits.apiByAddress);
  router.get(`${root}/openapi.json`, oneAddress, (_req, res) => void res.json(described));

  const answering = (answer: (asked: Asked, req: Request, res: Response) => Promise<void>): RequestHandler[] => [
    oneAddress,
    withRetryAfter(parts.clock, byAddress),
    async (req, res) => answer(await enter(parts, req, res), req, res),
  ];
  const found = (asked: Asked, req: Request) => backupOf(parts.backups, asked.site, String(req.params.backup));

  router.get(base, ...answering((asked, req, res) => list(parts, { asked, server }, req, res)));
  router.get(
    `${base}/:backup`,
    ...answering(async (asked, req, res) => {
      const answer: BackupAnswer = answerOf(await found(asked, req), { site: asked.site, base: server });
      res.json(answer);
    }),
  );
  router.get(
    `${base}/:backup/archive`,
    ...answering(async (asked, req, res) => {
      const { holder, site } = asked;
      const backup = await found(asked, req);
      const taken = await parts.downloads.open(site, backup, 'whole');
      const by = { id: holder.token.id, personId: holder.token.personId };
      const begin = () => parts.downloads.beginByToken(site, backup, taken, by, holder.actor);
      await parts.handingOut.send(req, res, { site, backup, taken, begin });
    }),
  );
  router.get(
    `${base}/:backup/sha256`,
    ...answering(async (asked, req, res) => {
      const { sha256, fileName } = parts.backups.downloadable(await found(asked, req));
      asAttachment(res, `${fileName}.sha256`);
      res.type('text/plain').send(`${sha256}  ${fileName}\n`);
    }),
  );
  return router;
}

/** @throws PanelError 401, 403, 404 or 429; the first of them with what RFC 6750 wants */
async function enter(parts: ApiRouteParts, req: Request, res: Response): Promise<Asked> {
  const { tokens, limits } = parts;
  res.vary('Authorization');
  const { address, agent } = req.visit;
  const header = req.get('authorization');
  const holder = await tokens.open(bearerOf(header), { address, agent }).catch((error) => {
    challenge(res, error, { realm: 'backups', isNamed: header !== undefined });
    throw error;
  });
  await countByToken(parts, { key: `api:${holder.token.id}`, limit: limits.apiByToken }, req, res);
  return { holder, site: await tokens.site(holder, String(req.params.site)) };
}

async function backupOf(backups: Backups, site: Site, name: string): Promise<Backup> {
  if (name.length > longestName) throw notFound();
  if (name === 'latest') {
    const latest = await backups.latestGood(site);
    if (!latest) throw notFound('api.refused.none');
    return latest;
  }
  if (!name.endsWith('.zip')) return backups.byId(site, name);
  const named = (await backups.held(site)).find(({ fileName }) => fileName === name);
  if (!named) throw notFound();
  return named;
}

async function list(
  { backups }: ApiRouteParts,
  { asked: { site }, server }: { asked: Asked; server: string },
  req: Request,
  res: Response,
): Promise<void> {
  const text = req.query.page ?? '1';
  if (typeof text !== 'string' || !/^[1-9]\d{0,5}$/.test(text)) throw badRequest('api.refused.page');
  const { page, pages, total, backups: some } = await backups.list(site, { page: Number(text) });
  const here = `${server}/sites/${site.name}/backups?page=`;
  if (page < pages) res.append('Link', `<${here}${page + 1}>; rel="next"`);
  if (page > 1) res.append('Link', `<${here}${page - 1}>; rel="prev"`);
  const answer: ListAnswer = {
    ...{ site: site.name, page, pages, total },
    backups: some.map((one) => answerOf(one, { site, base: server })),
  };
  res.json(answer);
}
