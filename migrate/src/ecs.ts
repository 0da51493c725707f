import { isObject } from './part.ts';
import type { Variable } from './variables.ts';

/** Containers of an ECS task definition: as it is registered, as it is described, or the list of container definitions alone. */
export function ecsContainers(object: unknown): Record<string, unknown>[] {
  if (Array.isArray(object)) {
    return object.every((item) => isObject(item) && 'image' in item && ('environment' in item || 'secrets' in item))
      ? object
      : [];
  }
  if (!isObject(object)) return [];
  const { containerDefinitions, taskDefinition } = object;
  if (Array.isArray(containerDefinitions)) return containerDefinitions.filter(isObject);
  return isObject(taskDefinition) ? ecsContainers(taskDefinition) : [];
}

/** Variables of one of them. ECS replaces nothing in them, so what looks like a reference is of a template that was not filled in: `environment`, and `secrets`, whose values are in Secrets Manager or the Parameter Store. */
export function ecsVariables(
  container: Record<string, unknown>,
  origin: string,
  missing: (subject: string, text: string) => void,
): Map<string, Variable> {
  const result = new Map<string, Variable>();
  for (const file of listOf(container.environmentFiles)) {
    missing(
      `${origin}, environmentFiles ${String(file.value)}`,
      'which variables are in it is not known: fetch it and give it too, by --env',
    );
  }
  for (const { name, value } of listOf(container.environment)) {
    if (typeof name === 'string') result.set(name, { value: String(value ?? ''), origin });
  }
  for (const { name, valueFrom } of listOf(container.secrets)) {
    if (typeof name === 'string') result.set(name, { source: String(valueFrom), origin });
  }
  return result;
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
