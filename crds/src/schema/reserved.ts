import type { Rule } from './rules.ts';

/** Names that the operator uses in pods, which users' own parts of a pod may not have. Its tests compare the lists with what it makes. */
export const reserved = {
  containers: ['relay'],
  volumes: ['config', 'pod', 'secrets', 'data', 'tls', 'redis', 'proxy', 'autoconfig', 'offline', 'state', 'token'],
  environment: ['POD_NAME', 'POD_NAMESPACE', 'POD_UID', 'NODE_NAME', 'POD_ZONE'],
  folders: ['/etc/flagrelay', '/var/lib/flagrelay', '/var/run/secrets/kubernetes.io/serviceaccount'],
} as const;

const celList = (items: readonly string[]): string => `[${items.map((item) => `'${item}'`).join(', ')}]`;

/** Rule of a list of named things: none has a name that is taken. */
export function notReserved<F extends string>(
  field: F,
  names: readonly string[],
): Rule<{ readonly [Key in F]?: readonly { readonly name: string }[] | undefined }> {
  return {
    cel: `!has(self.${field}) || self.${field}.all(item, !(item.name in ${celList(names)}))`,
    message: `\`${field}[].name\` must not be a name that the operator uses itself: ${names.join(', ')}`,
    field,
    check: (value) => (value[field] ?? []).every(({ name }) => !names.includes(name)),
  };
}

/** True when one of the folders is the other, or is in it. */
function overlap(a: string, b: string): boolean {
  const [first, second] = [a, b].map((path) => `${path.replace(/\/+$/, '')}/`) as [string, string];
  return first.startsWith(second) || second.startsWith(first);
}

/** Rule of mounts: none hides, or is hidden by, a folder of the operator's. */
export const mountsApart: Rule<{ readonly volumeMounts?: readonly { readonly mountPath: string }[] | undefined }> = {
  cel: `!has(self.volumeMounts) || self.volumeMounts.all(m, m.mountPath != '/' && ${celList(reserved.folders)}.all(f, !(m.mountPath + '/').startsWith(f + '/') && !(f + '/').startsWith(m.mountPath.endsWith('/') ? m.mountPath : m.mountPath + '/')))`,
  message: `\`volumeMounts[].mountPath\` must be neither inside nor above a folder that the operator mounts itself: ${reserved.folders.join(', ')}`,
  field: 'volumeMounts',
  check: ({ volumeMounts = [] }) =>
    volumeMounts.every(({ mountPath }) => reserved.folders.every((folder) => !overlap(mountPath, folder))),
};
