// The doors by which customers and their programs hear of backups: part of the composition root.
import { Alerts, type AlertsParts } from './alerts/alerts.ts';
import { Tokens, type TokensParts } from './api/api.ts';

/** @returns what tells customers, and what their programs ask by */
export function telling(parts: AlertsParts & TokensParts): { readonly alerts: Alerts; readonly tokens: Tokens } {
  return { alerts: new Alerts(parts), tokens: new Tokens(parts) };
}
