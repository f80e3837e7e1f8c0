// The figures of each version of the document `sla`, which the credit is computed with: views/documents/sla-rules.json.
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const amount = z.int().min(0);

const ruleSchema = z.strictObject({
  /** the first version of `sla` it is for */
  from: z.iso.date(),
  /** an outage without a break is worth money from here on */
  leastMinutes: amount,
  /** so many times the fee of the time */
  times: amount,
  /** of one month, at most so many monthly fees */
  mostMonthlyFees: z.number().positive(),
  /** of the same cause again within so many minutes is the same outage (section 3) */
  joinedMinutes: amount,
  /** announced so many days before, maintenance is no outage … (section 6) */
  maintenanceNoticeDays: amount,
  /** … for so many minutes a month */
  maintenanceMinutesPerMonth: amount,
});

export type SlaRule = z.infer<typeof ruleSchema>;

/** @returns what a version of the document `sla` goes by. @throws Error for a version older than every rule */
export type RuleOf = (slaVersion: string) => SlaRule;

/**
 * Read once, at the start of the panel.
 * @throws Error naming the file when it cannot be read or is not as it must be
 */
export function readRules(file: string): RuleOf {
  const read = z.strictObject({ what: z.string(), rules: z.array(ruleSchema).min(1) }).safeParse(parsed(file));
  if (!read.success) throw new Error(`${file}: ${z.prettifyError(read.error)}`);
  const rules = read.data.rules.toSorted((a, b) => (a.from < b.from ? 1 : -1));
  return (slaVersion) => {
    const found = rules.find(({ from }) => from <= slaVersion);
    if (!found) throw new Error(`${file}: no rule for the version ${slaVersion} of the document sla`);
    return found;
  };
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`${file}: cannot be read`, { cause });
  }
}
