import { isForbidden, isNotFound } from '@flagrelay/kube/api-error';
import { apiVersionOf } from '../../runtime/objects.ts';
import type { ChildKind } from './children.ts';

/** The spec asks for a child of a kind that the cluster does not have. Nothing is wrong for good: the kind may come. */
export class KindNotInstalledError extends Error {
  override readonly name = 'KindNotInstalledError';

  constructor({ type, optional }: ChildKind) {
    super(
      `\`${optional?.askedBy}\` asks for a ${type.kind}, a kind that this cluster does not have (${apiVersionOf(type)}): install it, or remove the field`,
    );
  }
}

/** The spec asks for a child of a kind that whoever installed the operator switched off. */
export class KindDisabledError extends Error {
  override readonly name = 'KindDisabledError';

  constructor({ type, optional }: ChildKind) {
    super(
      `\`${optional?.askedBy}\` asks for a ${type.kind}, a kind that is switched off for this operator (value features.${optional?.feature} of its chart): remove the field, or ask whoever runs the operator`,
    );
  }
}

/**
 * True when the API server does not know the kind of an object, or is removing it: for a path that it does not serve it
 * answers 404 without a Status, where an object or a namespace is not found it names that.
 */
export function isUnknownKind(error: unknown): boolean {
  if (isForbidden(error)) return error.message.includes('while custom resource definition is terminating');
  const words = 'could not find the requested resource';
  return isNotFound(error) && (error.reason === 'Unknown' || error.message.includes(words));
}
