import { join } from 'node:path';
import { configFiles } from '../cluster/local/cluster-config.ts';
import { apiServer, type Component, controllerManager, etcd, scheduler } from '../cluster/local/components.ts';
import type { Layout } from '../cluster/local/layout.ts';

/** Requests a second that each controller and the scheduler may make: by default 20 and 50, which alone would take minutes for 3,000 pods. */
const UNTHROTTLED = ['--kube-api-qps=2000', '--kube-api-burst=4000'];

/** The stages that kwok is configured with. */
export function kwokConfig(layout: Layout): string {
  return join(layout.config, 'kwok.yaml');
}

/** What runs, in the order in which it starts. Only the API server and etcd listen, on loopback. */
export function controlPlaneComponents(layout: Layout, apiServerArgs: readonly string[] = []): Component[] {
  return [
    etcd(layout),
    extend(apiServer(layout), ['--bind-address=127.0.0.1', ...apiServerArgs]),
    extend(controllerManager(layout), [
      '--secure-port=0',
      ...UNTHROTTLED,
      '--concurrent-deployment-syncs=20',
      '--concurrent-replicaset-syncs=20',
      '--concurrent-gc-syncs=20',
    ]),
    extend(scheduler(layout), ['--secure-port=0', ...UNTHROTTLED]),
    {
      name: 'kwok',
      program: 'kwok',
      args: [
        `--kubeconfig=${configFiles(layout).kubeconfig('kwok')}`,
        `--config=${kwokConfig(layout)}`,
        '--manage-all-nodes=true',
        '--node-lease-duration-seconds=40',
        '--node-ip=10.0.0.1',
        '--cidr=10.0.0.1/16',
        '--server-address=',
        '--v=WARN',
      ],
    },
  ];
}

function extend(component: Component, args: readonly string[]): Component {
  return { ...component, args: [...component.args, ...args] };
}
