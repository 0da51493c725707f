import type { RelayProxySpecManifest } from '@flagrelay/crds';
import type { Conversion } from './convert.ts';
import { isProxyVariable } from './variable-options.ts';

type Env = NonNullable<NonNullable<RelayProxySpecManifest['podTemplate']>['env']>;

/** `HTTPS_PROXY` and the like, as variables of the pods; an address with credentials in it comes from a Secret. */
export function proxyVariablesOf({
  variables,
  secrets,
  report,
}: Conversion): Pick<RelayProxySpecManifest, 'podTemplate'> {
  const env = [...variables].flatMap(([name, variable]): Env => {
    if (!isProxyVariable(name) || variable.value === '') return [];
    const { value } = variable;
    if (value !== undefined && !value.includes('@')) return [{ name, value }];
    const held = 'ref' in variable ? variable.ref : undefined;
    const ref = held ?? (value === undefined ? undefined : secrets.put(name.toLowerCase().replace('_', '-'), value));
    if (ref !== undefined) return [{ name, valueFrom: { secretKeyRef: { ...ref } } }];
    report.note('todo', name, 'its value was not read; set `spec.podTemplate.env` by hand');
    return [];
  });
  return env.length === 0 ? {} : { podTemplate: { env } };
}
