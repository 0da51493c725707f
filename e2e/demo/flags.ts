import { parse, stringify } from 'yaml';
import type { Kubectl, KubeObject } from '../cluster/kubectl.ts';

/** The part of a flag that the demo and the scenarios change. */
interface EditableFlag {
  on: boolean;
  version: number;
}

/**
 * Edits the data file in a ConfigMap as a person would: switches one flag on or off and raises its version
 * (to the time in seconds: above any that an SDK has seen, also when the manifest was applied again in between).
 *
 * @throws Error when the ConfigMap or the flag is not there
 */
export async function switchFlag(
  kubectl: Kubectl,
  where: { readonly namespace: string; readonly configMap: string; readonly file: string },
  flag: string,
  on: boolean,
): Promise<void> {
  const object: KubeObject | undefined = await kubectl.get('configmap', where.configMap, where.namespace);
  const text: string | undefined = object?.data?.[where.file];
  if (text === undefined) throw new Error(`ConfigMap ${where.configMap} has no ${where.file}`);
  const data = parse(text) as { flags: Record<string, EditableFlag> };
  const edited = data.flags[flag];
  if (edited === undefined) throw new Error(`${where.file} has no flag ${flag}`);
  edited.on = on;
  edited.version = Math.max(edited.version + 1, Math.floor(Date.now() / 1000));
  const patch = JSON.stringify({ data: { [where.file]: stringify(data) } });
  await kubectl.run(['patch', 'configmap', where.configMap, '-n', where.namespace, '--type=merge', '-p', patch]);
}
