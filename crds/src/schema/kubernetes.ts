import * as z from 'zod';
import { LOG_LEVELS } from '../severities.ts';
import { withRules } from './rules.ts';

/** Numbers, lists and maps as Kubernetes writes them, each with the bounds that keep CEL rules cheap. */

/** A 32-bit integer between `min` and `max`, both included. */
export function int32(min: number, max: number): z.ZodInt {
  return z.int().min(min).max(max).meta({ format: 'int32' });
}

/** A 32-bit count that only the cluster writes. */
export const count = z.int().min(0).max(2_147_483_647).meta({ format: 'int32' });

/** A 64-bit integer that only the cluster writes. */
export const int64 = z.int().min(0).meta({ format: 'int64' });

/** An RFC 3339 time. */
export const time = z.string().meta({ format: 'date-time' });

/** Name of a Kubernetes object. */
export const objectName = z.string().min(1).max(253);

/** A list of objects that are told apart by their `name`. */
export function namedList<S extends z.ZodType<{ name: string }>>(item: S, max: number): z.ZodArray<S> {
  return z
    .array(item)
    .max(max)
    .superRefine((items, context) => {
      const seen = new Set<string>();
      for (const [index, { name }] of items.entries()) {
        if (seen.has(name)) context.addIssue({ code: 'custom', message: `Duplicate value: '${name}'`, path: [index] });
        seen.add(name);
      }
    })
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] });
}

/** A list of different strings. */
export function stringSet(item: z.ZodString, max: number): z.ZodArray<z.ZodString> {
  return z
    .array(item)
    .max(max)
    .superRefine((items, context) => {
      for (const [index, value] of items.entries()) {
        if (items.indexOf(value) === index) continue;
        context.addIssue({ code: 'custom', message: `Duplicate value: '${value}'`, path: [index] });
      }
    })
    .meta({ 'x-kubernetes-list-type': 'set' });
}

/** A list that is replaced as a whole. */
export function atomicList<S extends z.ZodType>(item: S, max: number): z.ZodArray<S> {
  return z.array(item).max(max).meta({ 'x-kubernetes-list-type': 'atomic' });
}

/** Labels, or anything that looks like them. */
export function stringMap(maxEntries: number, maxValueLength: number) {
  return z
    .record(z.string(), z.string().max(maxValueLength))
    .refine((map) => Object.keys(map).length <= maxEntries, `must have at most ${maxEntries} items`)
    .meta({ maxProperties: maxEntries });
}

/** A part of another Kubernetes type that is handed on as it is; the API server of the child object checks it. */
export const passedOn = z.looseObject({}).meta({ 'x-kubernetes-preserve-unknown-fields': true });

const keyName = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[-._a-zA-Z0-9]+$/);

/** A key of a Secret. */
export function secretKeyRef(description: string) {
  return z
    .object({
      name: objectName.describe('Name of a Secret in the same namespace.'),
      key: keyName.describe('Key inside that Secret.'),
    })
    .meta({ 'x-kubernetes-map-type': 'atomic', description });
}

/** A key of a ConfigMap. */
export function configMapKeyRef(description: string) {
  return z
    .object({
      name: objectName.describe('Name of a ConfigMap in the same namespace.'),
      key: keyName.describe('Key inside that ConfigMap.'),
    })
    .meta({ 'x-kubernetes-map-type': 'atomic', description });
}

/** A whole object of the same namespace. */
export function objectRef(kind: string, description: string) {
  return z
    .object({ name: objectName.describe(`Name of a ${kind} in the same namespace.`) })
    .meta({ 'x-kubernetes-map-type': 'atomic', description });
}

/** A number of pods, or a share of them. */
export function intOrPercent(description: string) {
  return withRules(z.union([z.int(), z.string()]), {
    cel: "type(self) == int ? self >= 0 : self.matches('^(100|[1-9]?[0-9])%$')",
    message: 'must be a non-negative integer or a percentage from 0% to 100%',
    check: (value) => (typeof value === 'number' ? value >= 0 : /^(100|[1-9]?[0-9])%$/.test(value)),
  }).meta({ 'x-kubernetes-int-or-string': true, description });
}

const quantityPattern =
  /^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$/;

/** A resource quantity such as `100m`, `512Mi` or `2`. */
export const quantity = z
  .union([z.int(), z.string()])
  .refine((value) => quantityPattern.test(String(value)), `should match '${quantityPattern.source}'`)
  .meta({ 'x-kubernetes-int-or-string': true, pattern: quantityPattern.source });

/** An absolute http or https URL. */
export function httpUrl(description: string) {
  return withRules(z.string().max(2048), {
    cel: "isURL(self) && url(self).getScheme() in ['http','https']",
    message: 'must be an absolute http or https URL',
    check: (value) => /^https?:\/\/[^/?#\s]/.test(value) && URL.canParse(value),
  }).describe(description);
}

/** Log level of the relay. */
export const logLevel = z.enum(LOG_LEVELS);
