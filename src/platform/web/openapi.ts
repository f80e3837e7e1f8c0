// Parts of descriptions for programs (OpenAPI 3.1): schemas made of the shapes of answers, and problems (RFC 9457).
import { z } from 'zod';

export type Schema = Readonly<Record<string, unknown>>;

/** @returns JSON Schema 2020-12 */
export function schemaOf(shape: z.ZodType): Schema {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, { target: 'draft-2020-12' });
  return schema;
}

/** RFC 9457. */
export const problemShape = z
  .object({
    type: z.string(),
    status: z.int(),
    title: z.string(),
    detail: z.string().meta({ description: 'for people, in the language of the panel' }),
    code: z.string().meta({ description: 'for programs' }),
    instance: z.string().meta({ description: 'number of the request in the panel’s log' }),
  })
  .meta({ title: 'Problem' });

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

/** @param texts by status. @returns what may be refused */
export const problems = (texts: Readonly<Record<number, string>>) =>
  Object.fromEntries(Object.entries(texts).map(([status, text]) => [status, problem(text)]));

/** @param name of a schema of the same description */
export const json = (name: string, description: string) => ({
  description,
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
});
