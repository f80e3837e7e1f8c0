// The HTTP of blocks: HTML to include on a server, JSON to build from, a script to embed. For everybody, so kept by caches and read from anywhere.
import { createHash } from 'node:crypto';
import { type Request, Router } from 'express';
import { badRequest, notFound } from '../platform/errors.ts';
import { type Language, languages } from '../platform/web/words.ts';
import { type Block, type BlockName, blockNames } from './blocks.ts';
import type { Home } from './home.ts';

/** A change is on every page within five minutes; a day longer where the panel does not answer (RFC 9111, RFC 5861). */
const keep = 'public, max-age=300, stale-if-error=86400';

const forms: Readonly<Record<string, { readonly type: string; readonly body: (block: Block) => string }>> = {
  html: { type: 'text/html; charset=utf-8', body: ({ html }) => `${html}\n` },
  json: {
    type: 'application/json; charset=utf-8',
    body: ({ script: _script, ...block }) => `${JSON.stringify(block)}\n`,
  },
  js: { type: 'text/javascript; charset=utf-8', body: ({ script }) => script },
};

/** One address for each block and form, `/blocks/officers`, `.json` and `.js`; the language is `?lang=`, since pages of others include it. */
export function blockRoutes(home: Home): Router {
  const router = Router();
  router.get('/blocks/:name', async (req, res) => {
    const [, name = '', ending = 'html'] = /^([a-z-]+)(?:\.(json|js))?$/.exec(String(req.params.name)) ?? [];
    const form = forms[ending];
    // One address each, not one a language.
    if (req.visit.language !== 'ko' || !isBlock(name) || !form) throw notFound();
    const block = await home.block(name, languageOf(req), planOf(req));
    const body = form.body(block);
    res.set({
      'Content-Type': form.type,
      'Content-Language': block.language,
      'Cache-Control': keep,
      ETag: `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`,
      // Nothing of it belongs to anybody, no cookie is read, and it stands on pages of another origin.
      'Access-Control-Allow-Origin': '*',
      'Cross-Origin-Resource-Policy': 'cross-origin',
    });
    res.send(body);
  });
  return router;
}

const isBlock = (name: string): name is BlockName => (blockNames as readonly string[]).includes(name);

function languageOf({ query }: Request): Language {
  const { lang = 'ko' } = query;
  const language = languages.find((one) => one === lang);
  if (!language) throw badRequest();
  return language;
}

function planOf({ query: { plan } }: Request): string | undefined {
  if (plan === undefined || typeof plan === 'string') return plan;
  throw badRequest();
}
