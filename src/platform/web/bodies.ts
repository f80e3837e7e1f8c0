// Bodies of ordinary requests: small urlencoded forms only; uploads read their own.
import express, { type RequestHandler } from 'express';
import { unsupported } from '../errors.ts';
import { isChange } from './origin.ts';

export const maximumFormBytes = 64 * 1024;

/** A text of 1 MiB as a form sends it: three signs a byte. */
const longFormBytes = 4 * 1024 * 1024;

/**
 * Parses forms.
 * @param ownBody tells the routes that read their body themselves (multipart)
 * @param longText tells the routes that take a long text, from whoever is signed in: what others send is kept for them, and must be small
 */
export function bodies(ownBody: (path: string) => boolean, longText: (path: string) => boolean = () => false): RequestHandler {
  const parser = (limit: number) => express.urlencoded({ extended: false, limit, parameterLimit: 1000 });
  const [short, long] = [parser(maximumFormBytes), parser(longFormBytes)];
  return (req, res, next) => {
    if (!isChange(req.method) || ownBody(req.visit.path)) return next();
    const type = req.is(['application/x-www-form-urlencoded']);
    const empty = !req.get('transfer-encoding') && Number(req.get('content-length') ?? 0) === 0;
    if (type === false && !empty) return next(unsupported());
    const parse = req.visit.person && longText(req.visit.path) ? long : short;
    parse(req, res, (error?: unknown) => {
      req.body ??= {};
      next(error);
    });
  };
}
