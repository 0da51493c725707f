import { type DemoResult, demoNamespace } from './run.ts';

/** Prints what the demo saw, and how to go on by hand. */
export function narrate(result: DemoResult): void {
  const kubectl = `KUBECONFIG=${result.kubeconfig} ${result.kubectlProgram}`;
  const alice = Buffer.from('{"kind":"user","key":"alice"}').toString('base64url');
  const lines = [
    '',
    `RelayProxies "upstream" and "demo" were Ready ${result.readySeconds.toFixed(1)} s after kubectl apply.`,
    '',
    'Pods by zone:',
    ...result.pods.map((pod) => `  ${pod.zone.padEnd(10)} ${pod.node.padEnd(12)} ${pod.name}`),
    '',
    'A LaunchDarkly SDK in a pod, streaming from http://demo:8030, evaluated for alice:',
    ...Object.entries(result.flags).map(([key, value]) => `  ${key.padEnd(16)} ${JSON.stringify(value)}`),
    '',
    `The live change: "${result.change.flag}" was edited in ConfigMap demo-flags; the SDK saw ${JSON.stringify(result.change.value)} after ${result.change.seconds.toFixed(1)} s.`,
    '',
    'kubectl get relayproxies -o wide:',
    ...result.table
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
    '',
    'Go on by hand:',
    `  ${kubectl} get relayproxies -n ${demoNamespace} --watch`,
    `  ${kubectl} explain relayproxy.spec`,
    `  ${kubectl} edit configmap demo-flags -n ${demoNamespace}`,
    `  ${kubectl} port-forward -n ${demoNamespace} service/demo 8030:8030`,
    `  curl -s -H 'Authorization: sdk-00000000-0000-4000-8000-00000000demo' http://localhost:8030/sdk/evalx/contexts/${alice}`,
    '',
    'Take it away with: make demo-down',
  ];
  console.log(lines.join('\n'));
}
