// What is agreed to with an order, item by item, and the document behind each.
import type { DocumentName } from '../consent/consent.ts';
import type { Plan } from './plans.ts';

export const requiredItems = ['age_14', 'agree_terms', 'agree_backup', 'agree_sla'] as const;
export const optionalItems = ['marketing_use', 'ads_email', 'ads_sms', 'ads_night'] as const;
export type ItemName = (typeof requiredItems)[number] | (typeof optionalItems)[number];

/** @returns the document an item is about, in the variant that fits the plan (KHADA 8.1); undefined where there is none */
export function documentOf(item: ItemName, variant: Plan['backupVariant']): DocumentName | undefined {
  if (item === 'age_14') return undefined;
  if (item === 'agree_terms') return 'terms';
  if (item === 'agree_backup') return variant === 'separate' ? 'backup-service' : 'backup';
  return item === 'agree_sla' ? 'sla' : 'privacy';
}
