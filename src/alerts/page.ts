// What the page of a customer's alerts shows: the letters, the webhook, and what was sent there.
import type { Request } from 'express';
import { hour } from '../platform/clock.ts';
import type { PageData } from '../platform/web/page.ts';
import { signedIn } from '../platform/web/visit.ts';
import { type Alerts, type Delivery, overdueAfter, reminderDays } from './alerts.ts';

const tones = { waiting: 'info', delivered: 'ok', failed: 'bad' } as const;

export async function alertsPage(req: Request, alerts: Alerts): Promise<PageData> {
  const { words } = req.visit;
  const { choices, webhook, deliveries } = await alerts.page(signedIn(req).customerId);
  return {
    title: words.t('alerts.title'),
    section: 'account',
    ...{ choices, webhook, days: reminderDays, hours: overdueAfter.overdue / hour },
    deliveries: deliveries.map((one) => ({ ...one, tag: tagOf(req, one), what: outcomeOf(req, one) })),
  };
}

function tagOf({ visit }: Request, { state }: Delivery) {
  const icon = state === 'waiting' && { icon: 'clock' };
  return { state: tones[state], text: visit.words.t(`alerts.delivery.${state}`), ...icon };
}

function outcomeOf({ visit }: Request, { status, fault, attempts }: Delivery): string {
  const { t, number } = visit.words;
  const answer = status === null ? fault && t(`alerts.fault.${fault}`) : t('alerts.delivery.status', { status });
  return answer === null || answer === '' ? '' : t('alerts.delivery.tried', { count: number(attempts), answer });
}
