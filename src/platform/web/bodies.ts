// Bodies of ordinary requests: small urlencoded forms only; uploads read their own.
import express, { type RequestHandler } from 'express';
import { unsupported } from '../errors.ts';
import { isChange } from './origin.ts';

export const maximumFormBytes = 64 * 1024;

/** Parses forms. @param ownBody tells the routes that read their body themselves (multipart) */
export function bodies(ownBody: (path: string) => boolean): RequestHandler {
  const parse = express.urlencoded({ extended: false, limit: maximumFormBytes, parameterLimit: 1000 });
  return (req, res, next) => {
    if (!isChange(req.method) || ownBody(req.visit.path)) return next();
    const type = req.is(['application/x-www-form-urlencoded']);
    const empty = !req.get('transfer-encoding') && Number(req.get('content-length') ?? 0) === 0;
    if (type === false && !empty) return next(unsupported());
    parse(req, res, (error?: unknown) => {
      req.body ??= {};
      next(error);
    });
  };
}
