import { readdirSync, readFileSync } from 'node:fs';
import type { Kubectl } from '../../cluster/kubectl.ts';
import { operatorNamespace } from '../../product/install.ts';

/** Name of the pod that leads, by the operator's Lease. */
export async function leaderPod(kubectl: Kubectl): Promise<string> {
  const leases = await kubectl.list('leases', operatorNamespace);
  const holder: string = leases.map((l) => String(l.spec?.holderIdentity ?? '')).find((h) => h !== '') ?? '';
  const pods = await kubectl.list('pods', operatorNamespace);
  const pod = pods.find((p) => holder.startsWith(p.metadata.name));
  if (pod === undefined) throw new Error(`no operator pod holds the Lease (holder "${holder}")`);
  return pod.metadata.name;
}

/** Kills a pod's main process with SIGKILL where it runs on this machine; else deletes the pod without grace. */
export async function killPod(kubectl: Kubectl, pod: string, namespace: string): Promise<'SIGKILL' | 'force-deleted'> {
  const pid = localProcessOf(pod);
  if (pid === undefined) {
    await kubectl.run(['delete', 'pod', pod, '-n', namespace, '--force', '--grace-period=0']);
    return 'force-deleted';
  }
  process.kill(pid, 'SIGKILL');
  return 'SIGKILL';
}

/** The process on this machine whose host name is the pod's, which is how kubelet starts a container. */
export function localProcessOf(pod: string): number | undefined {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const environment = readFileSync(`/proc/${entry}/environ`, 'latin1').split('\0');
      if (environment.includes(`HOSTNAME=${pod}`) && environment.some((e) => e.startsWith('POD_NAME=')))
        return Number(entry);
    } catch (error) {
      // Processes end while we look, and some are not ours to read.
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'ENOENT' && code !== 'EACCES' && code !== 'ESRCH') throw error;
    }
  }
  return undefined;
}
