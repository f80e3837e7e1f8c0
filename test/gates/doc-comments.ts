// Which doors and ports say what they promise: every exported class and interface, and each of their public methods, by reading the source.
import { parseAst } from 'vitest/node';

type Node = { readonly type: string; readonly start: number; readonly end: number };
type Named = Node & { readonly key?: Node & { readonly name?: string; readonly value?: unknown } };
type Member = Named & {
  readonly kind?: string;
  readonly accessibility?: string | null;
  readonly value?: Node | null;
  readonly typeAnnotation?: { readonly typeAnnotation: Node } | null;
};
type Declaration = Node & {
  readonly id?: { readonly name: string };
  readonly body?: Node & { readonly body: readonly Member[] };
  readonly typeAnnotation?: Node & { readonly members?: readonly Member[] };
};

/** @returns what has no doc-comment, as `Files.makeFolder`; the class itself as `Files` */
export function undocumented(source: string): string[] {
  const { body } = parseAst(source, { lang: 'ts' }) as unknown as { body: readonly (Node & { declaration?: Declaration })[] };
  return body.flatMap((statement) => {
    const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : undefined;
    const name = declared?.id?.name;
    const members = declared && membersOf(declared);
    if (!name || !members) return [];
    const methods = members.filter(isPublicMethod);
    if (methods.length === 0 && declared.type !== 'ClassDeclaration') return [];
    const missing = methods.filter((method) => !hasDocComment(source, method.start));
    return [
      ...(hasDocComment(source, statement.start) ? [] : [name]),
      ...missing.map((method) => `${name}.${String(method.key?.name ?? method.key?.value)}`),
    ];
  });
}

function membersOf(declared: Declaration): readonly Member[] | undefined {
  if (declared.type === 'ClassDeclaration' || declared.type === 'TSInterfaceDeclaration') return declared.body?.body;
  return declared.type === 'TSTypeAliasDeclaration' ? declared.typeAnnotation?.members : undefined;
}

/** A method, or a property that is a function. What overrides is promised where it was declared; a constructor by its class. */
function isPublicMethod(member: Member): boolean {
  const { type, kind, key, accessibility, value, typeAnnotation } = member;
  if (kind === 'constructor' || key?.type === 'PrivateIdentifier' || accessibility === 'private' || accessibility === 'protected')
    return false;
  if ('override' in member && member.override) return false;
  if (type === 'MethodDefinition' || type === 'TSMethodSignature') return true;
  const isFunction = value?.type === 'ArrowFunctionExpression' || value?.type === 'FunctionExpression';
  return isFunction || typeAnnotation?.typeAnnotation.type === 'TSFunctionType';
}

/** @returns whether a doc-comment with words in it ends right before this place */
function hasDocComment(source: string, start: number): boolean {
  const before = source.slice(0, start).trimEnd();
  if (!before.endsWith('*/')) return false;
  const comment = before.slice(before.lastIndexOf('/*'));
  return comment.startsWith('/**') && /[a-zA-Z]{2}/.test(comment);
}
