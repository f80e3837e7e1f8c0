// Light or dark: the system's choice, or the visitor's, kept in a cookie and printed by the server, so that it works without scripts.
import type { Request } from 'express';
import type { Addresses } from './addresses.ts';
import { cookieFor, cookieOf } from './cookies.ts';

/** `system` is what the browser asks for, and no cookie. */
export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

/** @returns what stands in `<html data-theme>`: empty when the system decides */
export function themeOf(req: Request, addresses: Addresses): '' | 'light' | 'dark' {
  const value = cookieOf(req, cookieFor(addresses, 'theme').name);
  return value === 'light' || value === 'dark' ? value : '';
}
