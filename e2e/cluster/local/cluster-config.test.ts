import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditPolicy, corefile, dnsPermissions, kubeconfig, kubeProxyConfig } from './cluster-config.ts';
import { clusterLayout } from './layout.ts';

const layout = clusterLayout('/cache');

test("a kubeconfig has its user's certificate and the API server on loopback", () => {
  const config = JSON.stringify(kubeconfig(layout, 'scheduler'));
  assert.match(config, /"server":"https:\/\/127\.0\.0\.1:16443"/);
  assert.match(config, /"client-certificate":"\/cache\/cluster\/pki\/scheduler\.crt"/);
});

test('the audit log has writes, without bodies', () => {
  const { rules } = auditPolicy as { rules: { level: string; verbs?: string[] }[] };
  assert.deepEqual(rules, [{ level: 'None', verbs: ['get', 'list', 'watch'] }, { level: 'Metadata' }]);
});

test('where bridged packets miss iptables, Services are masqueraded', () => {
  const masquerade = (calls: boolean) =>
    (kubeProxyConfig(layout, calls) as { iptables: { masqueradeAll: boolean } }).iptables.masqueradeAll;
  assert.equal(masquerade(true), false);
  assert.equal(masquerade(false), true);
});

test('DNS answers for the cluster and refuses to know anything else', () => {
  const config = corefile(layout);
  assert.match(config, /^cluster\.local:53 10\.in-addr\.arpa:53 \{$/m);
  assert.match(config, /kubeconfig \/cache\/cluster\/config\/coredns\.kubeconfig/);
  assert.match(config, /rcode NXDOMAIN/);
  assert.doesNotMatch(config, /forward/);
});

test('DNS may read, and nothing else', () => {
  const { rules } = dnsPermissions[0] as { rules: { verbs: string[] }[] };
  for (const { verbs } of rules) assert.deepEqual(verbs, ['list', 'watch']);
});
